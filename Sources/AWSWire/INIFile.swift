/// Parses the format of the shared AWS files as the SDKs do: `[section]`, `key = value`, and comments
/// after `#` and `;`. Lines that are indented deeper than the key before them belong to that key and
/// are ignored.
///
/// Repeated sections are merged, and the last value of a repeated key counts. Errors name the line and
/// do not show its content.
struct INIFile {
  private(set) var sections: [String: [String: String]] = [:]

  init(parsing bytes: [UInt8], path: String) throws(UnreadableFile) {
    guard let text = String(validating: bytes, as: UTF8.self) else {
      throw UnreadableFile("\(path) is not UTF-8: save it as plain text")
    }
    let lines = text.drop { $0 == "\u{feff}" }.split(
      omittingEmptySubsequences: false, whereSeparator: \.isNewline)
    var reader = LineReader()
    for (index, line) in lines.enumerated() {
      do throws(LineReader.Problem) {
        try reader.read(line)
      } catch {
        throw UnreadableFile("\(path):\(index + 1): \(error.description)")
      }
    }
    sections = reader.sections
  }
}

private struct LineReader {
  struct Problem: Error { let description: String }

  private(set) var sections: [String: [String: String]] = [:]
  private var section: String?
  /// The indentation of the last key. Lines with a deeper one continue its value.
  private var keyIndent: Int?

  mutating func read(_ line: Substring) throws(Problem) {
    let content = trimmed(line)
    guard let first = content.first, first != "#", first != ";" else { return }
    let indent = line.prefix(while: isBlank).count
    if let keyIndent, indent > keyIndent { return }
    if first == "[" {
      try readHeader(content)
    } else {
      try readKey(content)
      keyIndent = indent
    }
  }

  private mutating func readHeader(_ content: Substring) throws(Problem) {
    guard let end = content.firstIndex(of: "]") else {
      throw Problem(description: "a section begins with [ and has no ]")
    }
    let tail = trimmed(content[content.index(after: end)...])
    guard tail.isEmpty || tail.hasPrefix("#") || tail.hasPrefix(";") else {
      throw Problem(description: "text after the ] of a section")
    }
    let words = content[..<end].dropFirst().split(maxSplits: 1, whereSeparator: isBlank)
      .map { unquoted(trimmed($0)) }
    let name = words.joined(separator: " ")
    section = name
    keyIndent = nil
    if sections[name] == nil { sections[name] = [:] }
  }

  private mutating func readKey(_ content: Substring) throws(Problem) {
    guard let equals = content.firstIndex(of: "=") else {
      throw Problem(description: "this is not a [section], a comment or \"key = value\"")
    }
    guard let section else {
      throw Problem(description: "there is a key before the first [section]")
    }
    let key = trimmed(content[..<equals]).lowercased()
    guard !key.isEmpty else { throw Problem(description: "there is no key before the =") }
    let value = withoutComment(content[content.index(after: equals)...])
    sections[section, default: [:]][key] = String(trimmed(value))
  }

  /// A comment after a value begins with white space.
  private func withoutComment(_ value: Substring) -> Substring {
    var previous: Character = "="
    for index in value.indices {
      let character = value[index]
      if character == "#" || character == ";", isBlank(previous) { return value[..<index] }
      previous = character
    }
    return value
  }

  private func isBlank(_ character: Character) -> Bool { character == " " || character == "\t" }

  private func trimmed(_ text: Substring) -> Substring {
    let start = text.drop(while: isBlank)
    guard let last = start.lastIndex(where: { !isBlank($0) }) else {
      return start[..<start.startIndex]
    }
    return start[...last]
  }

  private func unquoted(_ text: Substring) -> Substring {
    for quote in ["\"", "'"] where text.count >= 2 && text.hasPrefix(quote) && text.hasSuffix(quote)
    {
      return text.dropFirst().dropLast()
    }
    return text
  }
}
