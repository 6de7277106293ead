import Narration
import POSIX
import RolloutCore
import SimulatedAWS

/// A certificate that is said to be released is neither in use nor served by an edge, and it is said
/// once of a rollout, unless it was attached again meanwhile.
///
/// A person may attach it again while the daemon looks: a change of the last minutes is no fault.
final class ReleaseChecker: Sendable {
  private struct State {
    /// The certificates that were said to be released, by rollout.
    var released: [String: String] = [:]
    var count = 0
    /// When each certificate was attached last.
    var attachedAt: [String: Duration] = [:]
  }

  /// How long a look may take: the budget of a cycle and its round of handshakes.
  private static let lookTime = Duration.minutes(2)

  private let state = Guarded(State())
  private let aws: FakeAWS
  private let machine: WorldMachine
  private let violations: Violations

  init(aws: FakeAWS, machine: WorldMachine, violations: Violations) {
    self.aws = aws
    self.machine = machine
    self.violations = violations
  }

  /// How many were said to be released.
  var count: Int { state.withLock { $0.count } }

  func attached(_ change: AttachmentChange) { noteAttachment(of: change.to) }

  /// By a person.
  func noteAttachment(of certificate: String) {
    let now = machine.uptime
    state.withLock { state in
      state.attachedAt[certificate] = now
      state.released = state.released.filter { $0.value != certificate }
    }
  }

  func hears(_ event: Event) {
    guard event.kind == .certificateReleased, let certificate = event.fields[.certificateARN],
      let rollout = event.fields[.rollout]
    else { return }
    let (isFirst, attachedAt) = state.withLock { state in
      state.count += 1
      let isFirst = state.released.updateValue(certificate, forKey: rollout) == nil
      return (isFirst, state.attachedAt[certificate])
    }
    violations.require(isFirst, "\(certificate) was released by \(rollout) twice")
    if let attachedAt, machine.uptime - attachedAt < ReleaseChecker.lookTime { return }
    let time = machine.trueTime
    let users = aws.withCloud { $0.inUseBy(certificate, at: time) }
    violations.require(users.isEmpty, "\(certificate) was released, and it is in use")
    let names = aws.withCloud { $0.domains.keys.sorted() }
    let serving = names.filter { name in
      aws.edges(of: name, at: time).contains { $0.certificateARN == certificate }
    }
    violations.require(
      serving.isEmpty,
      "\(certificate) was released, and edges of \(serving.joined(separator: ", ")) serve it")
  }
}
