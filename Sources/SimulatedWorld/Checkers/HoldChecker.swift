import POSIX
import RolloutCore

/// Once `hold` has returned, no intent for its domain gets to disk.
final class HoldChecker: Sendable {
  private struct Order {
    let since: Duration
    /// Virtual uptime; nil: until `resume`.
    let until: Duration?
  }

  private let orders = Guarded<[String: Order]>([:])
  private let machine: WorldMachine
  private let violations: Violations

  init(machine: WorldMachine, violations: Violations) {
    self.machine = machine
    self.violations = violations
  }

  /// The operator's command has returned.
  func held(_ domain: String, for length: Duration?) {
    let now = machine.uptime
    orders.withLock { $0[domain] = Order(since: now, until: length.map { now + $0 }) }
  }

  /// The operator's command is about to be stored.
  func resumes(_ domain: String) { orders.withLock { $0[domain] = nil } }

  func intended(_ intent: DiskMirror.Intent) {
    guard let order = orders.withLock({ $0[intent.domain] }) else { return }
    // A hold ends by the wall clock: one that is stepped may end it early or late.
    if order.until.map({ intent.committedAt >= $0 || machine.wasStepped(since: order.since) })
      ?? false
    {
      return
    }
    violations.record("an intent for \(intent.domain), which an operator holds")
  }
}
