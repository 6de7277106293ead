import POSIX
import StateStore

/// Every order of an operator is in the history once, or still waits: no kill, power cut or full disk
/// loses or repeats it.
final class OrderChecker: Sendable {
  private let given = Guarded(0)
  private let violations: Violations

  init(violations: Violations) { self.violations = violations }

  /// A command has stored an order.
  func stored() { given.withLock { $0 += 1 } }

  /// To be called in the end.
  func check(stateFile: String) {
    do {
      let reader = try StateReader.open(path: stateFile)
      var recorded = try reader.waitingRequests().count
      let range = try reader.historyRange(HistoryQuery())
      var next = range.first
      // Each page begins behind the last one.
      while next <= range.last {
        let page = try reader.historyPage(HistoryQuery(), from: next, through: range.last)
        guard let last = page.last else { break }
        recorded += page.filter { $0.event.hasSuffix(".requested") }.map(\.count).reduce(0, +)
        next = last.id + 1
      }
      let given = given.withLock { $0 }
      violations.require(
        recorded == given, "operators gave \(given) orders, and \(recorded) are recorded")
    } catch {
      violations.record("the history could not be read in the end: \(error)")
    }
  }
}
