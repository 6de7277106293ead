extension DomainRecord {
  /// Whether an operator's hold is in force.
  package func isHeld(at now: Instant) -> Bool {
    guard let hold else { return false }
    return hold.until.map { now < $0 } ?? true
  }

  /// Whether nothing is left to be done or proven: what a higher wave waits for. After a rollback the
  /// certificate that failed is left.
  package var isSettled: Bool {
    if rolledBack != nil { return false }
    return switch condition {
    case .inSync: true
    case .held: desired == attached && !(rollout?.isOpen ?? false)
    case .pending, .submitting, .propagating, .retrying, .overdue, .refused, .noCandidate,
      .unknown, .drifted, .unserved, .other:
      false
    }
  }

  /// When something happens next by itself: a call, a check, or the end of a hold.
  package var nextStepAt: Instant? {
    [rollout?.nextStepAt, hold?.until].compactMap { $0 }.min()
  }

  /// Whether edges were seen to serve another leaf than the one wanted.
  package var hasStaleEdges: Bool { served.contains { !$0.matches } }

  /// The earliest end of what viewers may still be served: the attached certificate, the served
  /// leaves and, until the proof, the previous certificate.
  package var earliestEnd: Instant? {
    var ends = served.map(\.notAfter)
    if let attachedNotAfter { ends.append(attachedNotAfter) }
    if let previousEnd = rollout?.unprovenEnd { ends.append(previousEnd) }
    return ends.min()
  }

  /// Whether the domain is near its end and nothing under way can be trusted to save it: the
  /// attached or the served certificate has expired, or has less than 72 hours left and no
  /// rollout is submitting or propagating within its window.
  package func isEnding(at now: Instant) -> Bool {
    guard let end = earliestEnd else { return false }
    if end <= now { return true }
    guard end.since(now) < Urgency.threshold, let rollout else {
      return end.since(now) < Urgency.threshold
    }
    switch rollout.phase {
    case .submitting: return false
    case .propagating(let propagation): return now >= propagation.deadline
    case .retrying, .overdue, .refused, .completed, .superseded, .abandoned, .other: return true
    }
  }

  /// Moves every time with a clock that was stepped, so that a window neither ends at once nor
  /// lasts for years.
  package mutating func shift(by step: Duration) {
    if let until = hold?.until { hold?.until = until + step }
    lastRestoredAt = lastRestoredAt.map { $0 + step }
    rollout?.shift(by: step)
  }

  /// The record with bounds on the times that came from disk.
  package func bounded(at now: Instant, pacing: Pacing) -> DomainRecord {
    var record = self
    record.lastRestoredAt = lastRestoredAt.map { min($0, now) }
    record.rollout?.bound(at: now, pacing: pacing)
    return record
  }
}

extension Rollout {
  /// The end of the previous certificate while the new one is accepted and not proven.
  var unprovenEnd: Instant? { propagation == nil ? nil : previousNotAfter }
}
