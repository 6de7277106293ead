import POSIX
import Reconciliation
import RolloutCore
import SimulatedAWS

/// Keeps every event of a simulated daemon, as its log would.
final class WorldReport: ReportPort {
  private let lines = Guarded<[String]>([])
  private let clock: VirtualClock
  private let power: WorldPower

  init(clock: VirtualClock, power: WorldPower) {
    self.clock = clock
    self.power = power
  }

  var history: [String] { lines.withLock { $0 } }

  func note(_ text: String) {
    let line = "\(clock.trueTime.rfc3339) \(text)"
    lines.withLock { $0.append(line) }
  }

  func emit(_ event: Event) {
    guard power.isOn, event.level != .debug else { return }
    let fields = event.fields.sorted { $0.key.rawValue < $1.key.rawValue }
      .map { "\($0.key.rawValue)=\($0.value)" }
    note("\(event.level.rawValue) \(event.kind.rawValue) \(fields.joined(separator: " "))")
  }

  func alive() {}
  func status(_ line: String) {}
  func passBegan() {}
  func pollSucceeded(at instant: Instant) {}
}
