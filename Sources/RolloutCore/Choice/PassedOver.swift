/// A certificate that a person may have expected to be chosen, and why it was not.
package struct PassedOver: Equatable, Sendable {
  package var certificate: CertificateARN
  package var explanation: Explanation
  /// It is on its way: not validated yet, or just not newer.
  package var isExpected: Bool

  package init(certificate: CertificateARN, explanation: Explanation, isExpected: Bool) {
    self.certificate = certificate
    self.explanation = explanation
    self.isExpected = isExpected
  }
}

extension Chooser {
  /// Certificates that cover the domain and are meant for it, and were not chosen: newer ones
  /// that fail a check or could not be seen, older ones that pass every check, and copies of the
  /// present leaf. Only what was seen for another reason is used; nothing is asked. nil when that
  /// does not suffice to tell.
  package func passedOver(for choice: Choice) -> [PassedOver]? {
    guard case .certificate(let present) = facts.known(present) else { return nil }
    if !mapping.selector.tags.isEmpty, facts.tags?.value == nil { return nil }
    let isUnusable = unusability(of: .certificate(present)) != nil
    var chosen: CertificateARN?
    if case .replace(let replacement) = choice { chosen = replacement.certificate.arn }
    if case .wait(let certificate, _, _) = choice { chosen = certificate.arn }
    let checks = checks(urgency)
    return rolledBackCandidate(present)
      + candidates
      .filter { $0.arn != chosen && isMeant($0) && $0.covers(mapping.domain) }
      .sorted { Certificate.isPreferred($0, to: $1) }
      .compactMap { candidate in
        let mayReplace = isUnusable || candidate.isNewer(than: present) || candidate.isUndated
        return explanation(
          of: checks.verdict(on: candidate), mayReplace: mayReplace, present: present)
      }
  }

  /// The certificate that edges did not serve, unless something newer is attached by now.
  private func rolledBackCandidate(_ present: Certificate) -> [PassedOver] {
    guard let arn = rolledBack, arn != present.arn,
      case .certificate(let failed) = facts.known(arn), failed.isNewer(than: present)
    else { return [] }
    let explanation = Explanation(
      .rolledBack, "edges did not serve it; 'retry' allows it again, and so does a newer one")
    return [PassedOver(certificate: arn, explanation: explanation, isExpected: false)]
  }

  private func explanation(
    of verdict: CandidateVerdict, mayReplace: Bool, present: Certificate
  ) -> PassedOver? {
    let certificate = verdict.certificate
    func passedOver(_ explanation: Explanation, isExpected: Bool = false) -> PassedOver {
      PassedOver(
        certificate: certificate.arn, explanation: explanation, isExpected: isExpected)
    }
    if let failure = verdict.failure {
      let isNews = mayReplace && !verdict.failed(.managedByCloudFront) && !verdict.failed(.soaking)
      let isPending = certificate.status == .pendingValidation
      return isNews ? passedOver(failure, isExpected: isPending) : nil
    }
    if certificate.isUndated || present.isUndated {
      return passedOver(
        Explanation(
          .notNewer, "ACM tells no creation time of it or of the attached certificate"))
    }
    if !mayReplace {
      return passedOver(
        Explanation(
          .notNewer, "created \(certificate.creation?.rfc3339 ?? "at an unknown time")"),
        isExpected: true)
    }
    switch verdict.outcome() {
    case .unseen(let failure): return passedOver(Explanation(failure))
    case .open, .ineligible: return nil
    case .eligible: break
    }
    guard case .seen(let leaf)? = facts.evidence[certificate.arn],
      case .seen(let other)? = facts.evidence[present.arn], leaf.sha256 == other.sha256
    else { return nil }
    return passedOver(Explanation(.sameLeaf, "both have the leaf \(leaf.sha256.prefix(16))"))
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
    isDescribed && !isComparable
  }
}
