/// One reading of one file: what it may ask of its surroundings, and what it found wrong.
final class Reading {
  let environment: [String: String]
  /// What keeps a file from being read, in a few words; nil when nothing does.
  let fileTrouble: (String) -> String?
  private(set) var findings: [Finding] = []

  init(environment: [String: String], fileTrouble: @escaping (String) -> String?) {
    self.environment = environment
    self.fileTrouble = fileTrouble
  }

  func report(_ severity: Problem.Severity = .error, at place: Place, _ message: String) {
    findings.append(Finding(severity: severity, place: place, message: message))
  }

  /// Reports what is wrong with a value. What came from the environment is not shown, and
  /// neither is a sentence that may quote it.
  func report(_ malformed: Malformed, of text: ExpandedText, at place: Place) {
    let shown = text.written.quoted()
    if text.isFromEnvironment, malformed.quotesText {
      report(
        at: place,
        """
        the value of \(shown) is not \(malformed.kind); correct the environment variable \
        (what it holds is not shown here)
        """)
    } else {
      report(at: place, "\(shown) is not \(malformed.kind): \(malformed.problem)")
    }
  }

  /// A single value with its variables expanded, or nil after a report.
  func text(of node: YAMLNode, at place: Place, as kind: String) -> ExpandedText? {
    guard case .scalar(let written, _) = node.content else {
      if node.content != .unusable {
        report(at: place, "\(node.kind) stands where \(kind) must; write a single value")
      }
      return nil
    }
    if node.isNull {
      report(at: place, "there is no value; write \(kind), or remove the key")
      return nil
    }
    do throws(UnexpandedText) {
      let text = try ExpandedText(expanding: written, environment: environment)
      if text.text.unicodeScalars.contains(where: { $0.properties.generalCategory == .control }) {
        report(
          Malformed(kind, "it holds a control character, such as a line break; remove it"),
          of: text, at: place)
        return nil
      }
      return text
    } catch {
      for problem in error.problems { report(at: place, problem) }
      return nil
    }
  }

  /// A single value, parsed; nil after a report.
  func value<Value>(
    of node: YAMLNode, at place: Place, as kind: String,
    _ parse: (String) throws(Malformed) -> Value
  ) -> Located<Value>? {
    guard let text = text(of: node, at: place, as: kind) else { return nil }
    do throws(Malformed) {
      return Located(value: try parse(text.text), shown: text.written.quoted(), place: place)
    } catch {
      report(error, of: text, at: place)
      return nil
    }
  }
}
