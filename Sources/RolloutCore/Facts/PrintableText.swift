extension Unicode.Scalar {
  /// Whether a terminal shows it and does nothing else: it moves no cursor, and reverses and hides
  /// nothing.
  package var isPrintable: Bool {
    switch properties.generalCategory {
    case .control, .format, .lineSeparator, .paragraphSeparator, .privateUse, .unassigned,
      .surrogate:
      false
    case .spaceSeparator: self == " "
    default: true
    }
  }
}

extension String {
  /// The text with every character that a terminal would obey written as `\u{1b}`.
  package var printable: String {
    if unicodeScalars.allSatisfy(\.isPrintable) { return self }
    var text = ""
    for scalar in unicodeScalars {
      if scalar.isPrintable {
        text.unicodeScalars.append(scalar)
      } else {
        text += "\\u{" + String(scalar.value, radix: 16) + "}"
      }
    }
    return text
  }
}
