package import RolloutCore

/// A decision in one sentence, for `explain` and `plan`. The domain is its subject.
package enum DecisionText {
  package static func sentence(for decision: Decision) -> String {
    if let violation = decision.violations.first {
      return "is not changed: \(Explanation(.planReview, violation.rule.rawValue).description)"
    }
    switch decision.assessment {
    case .undescribed(let explanation): return "cannot be decided: \(words(explanation))"
    case .ofAnotherPool(let explanation): return "is not changed: \(words(explanation))"
    case .described(let domain):
      if let rollout = decision.rollout { return update(rollout, decision, domain) }
      return rest(decision, domain)
    }
  }

  /// What a call is for.
  package static func cause(
    of rollout: Rollout, _ decision: Decision, _ domain: DescribedDomain
  ) -> String {
    let attached = domain.attached.tail
    switch rollout.cause {
    case .replacement: return newer(rollout.certificate, than: domain.attached, decision)
    case .pinned: return "the configuration pins it"
    case .unusable:
      let chooser = domain.chooser
      let known = decision.facts.certificates.known(domain.attached)
      let why = chooser?.unusability(of: known).map { ": \(words($0.explanation))" } ?? ""
      return "\(attached) can no longer be used\(why)"
    case .restore: return "someone attached \(attached) in its place"
    case .resubmit: return "Cognito shows FAILED, and 'retry' was asked for"
    case .rollback:
      guard case .attach(_, let explanation) = domain.rollback else {
        return "edges do not serve \(attached)"
      }
      return "edges do not serve \(attached): \(words(explanation))"
    case .other(let word): return word
    }
  }

  private static func update(
    _ rollout: Rollout, _ decision: Decision, _ domain: DescribedDomain
  ) -> String {
    let urgency = decision.isUrgent ? ", urgently" : ""
    let repeated = rollout.attempts > 1 ? " (call \(rollout.attempts))" : ""
    return "moves to \(rollout.certificate.tail)\(urgency)\(repeated): "
      + cause(of: rollout, decision, domain)
  }

  private static func newer(
    _ certificate: CertificateARN, than attached: CertificateARN, _ decision: Decision
  ) -> String {
    func created(_ arn: CertificateARN) -> String? {
      guard case .certificate(let known) = decision.facts.certificates.known(arn) else {
        return nil
      }
      return known.creation?.rfc3339
    }
    guard let own = created(certificate), let other = created(attached) else {
      return "it is newer than \(attached.tail)"
    }
    return "it was created \(own), \(attached.tail) \(other)"
  }

  private static func rest(_ decision: Decision, _ domain: DescribedDomain) -> String {
    let attached = domain.attached.tail
    let reason = decision.reason.map(words)
    switch domain.course {
    case .blocked(let obstacle): return "cannot be decided: \(words(Explanation(obstacle.failure)))"
    case .missing(let explanation):
      return "has no certificate to move to: \(words(explanation))"
    case .reportDrift(let former):
      return
        "stays on \(attached), which someone attached in place of \(former.tail); 'retry' puts that back"
    case .wait(let certificate, let explanation, _):
      return "moves to \(certificate.arn.tail) later: \(words(explanation))"
    case .begin(let certificate, _, _):
      return "is to move to \(certificate.arn.tail) and waits: \(reason ?? "for its turn")"
    case .keep: break
    }
    if let rollout = decision.record.rollout, rollout.isOpen {
      return underWay(rollout, decision, attached)
    }
    if let reason { return "stays on \(attached): \(reason)" }
    return "stays on \(attached): \(passedOver(domain))"
  }

  private static func underWay(
    _ rollout: Rollout, _ decision: Decision, _ attached: String
  ) -> String {
    let certificate = rollout.certificate.tail
    let reason = decision.reason.map { ": \(words($0))" } ?? ""
    switch rollout.phase {
    case .refused: return "stays on \(attached), because Cognito refuses \(certificate)\(reason)"
    case .overdue: return "has \(certificate), which was not proven within the window\(reason)"
    case .retrying: return "moves to \(certificate) with another call\(reason)"
    case .submitting, .propagating, .completed, .superseded, .abandoned, .other:
      return "is moving to \(certificate): \(decision.record.condition)\(reason)"
    }
  }

  /// The best of the certificates that were not chosen, and why.
  private static func passedOver(_ domain: DescribedDomain) -> String {
    guard let first = domain.passedOver?.first else {
      return "no newer certificate is eligible"
    }
    let explanation = first.explanation
    let certificate = first.certificate.tail
    let reason = explanation.reason
    if reason == .notNewer {
      return "\(certificate) is eligible but not newer: \(words(explanation))"
    }
    if reason == .sameLeaf { return "\(certificate) is newer but has the same leaf" }
    if reason == .rolledBack { return "\(certificate) is newer but \(words(explanation))" }
    let isIneligible = Check.allCases.contains { $0.reason == reason }
    return isIneligible
      ? "\(certificate) is newer but not eligible: \(words(explanation))"
      : "\(certificate) is newer but could not be judged: \(words(explanation))"
  }

  /// The facts of an explanation, without its code.
  package static func words(_ explanation: Explanation) -> String {
    explanation.detail.isEmpty ? explanation.reason.sentence : explanation.detail
  }
}
