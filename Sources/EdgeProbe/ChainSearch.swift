import COpenSSL
import RolloutCore

/// Looks for a trusted chain from a leaf to a root.
///
/// OpenSSL builds one chain and does not go back: of two versions of an intermediate it uses the first.
/// So when its chain is not trusted, every other path through the intermediates is verified as well.
struct ChainSearch {
  private let leaf: OpaquePointer
  private let others: OpaquePointer?
  private let roots: TrustRoots
  private let now: Instant
  /// The intermediates, each once.
  private let intermediates: [OpaquePointer]
  private var remainingSteps = ChainSearch.maximumSteps
  private var remainingVerifications = ChainSearch.maximumVerifications

  /// The maximum number of intermediates between a leaf and its root. Real chains have one or two.
  private static let maximumDepth: Int32 = 10
  /// The comparisons of an issuer's name with a subject.
  private static let maximumSteps = 2000
  private static let maximumVerifications = 40

  /// - Parameter others: a `STACK_OF(X509)` of what came with the leaf, in any order.
  init(leaf: OpaquePointer, others: OpaquePointer?, roots: TrustRoots, now: Instant) {
    self.leaf = leaf
    self.others = others
    self.roots = roots
    self.now = now
    var intermediates: [OpaquePointer] = []
    for index in 0..<(others.map { cossl_count_certificates($0) } ?? 0) {
      guard let other = cossl_certificate_at(others, index), X509_self_signed(other, 0) == 0,
        !([leaf] + intermediates).contains(where: { X509_cmp($0, other) == 0 })
      else { continue }
      intermediates.append(other)
    }
    self.intermediates = intermediates
  }

  /// OpenSSL's reason why no chain is trusted, or nil. The leaf's own validity is ignored.
  mutating func fault() -> String? {
    withExtendedLifetime(roots) {
      guard let context = Verification(leaf, others, roots, now) else {
        return EdgeProbeError.openSSL().text
      }
      guard let fault = context.fault() else { return nil }
      return isTrusted(through: []) ? nil : fault
    }
  }

  /// Whether a path that begins with these intermediates is trusted.
  private mutating func isTrusted(through path: [OpaquePointer]) -> Bool {
    let last = path.last ?? leaf
    if verifies(path, endingWith: last) { return true }
    guard path.count < ChainSearch.maximumDepth else { return false }
    for next in intermediates where !path.contains(next) {
      guard remainingSteps > 0 else { return false }
      remainingSteps -= 1
      if X509_check_issued(next, last) == X509_V_OK, isTrusted(through: path + [next]) {
        return true
      }
    }
    return false
  }

  /// Whether exactly these intermediates and a root make a trusted chain.
  private mutating func verifies(_ path: [OpaquePointer], endingWith last: OpaquePointer) -> Bool {
    guard remainingVerifications > 0, let stack = cossl_new_certificates() else { return false }
    // It does not own the certificates.
    defer { cossl_free_certificate_list(stack) }
    guard path.allSatisfy({ cossl_push_certificate(stack, $0) > 0 }),
      let context = Verification(leaf, stack, roots, now, isExact: true),
      context.hasRoot(issuing: last)
    else { return false }
    remainingVerifications -= 1
    return context.fault() == nil
  }

  /// One verification by OpenSSL.
  private final class Verification {
    private let context: OpaquePointer

    /// - Parameter isExact: uses all the given intermediates before it looks for a root.
    init?(
      _ leaf: OpaquePointer, _ others: OpaquePointer?, _ roots: TrustRoots, _ now: Instant,
      isExact: Bool = false
    ) {
      guard let context = X509_STORE_CTX_new() else { return nil }
      self.context = context
      guard X509_STORE_CTX_init(context, roots.store, leaf, others) == 1,
        X509_STORE_CTX_set_purpose(context, X509_PURPOSE_SSL_SERVER) == 1
      else { return nil }
      let parameters = X509_STORE_CTX_get0_param(context)
      X509_VERIFY_PARAM_set_time(parameters, now.unixSeconds)
      X509_VERIFY_PARAM_set_depth(parameters, ChainSearch.maximumDepth)
      // 112 bits: no MD5, no SHA-1, no RSA keys of less than 2,048 bits, as browsers and CloudFront.
      // OpenSSL does not check the signature of the root.
      X509_VERIFY_PARAM_set_auth_level(parameters, 2)
      if isExact {
        X509_VERIFY_PARAM_clear_flags(parameters, UInt(X509_V_FLAG_TRUSTED_FIRST))
      }
      X509_STORE_CTX_set_verify_cb(context) { passed, context in
        passed == 1 || isOfLeafAlone(context) ? 1 : 0
      }
    }

    deinit { X509_STORE_CTX_free(context) }

    /// Whether there is a root with the name of the certificate's issuer.
    func hasRoot(issuing certificate: OpaquePointer) -> Bool {
      var issuer: OpaquePointer?
      defer { X509_free(issuer) }
      return X509_STORE_CTX_get1_issuer(&issuer, context, certificate) == 1
    }

    /// For example `unable to get local issuer certificate (at /CN=R3)`.
    func fault() -> String? {
      if X509_verify_cert(context) == 1 { return nil }
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
  }
}

/// What says nothing about the chain: the leaf's validity, which is reported separately, and its key,
/// which `CandidateChecks` compares with those that CloudFront serves.
private func isOfLeafAlone(_ context: OpaquePointer?) -> Bool {
  guard X509_STORE_CTX_get_error_depth(context) == 0 else { return false }
  let code = X509_STORE_CTX_get_error(context)
  return code == X509_V_ERR_CERT_HAS_EXPIRED || code == X509_V_ERR_CERT_NOT_YET_VALID
    || code == X509_V_ERR_EE_KEY_TOO_SMALL
}

extension Instant {
  /// Whole seconds since 1970, rounded down.
  fileprivate var unixSeconds: Int {
    let (seconds, remainder) = milliseconds.quotientAndRemainder(dividingBy: 1000)
    return Int(remainder < 0 ? seconds - 1 : seconds)
  }
}
