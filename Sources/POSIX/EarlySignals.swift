import Glibc

/// Signals that arrive before the daemon is ready to handle them. Without this their default action
/// would end the process in the middle of its start.
package enum EarlySignals {
  /// What has arrived, by number. A handler may write nothing else.
  private nonisolated(unsafe) static let arrived: UnsafeMutablePointer<sig_atomic_t> = {
    let flags = UnsafeMutablePointer<sig_atomic_t>.allocate(capacity: numbers)
    flags.initialize(repeating: 0, count: numbers)
    return flags
  }()

  /// Linux has signals 1 to 64.
  private static let numbers = 65

  /// Remembers the signals instead of ending the process, until another handler is installed.
  package static func hold(_ signals: [Int32]) {
    _ = arrived
    for number in signals {
      signal(number) { EarlySignals.arrived[Int($0)] = 1 }
    }
  }

  package static func hasArrived(_ number: Int32) -> Bool { arrived[Int(number)] != 0 }
}
