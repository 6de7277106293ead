import COpenSSL
import Reconciliation
import RolloutCore

/// How far a look at an edge came: the first word of the text of an `.unreachable`.
enum ProbeStage: String {
  case resolve, connect, handshake, certificate
}

extension EdgeLook.Result {
  init(failing stage: ProbeStage, _ failure: StepFailure) {
    self = .unreachable("\(stage.rawValue): \(failure.text)")
  }

  /// What an edge showed in a handshake.
  init(
    judging leaf: OpaquePointer?, others: OpaquePointer?, for domain: DomainName,
    roots: TrustRootsCache, caFile: String?, now: Instant
  ) {
    guard let leaf else {
      self.init(failing: .certificate, StepFailure("the edge showed none"))
      return
    }
    do throws(StepFailure) {
      let facts = try LeafFacts(of: leaf)
      self = .served(
        ServedLeaf(
          sha256: facts.sha256, serial: facts.serial, notAfter: facts.notAfter,
          coversDomain: covers(leaf, domain),
          chain: verdict(leaf, facts, others: others, roots: roots, caFile: caFile, now: now)))
    } catch {
      self.init(failing: .certificate, error)
    }
  }
}

/// Looks at the alternative names alone, as browsers do.
private func covers(_ leaf: OpaquePointer, _ domain: DomainName) -> Bool {
  defer { ERR_clear_error() }
  let flags = X509_CHECK_FLAG_NEVER_CHECK_SUBJECT | X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS
  return X509_check_host(leaf, domain.text, domain.text.utf8.count, UInt32(flags), nil) == 1
}

/// Without roots a served leaf is still worth knowing, and its chain untrusted.
private func verdict(
  _ leaf: OpaquePointer, _ facts: LeafFacts, others: OpaquePointer?, roots: TrustRootsCache,
  caFile: String?, now: Instant
) -> ChainVerdict {
  do throws(StepFailure) {
    let roots = try roots.roots(caFile: caFile)
    return ChainVerdict(judging: leaf, facts, others: others, roots: roots, now: now)
  } catch {
    return .untrusted(error.text)
  }
}
