import RolloutCore

/// A rollout's phase without its data.
enum PhaseName: String, CaseIterable {
  case submitting, retrying, propagating, overdue, refused, completed, superseded, abandoned
  /// A phase that another version wrote.
  case other

  var isOpen: Bool {
    switch self {
    case .submitting, .retrying, .propagating, .overdue, .refused: true
    case .completed, .superseded, .abandoned, .other: false
    }
  }
}

extension Rollout {
  var phaseName: PhaseName {
    switch phase {
    case .submitting: .submitting
    case .retrying: .retrying
    case .propagating: .propagating
    case .overdue: .overdue
    case .refused: .refused
    case .completed: .completed
    case .superseded: .superseded
    case .abandoned: .abandoned
    case .other: .other
    }
  }

  var submission: Submission? {
    if case .submitting(let submission) = phase { return submission }
    return nil
  }

  var pendingRetry: Retry? {
    if case .retrying(let retry) = phase { return retry }
    return nil
  }

  var refusal: Refusal? {
    if case .refused(let refusal) = phase { return refusal }
    return nil
  }
}

/// A rollout an hour old that stands in a phase as the transitions would leave it.
func rollout(_ name: PhaseName, _ edit: (inout Rollout) -> Void = { _ in }) -> Rollout {
  var rollout = Rollout(
    id: "0123456789abcdef", certificate: arn("new"), previous: arn("old"), cause: .replacement,
    startedAt: noon - .hours(1), attempts: 1, phase: phase(name))
  edit(&rollout)
  return rollout
}

private func phase(_ name: PhaseName) -> Rollout.Phase {
  switch name {
  case .submitting:
    .submitting(
      Rollout.Submission(
        intendedAt: noon - .minutes(1), settings: EchoedSettings(), mapping: "mapping"))
  case .retrying:
    .retrying(
      Rollout.Retry(
        dueAt: noon, failures: 1, error: Explanation(.throttled), mapping: "mapping"))
  case .propagating: .propagating(propagation(acceptedAt: noon - .minutes(10)))
  case .overdue: .overdue(propagation(acceptedAt: noon - .minutes(90)))
  case .refused:
    .refused(
      Rollout.Refusal(
        error: Explanation(.certificateRejected), nextAttemptAt: noon, mapping: "mapping"))
  case .completed:
    .completed(
      Rollout.Completion(
        acceptedAt: noon - .minutes(10), completedAt: noon - .minutes(1), proof: .edge))
  case .superseded: .superseded(at: noon - .minutes(1))
  case .abandoned: .abandoned(at: noon - .minutes(1))
  case .other: .other("paused")
  }
}

/// An accepted call whose next check is due at noon.
func propagation(acceptedAt: Instant) -> Rollout.Propagation {
  Rollout.Propagation(
    acceptedAt: acceptedAt, deadline: acceptedAt + .hours(1), nextCheckAt: noon)
}

extension Explanation {
  var code: String { reason.word }
}
