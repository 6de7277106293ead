/// Writes texts as values of a configuration file.
package enum YAMLText {
  /// The text as a scalar that reads back as it is, in block and in flow style: quoted unless it can
  /// be taken for nothing else, and with every `$` doubled, so that nothing is expanded.
  package static func scalar(_ text: String) -> String {
    expandedScalar(text.replacing("$", with: "$$"))
  }

  /// The same for a text whose `${NAME}` are to be expanded when it is read.
  package static func expandedScalar(_ text: String) -> String {
    isPlain(text) ? text : quoted(text)
  }

  /// Whether YAML 1.1 and 1.2 read it as this text without quotation marks. A number, a date, a list
  /// item or an indicator does not begin with a letter.
  private static func isPlain(_ text: String) -> Bool {
    guard let first = text.utf8.first, isLetter(first), let last = text.utf8.last,
      last != UInt8(ascii: ":"), !words.contains(text.lowercased())
    else { return false }
    return text.utf8.allSatisfy { byte in
      isLetter(byte) || (0x30...0x39).contains(byte) || signs.utf8.contains(byte)
    }
  }

  /// Those that are indicators only at the beginning, or with a space beside them.
  private static let signs = "-._/:@+="
  /// What YAML 1.1 reads as a truth value or as nothing.
  private static let words: Set<String> = [
    "y", "n", "yes", "no", "on", "off", "true", "false", "null",
  ]

  private static func isLetter(_ byte: UInt8) -> Bool {
    (0x41...0x5a).contains(byte) || (0x61...0x7a).contains(byte)
  }

  private static func quoted(_ text: String) -> String {
    var quoted = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"", "\\": quoted += "\\\(scalar)"
      case _ where scalar.isPrintable: quoted.unicodeScalars.append(scalar)
      default:
        let digits = String(scalar.value, radix: 16)
        quoted += "\\U" + String(repeating: "0", count: 8 - digits.count) + digits
      }
    }
    return quoted + "\""
  }
}
