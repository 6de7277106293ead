internal import Redaction

/// A position in a file. Lines and columns are counted from 1, columns in Unicode scalars.
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

/// An error or a warning about a configuration file, printed as one line:
/// `FILE:LINE:COLUMN: error: PATH: what is wrong, with which value, what to do`.
package struct ConfigurationProblem: Equatable, Sendable, CustomStringConvertible {
  package enum Severity: String, Sendable { case error, warning }

  package let file: String
  /// nil when the problem is the file as a whole: it is missing, for example. Printed as 1:1, so
  /// that every line has the same form.
  package let position: Position?
  package let severity: Severity
  /// `domains[2].certificate.arn`, counted from 0; empty when the problem belongs to no key.
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
    self.message = Redaction.output(message).onOneLine(
      limit: ConfigurationProblem.maximumMessageLength)
  }

  /// Nobody reads more; a last line counts the others.
  package static let maximumReported = 100
  /// In Unicode scalars, so that a value of a megabyte cannot fill the journal.
  package static let maximumMessageLength = 600

  package var description: String {
    let position = position ?? .start
    let subject = path.isEmpty ? "" : "\(path): "
    return "\(file):\(position.line):\(position.column): \(severity.rawValue): \(subject)\(message)"
  }
}

/// The file is not a valid configuration. Holds every problem of it, warnings included, in the
/// order of the file.
package struct InvalidConfiguration: Error, Equatable, Sendable, CustomStringConvertible {
  package let problems: [ConfigurationProblem]

  package init(problems: [ConfigurationProblem]) {
    self.problems = problems
  }

  /// One line for each problem.
  package var description: String { problems.map(\.description).joined(separator: "\n") }
}
