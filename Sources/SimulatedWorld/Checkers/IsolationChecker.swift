import POSIX
import Reconciliation
import RolloutCore

/// An account whose requests are answered well and soon is not delayed by others: each poll and
/// each recheck begins within a second after it is due, or after the last thing that the account
/// itself was doing.
final class IsolationChecker: Sendable {
  private struct Account {
    /// Since when every request was answered well and soon.
    var isWellSince: Duration = .zero
    /// Whether the last request was: an account that hangs is tried again after growing pauses.
    var isWell = true
    var underWay = 0
    var lastActivity: Duration = .zero
    var lastList: Duration?
  }

  private struct State {
    var accounts: [Int: Account] = [:]
    var accountOfDomain: [String: Int] = [:]
    /// When the daemon plans to look at each domain.
    var due: [String: Duration] = [:]
    var worst: Duration = .zero
  }

  /// What is promised.
  static let tolerance = Duration.seconds(1)
  /// A request that takes longer is the account's own trouble.
  private static let soon = Duration.seconds(2)

  private let state = Guarded(State())
  private let machine: WorldMachine
  private let pollInterval: Duration
  private let violations: Violations

  init(machine: WorldMachine, pollInterval: Duration, violations: Violations) {
    self.machine = machine
    self.pollInterval = pollInterval
    self.violations = violations
  }

  /// The longest delay of any poll or recheck.
  var worst: Duration { state.withLock { $0.worst } }

  /// A process has started, or a new configuration is in force: nothing is due any more.
  func restarted(with fleet: Fleet) {
    let now = machine.uptime
    state.withLock { state in
      state.accounts = [:]
      state.due = [:]
      state.accountOfDomain = [:]
      for mapping in fleet.mappings {
        let account = World.account(of: mapping.identity)
        state.accountOfDomain[mapping.domain.text] = account
        state.accounts[account] = Account(isWellSince: now)
      }
    }
  }

  func committed(_ change: StateChange) {
    let (now, wall) = (machine.uptime, machine.decidingTime)
    state.withLock { state in
      for record in change.records {
        let name = record.domain.text
        state.due[name] = nil
        if let account = state.accountOfDomain[name] { state.accounts[account]?.lastActivity = now }
        guard record.isMapped, let due = record.rollout?.nextStepAt, due > wall else { continue }
        state.due[name] = now + due.since(wall)
      }
    }
  }

  /// The account's own probes take their time.
  func probes(_ domain: String, isOver: Bool) {
    let now = machine.uptime
    state.withLock { state in
      guard let account = state.accountOfDomain[domain] else { return }
      state.accounts[account]?.underWay += isOver ? -1 : 1
      state.accounts[account]?.lastActivity = now
    }
  }

  func begins(_ call: WorldCall) {
    let now = machine.uptime
    let late: (String, Duration)? = state.withLock { state in
      guard var account = state.accounts[call.account] else { return nil }
      defer {
        account.underWay += 1
        account.lastActivity = now
        if call.isList && call.isFirstPage { account.lastList = now }
        state.accounts[call.account] = account
      }
      let isIdle = account.underWay == 0
      var late: (String, Duration)?
      if call.isList, call.isFirstPage, isIdle, let last = account.lastList {
        late = ("the poll of account\(call.account)", last + pollInterval)
      }
      if call.isDescription, let due = state.due[call.domain], due <= now {
        state.due[call.domain] = nil
        if isIdle, late == nil { late = ("the recheck of \(call.domain)", due) }
      }
      guard let (what, due) = late, account.isWell, account.isWellSince < due - pollInterval / 8
      else { return nil }
      let delay = now - max(due, account.lastActivity)
      if delay > state.worst { state.worst = delay }
      return delay > IsolationChecker.tolerance ? (what, delay) : nil
    }
    if let (what, delay) = late, !machine.wasStepped(since: now - pollInterval * 2) {
      violations.record("\(what) began \(delay.compact) after it was due")
    }
  }

  func ends(_ call: WorldCall, isGood: Bool) {
    let now = machine.uptime
    state.withLock { state in
      guard var account = state.accounts[call.account] else { return }
      account.underWay = max(0, account.underWay - 1)
      account.lastActivity = now
      account.isWell = isGood && now - call.begunAt <= IsolationChecker.soon
      if !account.isWell { account.isWellSince = now }
      state.accounts[call.account] = account
    }
  }
}
