import POSIX
import RolloutCore
import SimulatedAWS

/// An update leaves every setting as it was: those that are sent were in force at most 10 s
/// before the call.
final class SettingsChecker: Sendable {
  private struct Version {
    let text: String
    let from: Instant
    var until: Instant?
  }

  /// What the daemon promises.
  private static let freshness = Duration.seconds(10)
  /// Latencies between the description and the promise's clock, and between that and the call.
  private static let slack = Duration.seconds(4)

  private let state = Guarded<[String: [Version]]>([:])
  private let lags = Guarded<[String: Duration]>([:])
  private let machine: WorldMachine
  private let violations: Violations

  init(machine: WorldMachine, violations: Violations) {
    self.machine = machine
    self.violations = violations
  }

  /// The domain has these settings from now on.
  func changed(_ domain: String, to text: String) {
    let now = machine.trueTime
    state.withLock { state in
      let last = (state[domain]?.count ?? 0) - 1
      if last >= 0 { state[domain]?[last].until = now }
      state[domain, default: []].append(Version(text: text, from: now))
    }
  }

  /// From now on the domain's descriptions may be that much older than they seem.
  func lags(_ domain: String, by lag: Duration) {
    lags.withLock { $0[domain] = max($0[domain] ?? .zero, lag) }
  }

  func attached(_ change: AttachmentChange, by call: WorldCall) {
    let lag = lags.withLock { $0[change.domain] ?? .zero }
    let begun = change.at - (machine.uptime - call.begunAt)
    let oldest = begun - SettingsChecker.freshness - SettingsChecker.slack - lag
    let isFresh = state.withLock { state in
      state[change.domain]?.contains { version in
        version.text == change.settingsAfter && version.until.map { $0 >= oldest } ?? true
      } ?? false
    }
    violations.require(
      isFresh,
      "changed settings of \(change.domain): \(change.settingsBefore) to \(change.settingsAfter)")
    if change.settingsAfter != change.settingsBefore {
      changed(change.domain, to: change.settingsAfter)
    }
  }
}
