internal import Redaction

extension String {
  /// The text in double quotes, cut to `limit` Unicode scalars, with control characters and
  /// invisible characters escaped, and without the user name and the password of a URL.
  func quoted(limit: Int = 200) -> String {
    "\"\(Redaction.output(self).onOneLine(limit: limit))\""
  }

  /// The text cut to `limit` Unicode scalars, with every character escaped that could end the
  /// line or control a terminal.
  func onOneLine(limit: Int) -> String {
    var line = ""
    for scalar in unicodeScalars.prefix(limit) {
      if scalar.isPrintable {
        line.unicodeScalars.append(scalar)
      } else {
        line += "\\u{\(String(scalar.value, radix: 16))}"
      }
    }
    return unicodeScalars.dropFirst(limit).isEmpty ? line : line + "…"
  }
}

extension Unicode.Scalar {
  var isControl: Bool {
    isASCII ? value < 0x20 || value == 0x7f : properties.generalCategory == .control
  }

  /// Whether it is visible: not a control character, a line separator or a change of direction.
  var isPrintable: Bool {
    if isASCII { return (0x20..<0x7f).contains(value) }
    return switch properties.generalCategory {
    case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .privateUse,
      .unassigned:
      false
    default: true
    }
  }
}
