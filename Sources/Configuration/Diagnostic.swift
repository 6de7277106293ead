/// An error or a warning as the parser reports it: in any order, and not yet made fit to print,
/// because a hostile file has hundreds of thousands.
struct Diagnostic: Equatable, Sendable {
  let severity: ConfigurationProblem.Severity
  let location: Location
  let message: String

  init(_ severity: ConfigurationProblem.Severity, at location: Location, _ message: String) {
    self.severity = severity
    self.location = location
    self.message = message
  }
}

/// An error of a text, which belongs to no key.
struct TextError: Equatable, Sendable {
  let position: Position
  let message: String

  init(at position: Position, _ message: String) {
    self.position = position
    self.message = message
  }
}

extension [Diagnostic] {
  /// In the order of the files and of their lines: the first `ConfigurationProblem.maximumReported`,
  /// then a line about the file `main` that counts the others. Warnings are left out before errors.
  func problems(of main: SourceFile) -> [ConfigurationProblem] {
    let sorted = enumerated().sorted {
      let (left, right) = ($0.element.location, $1.element.location)
      return (left.file.index, left.position, $0.offset)
        < (right.file.index, right.position, $1.offset)
    }.map(\.element)
    let errors = count { $0.severity == .error }
    var roomForErrors = ConfigurationProblem.maximumReported
    var roomForWarnings = Swift.max(0, ConfigurationProblem.maximumReported - errors)
    let kept = sorted.filter { diagnostic in
      switch diagnostic.severity {
      case .error:
        roomForErrors -= 1
        return roomForErrors >= 0
      case .warning:
        roomForWarnings -= 1
        return roomForWarnings >= 0
      }
    }
    let problems = kept.map { diagnostic in
      ConfigurationProblem(
        file: diagnostic.location.file.shownPath, position: diagnostic.location.position,
        severity: diagnostic.severity,
        path: diagnostic.location.path, message: diagnostic.message)
    }
    guard kept.count < count else { return problems }
    let omitted = ConfigurationProblem(
      file: main.shownPath, position: nil, severity: errors > 0 ? .error : .warning,
      message: "\(count - kept.count) more problems are not shown; correct these and check again")
    return problems + [omitted]
  }
}
