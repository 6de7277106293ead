import COpenSSL
import RolloutCore

extension ChainVerdict {
  /// Verifies that the leaf leads to a root through the certificates that came with it, for use by a
  /// TLS server, at the time `now`.
  ///
  /// Key sizes are not verified here: `CandidateChecks` compares the key algorithm with those that
  /// CloudFront serves. A leaf that is not valid now is not trusted; the reason then says that its
  /// chain is.
  init(
    verifying leaf: OpaquePointer, _ facts: LeafFacts, others: OpaquePointer?, roots: TrustRoots,
    now: Instant
  ) {
    defer { ERR_clear_error() }
    if X509_self_signed(leaf, 1) == 1 {
      self = .selfSigned
      return
    }
    if let fault = chainFault(of: leaf, others: others, roots: roots, now: now) {
      self = .untrusted(fault)
    } else if now < facts.notBefore {
      self = .untrusted(
        "certificate is not yet valid: it begins \(facts.notBefore.rfc3339); "
          + "its chain is trusted")
    } else if now >= facts.notAfter {
      self = .untrusted(
        "certificate has expired: it ended \(facts.notAfter.rfc3339); its chain is trusted")
    } else {
      self = .trusted
    }
  }
}

/// The maximum number of intermediates between a leaf and its root. Real chains have one or two.
private let maximumDepth: Int32 = 10

/// OpenSSL's reason why the chain is not trusted, or nil. The leaf's own validity is ignored.
private func chainFault(
  of leaf: OpaquePointer, others: OpaquePointer?, roots: TrustRoots, now: Instant
) -> String? {
  guard let context = X509_STORE_CTX_new() else { return EdgeProbeError.openSSL().text }
  defer { X509_STORE_CTX_free(context) }
  return withExtendedLifetime(roots) {
    guard X509_STORE_CTX_init(context, roots.store, leaf, others) == 1,
      X509_STORE_CTX_set_purpose(context, X509_PURPOSE_SSL_SERVER) == 1
    else { return EdgeProbeError.openSSL().text }
    let parameters = X509_STORE_CTX_get0_param(context)
    X509_VERIFY_PARAM_set_time(parameters, now.unixSeconds)
    X509_VERIFY_PARAM_set_depth(parameters, maximumDepth)
    X509_STORE_CTX_set_verify_cb(context) { passed, context in
      passed == 1 || isLeafValidity(context) ? 1 : 0
    }
    return X509_verify_cert(context) == 1 ? nil : fault(in: context)
  }
}

private func isLeafValidity(_ context: OpaquePointer?) -> Bool {
  guard X509_STORE_CTX_get_error_depth(context) == 0 else { return false }
  let code = X509_STORE_CTX_get_error(context)
  return code == X509_V_ERR_CERT_HAS_EXPIRED || code == X509_V_ERR_CERT_NOT_YET_VALID
}

/// For example `unable to get local issuer certificate (at /CN=R3)`.
private func fault(in context: OpaquePointer) -> String {
  let code = Int(X509_STORE_CTX_get_error(context))
  let reason =
    X509_verify_cert_error_string(code).map { String(cString: $0) } ?? "error \(code)"
  guard let certificate = X509_STORE_CTX_get_current_cert(context) else { return reason }
  // Escapes everything but printable ASCII, and truncates.
  var buffer = [CChar](repeating: 0, count: 200)
  guard
    X509_NAME_oneline(
      X509_get_subject_name(certificate), &buffer, Int32(clamping: buffer.count)) != nil
  else { return reason }
  let subject = String(
    decoding: buffer.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
  return "\(reason) (at \(subject))"
}

extension Instant {
  /// Whole seconds since 1970, rounded down.
  fileprivate var unixSeconds: Int {
    let (seconds, remainder) = milliseconds.quotientAndRemainder(dividingBy: 1000)
    return Int(remainder < 0 ? seconds - 1 : seconds)
  }
}
