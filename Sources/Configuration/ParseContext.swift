internal import Redaction

/// What the parsing of a configuration may use, and what it has reported so far.
final class ParseContext {
  let environment: [String: String]
  /// Why a file cannot be read and what to do, as a predicate: `does not exist; create it`.
  /// nil when it can be read.
  let unreadableReason: (String) -> String?
  let limits: IncludeLimits
  private(set) var diagnostics: [Diagnostic] = []

  init(
    environment: [String: String], limits: IncludeLimits,
    unreadableReason: @escaping (String) -> String?
  ) {
    self.environment = environment
    self.limits = limits
    self.unreadableReason = unreadableReason
  }

  func report(_ error: TextError, in file: SourceFile) {
    report(at: Location(file: file, path: "", position: error.position), error.message)
  }

  func report(
    _ severity: ConfigurationProblem.Severity = .error, at location: Location, _ message: String
  ) {
    diagnostics.append(Diagnostic(severity, at: location, message))
  }

  /// Reports a value of the wrong structure: `node` is not what `expected` says.
  func report(_ node: YAMLNode, at location: Location, expected: String, advice: String) {
    switch node.content {
    case .alias: break  // Reported when the alias was read.
    case .scalar where node.isNull:
      let removed = location.isListEntry ? "the entry" : "the key"
      report(at: location, "there is no value; \(advice), or remove \(removed)")
    case .scalar(let written, _):
      report(at: location, "\(written.quoted()) is not \(expected); \(advice)")
    case .sequence, .mapping:
      report(at: location, "\(node.kind) is not \(expected); \(advice)")
    }
  }

  /// Reports a malformed value. A text from the environment is not shown, and neither is an
  /// explanation that may quote it.
  func report(_ malformed: Malformed, of text: ExpandedText, at location: Location) {
    let shown = text.written.quoted()
    if text.isFromEnvironment, malformed.quotesText {
      report(
        at: location,
        """
        the value of \(shown) is not \(malformed.kind); correct the environment variable \
        (its value is not shown here)
        """)
    } else if Redaction.output(text.written) != text.written {
      // The explanation may quote a part of the password.
      report(
        at: location,
        "\(shown) is not \(malformed.kind): it contains a user name or a password; remove it")
    } else {
      report(at: location, "\(shown) is not \(malformed.kind): \(malformed.problem)")
    }
  }

  /// A single value with its variables expanded, or nil after a report.
  func text(of node: YAMLNode, at location: Location, as kind: String) -> ExpandedText? {
    guard case .scalar(let written, _) = node.content, !node.isNull else {
      let advice = node.isNull ? "write \(kind)" : "write a single value"
      report(node, at: location, expected: kind, advice: advice)
      return nil
    }
    do throws(ExpansionFailure) {
      let text = try ExpandedText(expanding: written, environment: environment)
      if text.text.unicodeScalars.contains(where: \.isControl) {
        report(
          Malformed(kind, "it contains a control character, such as a line break; remove it"),
          of: text, at: location)
        return nil
      }
      return text
    } catch {
      for message in error.messages { report(at: location, message) }
      return nil
    }
  }

  /// A single value, parsed; nil after a report.
  func value<Value>(
    of node: YAMLNode, at location: Location, as kind: String,
    _ parse: (String) throws(Malformed) -> Value
  ) -> Located<Value>? {
    guard let text = text(of: node, at: location, as: kind) else { return nil }
    do throws(Malformed) {
      return Located(value: try parse(text.text), written: text.written, location: location)
    } catch {
      report(error, of: text, at: location)
      return nil
    }
  }
}
