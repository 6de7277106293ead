import POSIX
import RolloutCore
import Transport

/// After an answer was lost, the next call of the domain comes no earlier than one check interval
/// after the lost one: a description may lag behind.
final class LostAnswerChecker: Sendable {
  private let lost = Guarded<[String: Duration]>([:])
  private let machine: WorldMachine
  private let interval: Duration
  private let violations: Violations

  /// An intent is dated before its commit, and the call begins after it.
  private static let slack = Duration.seconds(1)

  init(machine: WorldMachine, interval: Duration, violations: Violations) {
    self.machine = machine
    self.interval = interval
    self.violations = violations
  }

  func begins(_ call: WorldCall) {
    guard let begun = lost.withLock({ $0.removeValue(forKey: call.domain) }),
      !machine.wasStepped(since: begun)
    else { return }
    let pause = call.begunAt - begun
    violations.require(
      pause >= interval - LostAnswerChecker.slack,
      "a second call for \(call.domain) \(pause.compact) after one whose answer was lost")
  }

  func ends(_ call: WorldCall, _ result: Result<HTTPResponse, TransportError>) {
    let isLost =
      switch result {
      case .success(let response): response.status >= 500
      case .failure(.notSent): false
      case .failure: true
      }
    if isLost { lost.withLock { $0[call.domain] = call.begunAt } }
  }
}
