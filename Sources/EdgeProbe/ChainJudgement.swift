import COpenSSL
import RolloutCore

extension ChainVerdict {
  /// Judges whether the leaf leads to a root by the other certificates that came with it, for
  /// use by a TLS server, as of `now`.
  ///
  /// Key sizes are not judged: what CloudFront serves is its own business and checked by name
  /// elsewhere. Nor is the leaf's own validity part of the chain, but a leaf that is not valid
  /// now is not trusted either; the reason then says that nothing else is wrong.
  init(
    judging leaf: OpaquePointer, _ facts: LeafFacts, others: OpaquePointer?, roots: TrustRoots,
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

/// Intermediates between a leaf and its root. Real chains have one or two.
private let maximumDepth: Int32 = 10

/// OpenSSL's reason against the chain, the leaf's own validity left aside; nil for none.
private func chainFault(
  of leaf: OpaquePointer, others: OpaquePointer?, roots: TrustRoots, now: Instant
) -> String? {
  guard let context = X509_STORE_CTX_new() else { return StepFailure.openSSL().text }
  defer { X509_STORE_CTX_free(context) }
  return withExtendedLifetime(roots) {
    guard X509_STORE_CTX_init(context, roots.store, leaf, others) == 1,
      X509_STORE_CTX_set_purpose(context, X509_PURPOSE_SSL_SERVER) == 1
    else { return StepFailure.openSSL().text }
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

/// `unable to get local issuer certificate (of CN = R3)`.
private func fault(in context: OpaquePointer) -> String {
  let code = Int(X509_STORE_CTX_get_error(context))
  let reason =
    X509_verify_cert_error_string(code).map { String(cString: $0) } ?? "error \(code)"
  guard let certificate = X509_STORE_CTX_get_current_cert(context) else { return reason }
  // Escapes all but printable ASCII, and cuts what does not fit.
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
    let (seconds, rest) = milliseconds.quotientAndRemainder(dividingBy: 1000)
    return Int(rest < 0 ? seconds - 1 : seconds)
  }
}
