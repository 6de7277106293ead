import Narration
import RolloutCore

/// What one pass over one domain came to.
struct Pass {
  let plan: DomainPlan
  let assessment: Assessment
  /// Every question of the survey, in order.
  let everythingAsked: [Question]
  let facts: DomainFacts

  var update: DomainUpdate? { plan.update }
  var record: DomainRecord { plan.record }

  /// What was asked for besides the description and the list, which every look needs.
  var asked: [Question] { everythingAsked.filter { $0 != .describe && $0 != .list } }

  var events: [Event] { plan.findings.map { Narration.event(for: $0, of: facts.mapping) } }

  /// The events that a log at level info would show, but for certificates that are just not newer:
  /// every story has an older one.
  var logged: [Event.Kind] {
    events.filter {
      $0.level != .debug && !($0.kind == .candidateIneligible && $0.level == .info)
    }.map(\.kind)
  }

  func event(_ kind: Event.Kind) -> Event? { events.first { $0.kind == kind } }

  /// What must hold of every pass, whatever happened before it, and does not of this one.
  var faults: [String] {
    var faults = PlanReview.violations(in: plan, of: facts)
      .map { "the review objects: \($0.rule.rawValue) \($0.detail)" }
    func require(_ holds: Bool, _ rule: String) { if !holds { faults.append(rule) } }
    let rollout = record.rollout.flatMap { $0.isOpen ? $0 : nil }
    require(
      plan.nextLookAt.map { $0 > facts.now } ?? true,
      "the next look is due in the past: the loop would spin")
    require(
      (record.condition == .held) == record.isHeld(at: facts.now),
      "\(record.condition) though the hold is \(String(describing: record.hold))")
    require(
      (update != nil) == (rollout?.phaseName == .submitting && facts.isSeen),
      "a call and the phase \(rollout?.phaseWord ?? "none")")
    require(!isRepeatedTooSoon, "a call that may have worked was made again too soon")
    require(
      update == nil || !record.retryRequested, "a retry is still requested after a call")
    switch record.condition {
    case .submitting, .propagating, .retrying, .overdue:
      require(rollout?.condition == record.condition, "\(record.condition) without its rollout")
    case .inSync, .pending, .noCandidate, .drifted, .unknown, .unserved:
      require(rollout == nil, "\(record.condition) with a rollout under way")
    case .refused, .held, .other: break
    }
    return faults
  }

  /// Whether the call is one that was made already and may have worked, before a description
  /// could have shown it.
  private var isRepeatedTooSoon: Bool {
    guard update != nil, let before = facts.record.rollout, before.id == record.rollout?.id
    else { return false }
    switch before.phase {
    case .submitting(let submission):
      return facts.now < submission.intendedAt + facts.pacing.checkInterval
    case .retrying(let retry): return retry.notBefore.map { facts.now < $0 } ?? false
    case .propagating, .overdue, .refused, .completed, .superseded, .abandoned, .other:
      return false
    }
  }
}

extension DomainFacts {
  /// Whether the domain was described with a certificate.
  var isSeen: Bool {
    if case .described(let description) = description {
      return description.certificateARN != nil
        && description.userPoolID.map { $0 == mapping.userPoolID.text } ?? true
    }
    return false
  }
}
