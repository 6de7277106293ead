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

  /// An error of the text itself, which belongs to no key.
  init(at position: Position, _ message: String) {
    self.init(.error, at: Location(path: "", position: position), message)
  }
}

extension [Diagnostic] {
  /// In the order of the file: the first `ConfigurationProblem.maximumReported`, then a line
  /// that counts the others. Warnings are left out before errors.
  func problems(of file: String) -> [ConfigurationProblem] {
    let sorted = enumerated().sorted {
      let (left, right) = ($0.element.location.position, $1.element.location.position)
      return left == right ? $0.offset < $1.offset : left < right
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
        file: file, position: diagnostic.location.position, severity: diagnostic.severity,
        path: diagnostic.location.path, message: diagnostic.message)
    }
    guard kept.count < count else { return problems }
    let omitted = ConfigurationProblem(
      file: file, position: nil, severity: errors > 0 ? .error : .warning,
      message: "\(count - kept.count) more problems are not shown; correct these and check again")
    return problems + [omitted]
  }
}
