import COpenSSL
import Reconciliation
import RolloutCore

/// The step at which a probe of an edge failed: the first word of the text of an `.unreachable`.
enum ProbeStage: String {
  case resolve, connect, handshake, certificate
}

extension EdgeLook.Result {
  init(failing stage: ProbeStage, _ failure: EdgeProbeError) {
    self = .unreachable("\(stage.rawValue): \(failure.text)")
  }

  /// The result for the leaf that an edge showed in a handshake.
  init(
    served shown: ShownCertificates, for domain: DomainName, roots: TrustRootsCache,
    caFile: String?, now: Instant
  ) {
    guard let leaf = shown.leaf else {
      self.init(failing: .certificate, EdgeProbeError("the edge showed none"))
      return
    }
    do throws(EdgeProbeError) {
      let facts = try LeafFacts(of: leaf)
      self = .served(
        ServedLeaf(
          sha256: facts.sha256, serial: facts.serial, notAfter: facts.notAfter,
          coversDomain: covers(leaf, domain),
          chain: verdict(leaf, facts, others: shown.all, roots: roots, caFile: caFile, now: now),
          details: LeafDetails(
            subject: LeafFacts.text(of: X509_get_subject_name(leaf)),
            issuer: LeafFacts.text(of: X509_get_issuer_name(leaf)),
            tlsVersion: shown.tlsVersion)))
    } catch {
      self.init(failing: .certificate, error)
    }
  }
}

/// Compares the domain with the alternative names only, as browsers do.
private func covers(_ leaf: OpaquePointer, _ domain: DomainName) -> Bool {
  defer { ERR_clear_error() }
  let flags = X509_CHECK_FLAG_NEVER_CHECK_SUBJECT | X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS
  return X509_check_host(leaf, domain.text, domain.text.utf8.count, UInt32(flags), nil) == 1
}

/// Without roots the served leaf is still reported, with an untrusted chain.
private func verdict(
  _ leaf: OpaquePointer, _ facts: LeafFacts, others: OpaquePointer?, roots: TrustRootsCache,
  caFile: String?, now: Instant
) -> ChainVerdict {
  do throws(EdgeProbeError) {
    let roots = try roots.roots(caFile: caFile)
    return ChainVerdict(verifying: leaf, facts, others: others, roots: roots, now: now)
  } catch {
    return .untrusted(error.text)
  }
}
