/// A place in a file, both numbers from 1; columns count Unicode scalars.
package struct Position: Hashable, Comparable, Sendable {
  package let line: Int
  package let column: Int

  package init(line: Int, column: Int) {
    self.line = line
    self.column = column
  }

  package static let start = Position(line: 1, column: 1)

  package static func < (left: Position, right: Position) -> Bool {
    (left.line, left.column) < (right.line, right.column)
  }
}

/// One thing in a configuration file that is wrong or doubtful, printed as one line:
/// `FILE:LINE:COLUMN: error: PATH: what is wrong, with which value, what to do`.
package struct Problem: Equatable, Sendable, CustomStringConvertible {
  package enum Severity: String, Sendable { case error, warning }

  package var file: String
  /// nil when the file as a whole is meant: it is missing, say. Printed as its first character,
  /// so that every line has the same form.
  package let position: Position?
  package let severity: Severity
  /// `domains[2].certificate.arn`, counted from 0; empty when no key is meant.
  package let path: String
  package let message: String

  package init(
    file: String, position: Position?, severity: Severity = .error, path: String = "",
    message: String
  ) {
    self.file = file
    self.position = position
    self.severity = severity
    self.path = path
    self.message = message.onOneLine(limit: Problem.maximumMessageLength)
  }

  /// More would be read by no one; the last line then says how many there are.
  package static let maximumReported = 100
  /// In Unicode scalars, so that a value of a megabyte cannot fill the journal.
  package static let maximumMessageLength = 600

  package var description: String {
    let place = position ?? .start
    let subject = path.isEmpty ? "" : "\(path): "
    return "\(file):\(place.line):\(place.column): \(severity.rawValue): \(subject)\(message)"
  }
}

/// Why there is no configuration: every problem of the file, warnings included, by line and
/// column.
package struct InvalidConfiguration: Error, Equatable, Sendable, CustomStringConvertible {
  package let problems: [Problem]

  package init(problems: [Problem]) {
    self.problems = problems
  }

  /// One line a problem.
  package var description: String { problems.map(\.description).joined(separator: "\n") }
}
