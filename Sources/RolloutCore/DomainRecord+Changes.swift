extension DomainRecord {
  /// Whether an operator's hold is in force.
  package func isHeld(at now: Instant) -> Bool {
    guard let hold else { return false }
    return hold.until.map { now < $0 } ?? true
  }

  /// Moves every deadline with a clock that was stepped, so that a window neither ends at once
  /// nor lasts for years.
  package mutating func shift(by step: Duration) {
    if let until = hold?.until { hold?.until = until + step }
    lastRestoredAt = lastRestoredAt.map { $0 + step }
    guard var rollout, rollout.phase.isOpen else { return }
    rollout.submittedAt = rollout.submittedAt.map { $0 + step }
    rollout.deadline = rollout.deadline.map { $0 + step }
    rollout.nextStepAt = rollout.nextStepAt.map { $0 + step }
    self.rollout = rollout
  }

  /// Whether nothing is left to be done or proven: what a higher wave waits for.
  package var isSettled: Bool {
    switch condition {
    case .inSync: true
    case .held: desired == attached && !(rollout?.phase.isOpen ?? false)
    case .pending, .submitting, .propagating, .retrying, .overdue, .refused, .noCandidate,
      .unknown, .drifted:
      false
    }
  }

  /// Whether edges were seen to serve another leaf than the one wanted.
  package var hasStaleEdges: Bool { served.contains { !$0.matches } }
}
