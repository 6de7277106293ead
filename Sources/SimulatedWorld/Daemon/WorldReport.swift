import Narration
import POSIX
import Reconciliation
import RolloutCore

/// Keeps every event of the simulated daemon, as its log would.
final class WorldReport: ReportPort {
  private struct State {
    var lines: [String] = []
    var counts: [Event.Level: Int] = [:]
  }

  private let state = Guarded(State())
  private let machine: WorldMachine
  private let expiry: ExpiryChecker

  private let concealsExpiry: Bool

  init(machine: WorldMachine, expiry: ExpiryChecker, concealsExpiry: Bool) {
    self.machine = machine
    self.expiry = expiry
    self.concealsExpiry = concealsExpiry
  }

  var history: [String] { state.withLock { $0.lines } }

  /// How many events of each level were logged.
  var counts: [Event.Level: Int] { state.withLock { $0.counts } }

  func note(_ text: String) {
    let line = "\(machine.trueTime.rfc3339) \(text)"
    state.withLock { $0.lines.append(line) }
  }

  func emit(_ event: Event) {
    guard machine.isOn else { return }
    if concealsExpiry, event.kind == .certificateExpiring { return }
    state.withLock { $0.counts[event.level, default: 0] += 1 }
    if event.level == .debug { return }
    expiry.hears(event)
    let fields = event.fields.sorted { $0.key.rawValue < $1.key.rawValue }
      .map { "\($0.key.rawValue)=\($0.value)" }
    note("\(event.level.rawValue) \(event.kind.rawValue) \(fields.joined(separator: " "))")
  }

  func alive() {}
  func status(_ line: String) {}
  func looksBegan() {}
  func pollSucceeded(at instant: Instant) {}
  func rolloutProven(after duration: Duration) {}
  func hostErrorChanged(to error: Duration) {}
}
