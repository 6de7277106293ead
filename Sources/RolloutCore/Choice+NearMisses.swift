extension Chooser {
  /// Whether near misses can be told: where tags select, only what was looked at for another
  /// reason. Nothing is asked for their sake.
  package var seesNearMisses: Bool {
    mapping.selector.tags.isEmpty || facts.tags?.value != nil
  }

  /// Certificates that would replace the baseline were it not for one check that a person may
  /// want to know of: newer, selected, covering, and refused for another reason.
  package func nearMisses() -> [CandidateVerdict] {
    guard case .certificate(let attached) = known(baseline) else { return [] }
    let unusable = unusable(.certificate(attached)) != nil
    let checks = checks(urgency)
    let quiet: Set<Check> = [.nameNotCovered, .managedByCloudFront, .soaking]
    return candidates.filter { unusable || $0.isNewer(than: attached) || $0.isUndated }
      .map { checks.verdict(on: $0) }
      .filter { verdict in
        verdict.reason != nil && quiet.allSatisfy { !verdict.failed($0) }
          && isMeant(verdict.certificate) && verdict.certificate.covers(mapping.domain)
      }
      .sorted { Certificate.isPreferred($0.certificate, to: $1.certificate) }
  }

  /// Whether the operator's own words select it. A type or key that only a default leaves out
  /// is one that a person may have ordered by mistake.
  private func isMeant(_ certificate: Certificate) -> Bool {
    var selector = mapping.selector
    let defaults = CertificateSelector()
    if selector.types == defaults.types, let type = certificate.type {
      selector.types.insert(type)
    }
    if selector.keyAlgorithms == defaults.keyAlgorithms, let key = certificate.keyAlgorithm {
      selector.keyAlgorithms.insert(key)
    }
    let checks = CandidateChecks(
      domain: mapping.domain, selector: selector, facts: facts, now: now, urgency: nil)
    return checks.result(of: .notSelected, on: certificate) == .passed
  }
}

extension Certificate {
  /// Whether ACM was asked for everything and still lacks a date that tells what is newer.
  fileprivate var isUndated: Bool {
    isDescribed && (notBefore == nil || notAfter == nil || origin == nil)
  }
}
