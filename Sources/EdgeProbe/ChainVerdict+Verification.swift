import COpenSSL
import RolloutCore

extension ChainVerdict {
  /// Verifies that the leaf leads to a root through the certificates that came with it, for use by a
  /// TLS server, at the time `now`.
  ///
  /// The size of the leaf's key is not verified here: `CandidateChecks` compares the key algorithm with
  /// those that CloudFront serves. A leaf that is not valid now is not trusted; the reason then says
  /// that its chain is.
  init(
    verifying leaf: OpaquePointer, _ facts: LeafFacts, others: OpaquePointer?, roots: TrustRoots,
    now: Instant
  ) {
    defer { ERR_clear_error() }
    if X509_self_signed(leaf, 1) == 1 {
      self = .selfSigned
      return
    }
    var search = ChainSearch(leaf: leaf, others: others, roots: roots, now: now)
    if let fault = search.fault() {
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
