package import RolloutCore

extension DomainRecord {
  /// The record after an operator's request. `retry` also lifts what was moved away from.
  package mutating func obey(_ request: OperatorRequest.Kind, at now: Instant) {
    switch request {
    case .hold(let until): hold = Hold(since: now, until: until)
    case .resume: hold = nil
    case .retry:
      shunned = []
      rollout?.hurry(at: now)
    }
  }
}
