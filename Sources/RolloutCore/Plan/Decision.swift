/// A decision about one domain that is shown and not carried out: what it was made from, and the plan
/// that came of it.
package struct Decision: Sendable {
  package var facts: DomainFacts
  package let assessment: Assessment
  package let plan: DomainPlan
  package let violations: [PlanReview.Violation]

  package init(
    facts: DomainFacts, assessment: Assessment, plan: DomainPlan,
    violations: [PlanReview.Violation]
  ) {
    self.facts = facts
    self.assessment = assessment
    self.plan = plan
    self.violations = violations
  }

  /// What would be done now, in one word.
  package enum Action: String, Sendable, CaseIterable {
    /// Nothing is to be done.
    case none
    /// UpdateUserPoolDomain would be called.
    case update
    /// Something is to be done, or is under way, and time or another domain moves it on.
    case wait
    /// Something is to be done, and only a person can move it on.
    case blocked
  }

  package var record: DomainRecord { plan.record }
  package var domain: DomainName { facts.mapping.domain }

  /// The rollout whose call would be made.
  package var rollout: Rollout? {
    plan.update == nil || !violations.isEmpty ? nil : record.rollout
  }

  package var action: Action {
    if !violations.isEmpty { return .blocked }
    if plan.update != nil { return .update }
    if plan.memory.obstruction != nil { return .blocked }
    switch record.condition {
    case .inSync, .unserved: return isEnding ? .blocked : .none
    case .pending, .submitting, .propagating, .retrying, .overdue: return .wait
    case .held: return record.isSettled ? .none : .wait
    case .refused, .noCandidate, .unknown, .drifted, .other: return .blocked
    }
  }

  /// The domain's condition now: a call that would be made has not been made.
  package var condition: Condition {
    guard rollout != nil else { return record.condition }
    return facts.openRollout.map { $0.awaitsCall ? .retrying : .pending } ?? .pending
  }

  /// Why nothing is done now; nil when the call would be made, or all is well.
  package var reason: Explanation? {
    if let violation = violations.first {
      return Explanation(.planReview, "the rule \"\(violation.rule.rawValue)\" is broken")
    }
    if plan.update != nil { return nil }
    return plan.memory.obstruction?.explanation ?? record.reason ?? end
  }

  /// Whether the certificate has ended or ends soon, and nothing under way can be trusted to replace it.
  private var isEnding: Bool { record.isEnding(at: facts.now) }

  private var end: Explanation? {
    guard isEnding, let end = record.earliestEnd else { return nil }
    let left = end.since(facts.now)
    return left > .zero
      ? Explanation(
        .expiresTooSoon,
        "the certificate ends in \(left.rounded.compact), at \(end.rfc3339), and no newer one is eligible"
      )
      : Explanation(
        .expired, "the certificate ended at \(end.rfc3339), and no newer one is eligible")
  }

  package var isUrgent: Bool {
    guard case .described(let domain) = assessment else { return false }
    return domain.isUrgent || rollout?.isUrgent ?? false
  }

  package var described: DescribedDomain? {
    guard case .described(let domain) = assessment else { return nil }
    return domain
  }

  /// Whether everything that the decision depends on was seen.
  package var isDecided: Bool {
    switch assessment {
    case .undescribed: false
    case .ofAnotherPool, .described: assessment.isComplete || described == nil
    }
  }

  /// The certificate that the domain is to have; nil when there is none, or it cannot be told.
  package var chosen: CertificateARN? {
    guard let described else { return nil }
    switch described.course {
    case .begin(let certificate, _, _), .wait(let certificate, _, _): return certificate.arn
    case .keep: return record.desired
    case .reportDrift(let former): return former
    case .missing, .blocked: return nil
    }
  }

  /// Every certificate of the account with the verdict of every check; nil when nothing was to be
  /// chosen.
  package var ranking: CandidateRanking? {
    guard let described, var chooser = described.chooser else { return nil }
    chooser.facts = facts.certificates
    return CandidateRanking(
      chooser, attached: described.attached, chosen: chosen, undecided: reason)
  }
}
