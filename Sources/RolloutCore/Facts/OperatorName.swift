/// Who gave an order at the command line, as the history names them.
///
/// The name comes from the environment or from the state file, so that any text is possible: it is
/// shortened, and characters that a terminal would obey are written as escapes.
package struct OperatorName: Hashable, Sendable, CustomStringConvertible {
  package let text: String

  /// Scalars of the name: the longest name of a Linux account has 32.
  package static let maximumLength = 64

  package init(escaping raw: String) {
    let scalars = raw.unicodeScalars
    if scalars.isEmpty {
      text = "unknown"
    } else if scalars.count <= OperatorName.maximumLength {
      text = OperatorName.bounded(raw.printable)
    } else {
      let start = String(String.UnicodeScalarView(scalars.prefix(OperatorName.maximumLength)))
      text = OperatorName.bounded(start.printable + "…")
    }
  }

  private static func bounded(_ text: String) -> String {
    let scalars = text.unicodeScalars
    if scalars.count <= maximumLength { return text }
    return String(String.UnicodeScalarView(scalars.prefix(maximumLength - 1))) + "…"
  }

  package var description: String { text }
}
