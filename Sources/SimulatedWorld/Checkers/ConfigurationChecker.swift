import POSIX
import RolloutCore

/// No call is made under a former configuration once a new one is in force.
final class ConfigurationChecker: Sendable {
  private struct State {
    var fleet: Fleet?
    var adoptedAt: Duration = .zero
    /// Whether a new configuration is being put in force: either may be obeyed.
    var isChanging = false
    /// Every certificate rule that a domain has had.
    var selectors: [String: Set<String>] = [:]
  }

  private let state = Guarded(State())
  private let machine: WorldMachine
  private let disk: DiskMirror
  private let violations: Violations

  init(machine: WorldMachine, disk: DiskMirror, violations: Violations) {
    self.machine = machine
    self.disk = disk
    self.violations = violations
  }

  /// The configuration in force.
  var fleet: Fleet? { state.withLock { $0.fleet } }

  func changes() { state.withLock { $0.isChanging = true } }

  func adopted(_ fleet: Fleet) {
    let now = machine.uptime
    state.withLock { state in
      state.fleet = fleet
      state.adoptedAt = now
      state.isChanging = false
      for mapping in fleet.mappings {
        state.selectors[mapping.domain.text, default: []].insert(mapping.selector.fingerprint)
      }
    }
  }

  /// Whether the domain's certificate rule was ever changed.
  func hasChangedSelector(_ domain: String) -> Bool {
    state.withLock { ($0.selectors[domain]?.count ?? 0) > 1 }
  }

  func intended(_ intent: DiskMirror.Intent) {
    guard let mapping = mapping(of: intent.domain) else { return }
    violations.require(
      mapping.mode == .apply, "an intent for \(intent.domain), whose mode is observe")
    guard let pin = mapping.selector.arn, intent.isFirst, intent.rollout.cause != .resubmit else {
      return
    }
    violations.require(
      intent.rollout.certificate == pin,
      "a rollout of \(intent.domain) to \(intent.rollout.certificate), and \(pin) is pinned")
  }

  /// A call goes to the pool and account that the configuration named when its intent was
  /// journalled, or names now.
  func begins(_ call: WorldCall) {
    guard let mapping = mapping(of: call.domain), let intent = disk.intent(for: call.domain),
      intent.committedAt >= state.withLock({ $0.adoptedAt })
    else { return }
    violations.require(
      mapping.userPoolID.text == call.userPool
        && World.account(of: mapping.identity) == call.account,
      "a call for \(call.domain) as account\(call.account), which the mapping does not name")
  }

  private func mapping(of domain: String) -> Mapping? {
    let (fleet, isChanging) = state.withLock { ($0.fleet, $0.isChanging) }
    if isChanging { return nil }
    guard let mapping = fleet?.mappings.first(where: { $0.domain.text == domain }) else {
      violations.record("a call for \(domain), which is not mapped")
      return nil
    }
    return mapping
  }
}
