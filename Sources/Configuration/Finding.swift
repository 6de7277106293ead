/// A problem as it is found, in any order and without the care that printing takes: a hostile
/// file has hundreds of thousands.
struct Finding {
  let severity: Problem.Severity
  let place: Place
  let message: String
}

extension [Finding] {
  /// In the order of the file, at most `Problem.maximumReported` of them and then a line with
  /// the number left out. Errors are never left out in favour of warnings.
  func problems(of file: String) -> [Problem] {
    let sorted = enumerated().sorted {
      let (left, right) = ($0.element.place.position, $1.element.place.position)
      return left == right ? $0.offset < $1.offset : left < right
    }.map(\.element)
    let errors = count { $0.severity == .error }
    var roomForErrors = Problem.maximumReported
    var roomForWarnings = Swift.max(0, Problem.maximumReported - errors)
    let kept = sorted.filter { finding in
      switch finding.severity {
      case .error:
        roomForErrors -= 1
        return roomForErrors >= 0
      case .warning:
        roomForWarnings -= 1
        return roomForWarnings >= 0
      }
    }
    let problems = kept.map { finding in
      Problem(
        file: file, position: finding.place.position, severity: finding.severity,
        path: finding.place.path, message: finding.message)
    }
    guard kept.count < count else { return problems }
    let more = Problem(
      file: file, position: nil, severity: errors > 0 ? .error : .warning,
      message: "and \(count - kept.count) more; put these right and look again")
    return problems + [more]
  }
}
