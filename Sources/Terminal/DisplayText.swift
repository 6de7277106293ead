import RolloutCore

/// Text measured and cut by the columns that it takes on a terminal.
///
/// A column is what one Latin letter takes. East Asian characters and emoji take two, marks that
/// combine with the letter before them take none.
package enum DisplayText {
  /// What stands for a part that was left out.
  private static let ellipsis = "…"

  /// The text as one line that a terminal shows as it is: a line end, a tab or a row of spaces
  /// becomes one space, and every character that could move the cursor, change colours, or hide or
  /// reverse other text becomes U+FFFD. AWS, a proxy or an edge may send anything.
  package static func singleLine(_ text: String) -> String {
    var line = String.UnicodeScalarView()
    for scalar in text.unicodeScalars {
      if scalar.properties.isWhitespace {
        if let last = line.last, last != " " { line.append(" ") }
      } else {
        line.append(scalar.isPrintable ? scalar : "\u{FFFD}")
      }
    }
    if line.last == " " { line.removeLast() }
    return String(line)
  }

  /// The columns that a text without control characters takes.
  package static func columns(_ text: some StringProtocol) -> Int {
    text.unicodeScalars.reduce(0) { $0 + columns($1) }
  }

  private static func columns(_ scalar: Unicode.Scalar) -> Int {
    // Most of all text.
    if scalar.value < 0x300 { return 1 }
    switch scalar.properties.generalCategory {
    case .nonspacingMark, .enclosingMark, .format: return 0
    default: break
    }
    // Vowels and final consonants of Korean that join the letter before them.
    if (0x1160...0x11ff).contains(scalar.value) { return 0 }
    return scalar.properties.isEmojiPresentation || isWide(scalar.value) ? 2 : 1
  }

  /// The blocks that are wide or full-width throughout (Unicode Standard Annex 11).
  private static func isWide(_ value: UInt32) -> Bool {
    switch value {
    case 0x1100...0x115f, 0x2329...0x232a, 0x2e80...0x303e, 0x3041...0x33ff, 0x3400...0x4dbf,
      0x4e00...0x9fff, 0xa000...0xa4cf, 0xa960...0xa97f, 0xac00...0xd7a3, 0xf900...0xfaff,
      0xfe30...0xfe6f, 0xff00...0xff60, 0xffe0...0xffe6, 0x1f300...0x1f64f, 0x1f900...0x1f9ff,
      0x20000...0x3fffd:
      true
    default: false
    }
  }

  /// Where a text that is too long loses a part.
  package enum Cut: Sendable {
    case end
    /// Both ends say something: a domain's first label and its zone.
    case middle
  }

  /// The text, or as much of it as fits with `…` for the rest.
  package static func shortened(
    _ text: String, to limit: Int, cut: Cut = .end
  ) -> String {
    guard columns(text) > limit else { return text }
    let room = limit - 1
    guard room > 0 else { return String(ellipsis.prefix(max(0, limit))) }
    switch cut {
    case .end: return prefix(text, columns: room) + ellipsis
    case .middle:
      let tail = suffix(text, columns: room / 2)
      return prefix(text, columns: room - columns(tail)) + ellipsis + tail
    }
  }

  private static func prefix(_ text: String, columns limit: Int) -> String {
    var taken = 0
    return String(
      text.prefix {
        taken += columns(String($0))
        return taken <= limit
      })
  }

  private static func suffix(_ text: String, columns limit: Int) -> String {
    String(prefix(String(text.reversed()), columns: limit).reversed())
  }

  /// The text with spaces behind it up to a number of columns.
  package static func padded(_ text: String, to limit: Int) -> String {
    text + String(repeating: " ", count: max(0, limit - columns(text)))
  }

  /// The text in lines of at most `limit` columns, broken between words, and within one that is longer.
  package static func wrapped(_ text: String, to limit: Int) -> [String] {
    let limit = max(1, limit)
    var lines: [String] = []
    var line = ""
    for word in text.split(separator: " ").map(String.init) {
      if !line.isEmpty, columns(line) + 1 + columns(word) <= limit {
        line += " " + word
        continue
      }
      if !line.isEmpty { lines.append(line) }
      line = word
      while columns(line) > limit {
        // One character may be wider than the line: any number of Korean consonants make one.
        let count = max(1, prefix(line, columns: limit).count)
        lines.append(String(line.prefix(count)))
        line = String(line.dropFirst(count))
      }
    }
    return lines + (line.isEmpty && !lines.isEmpty ? [] : [line])
  }
}
