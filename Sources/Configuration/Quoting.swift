extension String {
  /// The text in double quotes, safe to print: at most `limit` Unicode scalars of it, with
  /// control characters and invisible ones escaped.
  func quoted(limit: Int = 200) -> String {
    "\"\(onOneLine(limit: limit))\""
  }

  /// At most `limit` Unicode scalars, none of which could end the line or command a terminal.
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
  /// Whether it shows as itself: no control, no line separator, no change of direction.
  var isPrintable: Bool {
    switch properties.generalCategory {
    case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .privateUse,
      .unassigned:
      false
    default: true
    }
  }
}
