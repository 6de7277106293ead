package import POSIX

/// How much a terminal shows.
package struct TerminalSize: Equatable, Sendable {
  package let columns: Int
  package let rows: Int

  /// What a terminal has that does not say.
  package static let usual = TerminalSize(columns: 80, rows: 24)
  /// Narrower ones are treated as this wide.
  package static let minimumColumns = 20

  package init(columns: Int, rows: Int) {
    self.columns = max(columns, TerminalSize.minimumColumns)
    self.rows = max(rows, 1)
  }

  /// The window's size; where that is not known `COLUMNS` and `LINES`, or the usual size. nil for a
  /// pipe or a file, in which nothing is cut.
  package init?(isTerminal: Bool, window: WindowSize?, environment: [String: String]) {
    guard isTerminal else { return nil }
    func number(_ name: String) -> Int? {
      environment[name].flatMap { Int($0) }.flatMap { (1...10_000).contains($0) ? $0 : nil }
    }
    self.init(
      columns: window?.columns ?? number("COLUMNS") ?? TerminalSize.usual.columns,
      rows: window?.rows ?? number("LINES") ?? TerminalSize.usual.rows)
  }
}
