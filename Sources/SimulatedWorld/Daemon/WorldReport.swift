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
  private let checkers: Checkers
  private let sabotage: Sabotage?

  init(machine: WorldMachine, checkers: Checkers, sabotage: Sabotage?) {
    self.machine = machine
    self.checkers = checkers
    self.sabotage = sabotage
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
    switch sabotage {
    case .concealsExpiry where event.kind == .certificateExpiring: return
    case .releasesEarly where event.kind == .updateAccepted: emit(early(event))
    default: break
    }
    state.withLock { $0.counts[event.level, default: 0] += 1 }
    if event.level == .debug { return }
    checkers.expiry.hears(event)
    checkers.releases.hears(event)
    let fields = event.fields.sorted { $0.key.rawValue < $1.key.rawValue }
      .map { "\($0.key.rawValue)=\($0.value)" }
    note("\(event.level.rawValue) \(event.kind.rawValue) \(fields.joined(separator: " "))")
  }

  /// The release of the certificate that the rollout is about to replace.
  private func early(_ accepted: Event) -> Event {
    var fields = accepted.fields
    fields[.certificateARN] = fields[.previousCertificateARN]
    return Event(.certificateReleased, fields)
  }

  func alive() {}
  func status(_ line: String) {}
  func looksBegan() {}
  func pollSucceeded(at instant: Instant) {}
  func rolloutProven(after duration: Duration) {}
  func hostErrorChanged(to error: Duration) {}
}
