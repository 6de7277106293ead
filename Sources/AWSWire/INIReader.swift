/// Reads the lines of a shared AWS file in order.
struct INIReader {
  private typealias Scalars = Substring.UnicodeScalarView

  private(set) var sections: [String: INIFile.Section] = [:]
  private(set) var strayProblem: String?
  /// The section that the next key belongs to.
  private var section: String?
  /// The last key, which deeper lines continue, and its indentation.
  private var key: (name: String, indent: Int)?

  /// - Parameter place: the file and the number of the line, for problems.
  mutating func read(_ bytes: ArraySlice<UInt8>, at place: String) {
    let text = String(decoding: bytes, as: UTF8.self)
    let line = Substring(text).unicodeScalars
    let content = trimmed(line)
    guard let first = content.first, first != "#", first != ";" else { return }
    let indent = line.prefix(while: isBlank).count
    if String(validating: bytes, as: UTF8.self) == nil {
      if first == "[" { begin("") }
      return report("\(place): the line is not UTF-8: save the file as UTF-8")
    }
    if let key, indent > key.indent {
      continueValue(of: key.name, with: content, at: place)
    } else if first == "[" {
      readHeader(content, at: place)
    } else {
      readKey(content, indent: indent, at: place)
    }
  }

  /// A header without `]` begins its section, too: otherwise its keys would belong to the section
  /// before it. Text after `]` is ignored.
  private mutating func readHeader(_ content: Scalars, at place: String) {
    let end = content.firstIndex(of: "]")
    let content = end == nil ? withoutComment(content) : content
    let inside = content[content.index(after: content.startIndex)..<(end ?? content.endIndex)]
    let words = inside.split(maxSplits: 1, whereSeparator: isBlank)
      .map { unquoted(trimmed($0)) }
    begin(words.joined(separator: " "))
    if end == nil { report("\(place): a section begins with [ and has no ]: add it") }
  }

  private mutating func begin(_ name: String) {
    section = name
    key = nil
    if sections[name] == nil { sections[name] = INIFile.Section() }
  }

  private mutating func readKey(_ content: Scalars, indent: Int, at place: String) {
    key = nil
    guard let section else {
      return report("\(place): there is a key before the first [section]: move it below one")
    }
    guard let (name, value) = pair(content) else { return report("\(place): \(noPair)") }
    key = (name, indent)
    sections[section]?.values[name] = value
    // The last value of a repeated key counts, also when only the earlier one was nested.
    sections[section]?.nested[name] = nil
  }

  /// As in botocore, text below an empty value is a nested section, and text below another value is
  /// part of that value.
  private mutating func continueValue(of name: String, with content: Scalars, at place: String) {
    guard let section, let value = sections[section]?.values[name] else { return }
    if !value.isEmpty {
      let longer = value + "\n" + String(trimmed(withoutComment(content)))
      sections[section]?.values[name] = longer
    } else if let (inner, value) = pair(content) {
      sections[section]?.nested[name, default: [:]].updateValue(value, forKey: inner)
    } else {
      report("\(place): \(noPair)")
    }
  }

  private let noPair =
    "the line is not a [section], a comment or \"key = value\": "
    + "correct it, or begin it with #"

  /// Keeps the first problem of the section, or of the file when the section is not known.
  private mutating func report(_ problem: String) {
    guard let section, !section.isEmpty else {
      strayProblem = strayProblem ?? problem
      return
    }
    if sections[section]?.problem == nil { sections[section]?.problem = problem }
  }

  // MARK: Parts of a line

  /// The key in lower case and the value. The first `=` or `:` separates them.
  private func pair(_ content: Scalars) -> (key: String, value: String)? {
    guard let separator = content.firstIndex(where: { $0 == "=" || $0 == ":" }) else { return nil }
    let key = String(trimmed(content[..<separator])).lowercased()
    if key.isEmpty { return nil }
    let value = withoutComment(content[content.index(after: separator)...])
    return (key, String(trimmed(value)))
  }

  /// A comment after a value begins with white space.
  private func withoutComment(_ text: Scalars) -> Scalars {
    var follows = false
    for index in text.indices {
      let scalar = text[index]
      if scalar == "#" || scalar == ";", follows { return text[..<index] }
      follows = isBlank(scalar)
    }
    return text
  }

  /// White space as Python's `strip` removes it, such as a no-break space.
  private func isBlank(_ scalar: Unicode.Scalar) -> Bool {
    scalar.properties.isWhitespace || (0x1c...0x1f).contains(scalar.value)
  }

  private func trimmed(_ text: Scalars) -> Scalars {
    let start = text.drop(while: isBlank)
    guard let last = start.lastIndex(where: { !isBlank($0) }) else { return start.prefix(0) }
    return start[...last]
  }

  private func unquoted(_ text: Scalars) -> String {
    let isQuoted =
      text.count >= 2 && text.first == text.last && (text.first == "\"" || text.first == "'")
    return String(isQuoted ? text.dropFirst().dropLast() : text)
  }
}
