import POSIX
import RolloutCore

/// Requests stay within an hourly budget, and the dispatcher does not run in circles.
final class BudgetChecker: Sendable {
  /// Updates of one domain: backoff and `resubmits` allow fewer.
  private static let updates = 30
  /// Requests of one account: a poll every 20 minutes and a recheck every 30 s of each of its
  /// three domains, every request tried three times, come to fewer.
  private static let requests = 2000
  /// Wake-ups of the dispatcher.
  private static let sleeps = 20_000

  private struct State {
    var hour: Int64 = 0
    var updates: [String: Int] = [:]
    var requests: [Int: Int] = [:]
    var sleeps = 0
  }

  private let state = Guarded(State())
  private let machine: WorldMachine
  private let violations: Violations

  init(machine: WorldMachine, violations: Violations) {
    self.machine = machine
    self.violations = violations
  }

  func begins(_ call: WorldCall) {
    let hour = machine.uptime.components.seconds / 3600
    let (updates, requests) = state.withLock { state in
      BudgetChecker.turn(&state, to: hour)
      if call.isUpdate { state.updates[call.domain, default: 0] += 1 }
      state.requests[call.account, default: 0] += 1
      return (state.updates[call.domain] ?? 0, state.requests[call.account] ?? 0)
    }
    if updates == BudgetChecker.updates + 1 {
      violations.record("more than \(BudgetChecker.updates) updates of \(call.domain) in an hour")
    }
    if requests == BudgetChecker.requests + 1 {
      violations.record(
        "more than \(BudgetChecker.requests) requests of account\(call.account) in an hour")
    }
  }

  func sleeps() {
    let hour = machine.uptime.components.seconds / 3600
    let sleeps = state.withLock { state in
      BudgetChecker.turn(&state, to: hour)
      state.sleeps += 1
      return state.sleeps
    }
    if sleeps == BudgetChecker.sleeps + 1 {
      violations.record("the dispatcher woke more than \(BudgetChecker.sleeps) times in an hour")
      machine.end()
    }
  }

  private static func turn(_ state: inout State, to hour: Int64) {
    if state.hour == hour { return }
    state.hour = hour
    state.updates = [:]
    state.requests = [:]
    state.sleeps = 0
  }
}
