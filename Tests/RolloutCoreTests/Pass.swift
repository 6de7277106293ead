import RolloutCore

/// What one pass over one domain came to.
struct Pass {
  let decision: DomainDecision
  /// What was asked for on the way.
  let asked: [Inquiry]
  let input: DomainInput

  var update: DomainUpdate? { decision.update }
  var record: DomainRecord { decision.record }

  /// The events that a log at level info would show.
  var told: [Event.Kind] { decision.events.filter { $0.level != .debug }.map(\.kind) }

  func event(_ kind: Event.Kind) -> Event? { decision.events.first { $0.kind == kind } }

  /// What must hold of every pass, whatever happened before it, and does not of this one.
  var wrongs: [String] {
    var wrongs = PlanReview.violations(
      in: PassPlan(decisions: [decision]), inputs: [input], now: input.now
    ).map { "the review objects: \($0.rule)" }
    func require(_ holds: Bool, _ rule: String) { if !holds { wrongs.append(rule) } }
    let rollout = record.rollout.flatMap { $0.phase.isOpen ? $0 : nil }
    require(
      decision.schedule.nextLookAt.map { $0 > input.now } ?? true,
      "the next look is due in the past: the loop would spin")
    require(
      (record.condition == .held) == record.isHeld(at: input.now),
      "\(record.condition) though the hold is \(String(describing: record.hold))")
    require(
      (update != nil) == (rollout?.phase == .submitting && input.isSeen),
      "a call and the phase \(String(describing: rollout?.phase))")
    switch record.condition {
    case .submitting, .propagating, .retrying, .overdue:
      require(rollout?.condition == record.condition, "\(record.condition) without its rollout")
    case .inSync, .pending, .noCandidate, .drifted, .unknown:
      require(rollout == nil, "\(record.condition) with a rollout under way")
    case .refused, .held: break
    }
    return wrongs
  }
}

extension DomainInput {
  /// Whether the domain was described with a certificate.
  var isSeen: Bool {
    if case .described(let description) = look { return description.certificateARN != nil }
    return false
  }
}
