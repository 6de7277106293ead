import POSIX
import RolloutCore

/// What broke an invariant. A violation is recorded and not trapped, so that a run goes on and
/// shows all of them.
final class Violations: Sendable {
  private let lines = Guarded<[String]>([])
  private let machine: WorldMachine

  /// A world that goes wrong at every request is not worth more lines.
  private static let maximum = 100

  init(machine: WorldMachine) { self.machine = machine }

  var all: [String] { lines.withLock { $0 } }

  func record(_ text: String) {
    let line = "\(machine.trueTime.rfc3339) \(text)"
    lines.withLock { if $0.count < Violations.maximum { $0.append(line) } }
  }

  func require(_ holds: Bool, _ text: @autoclosure () -> String) {
    if !holds { record(text()) }
  }
}
