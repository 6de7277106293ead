/// Removes user names, passwords and queries from whatever looks like a URL, well-formed or not.
enum URLCredentials {
  private static let schemeEnd = Array("://".utf8)
  private static let at = UInt8(ascii: "@")
  private static let placeholder = Array(Redaction.placeholder.utf8)

  static func removed(from text: [UInt8]) -> [UInt8] {
    if !mayHoldURL(text) { return text }
    var cleaned: [UInt8] = []
    for line in text.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false) {
      if !cleaned.isEmpty || line.startIndex > 0 { cleaned.append(UInt8(ascii: "\n")) }
      cleaned += withoutUserInfo(withoutURLSecrets(Array(line)))
    }
    return cleaned
  }

  /// Most texts do not, and the search for a sequence is slow.
  private static func mayHoldURL(_ text: [UInt8]) -> Bool {
    var length = 0
    for byte in text {
      if byte == at { return true }
      length = byte == schemeEnd[length] ? length + 1 : byte == schemeEnd[0] ? 1 : 0
      if length == schemeEnd.count { return true }
    }
    return false
  }

  // MARK: With a scheme

  private static func withoutURLSecrets(_ line: [UInt8]) -> [UInt8] {
    var cleaned: [UInt8] = []
    var rest = line[...]
    while let mark = rest.firstRange(of: schemeEnd) {
      cleaned += rest[..<mark.upperBound]
      let quote = quote(before: mark.lowerBound, in: line)
      rest = rest[mark.upperBound...]
      if let end = endOfUserInfo(in: rest, quote: quote) {
        cleaned += placeholder
        rest = rest[end...]
      }
      // What follows ? may hold a signature or a token.
      let token = rest.prefix { !isBlank($0) && !isQuote($0) && !"<>)".utf8.contains($0) }
      guard let query = token.firstIndex(of: UInt8(ascii: "?")), query + 1 < token.endIndex,
        token[..<query].firstRange(of: schemeEnd) == nil
      else { continue }
      cleaned += rest[...query] + placeholder
      rest = rest[token.endIndex...]
    }
    return cleaned + rest
  }

  /// The index of the @ that ends the user name and the password; nil when there are none. Both may contain
  /// any character: the last @ of the word counts, or of the quoted text, or of the line when a password has
  /// begun that contains a space.
  private static func endOfUserInfo(in rest: ArraySlice<UInt8>, quote: UInt8?) -> Int? {
    if let quote, let end = rest.lastIndex(of: quote),
      let found = rest[..<end].lastIndex(of: at)
    {
      return found
    }
    let word = rest.prefix { !isBlank($0) }
    if let found = word.lastIndex(of: at) { return found }
    let authority = word.prefix { !"/?#".utf8.contains($0) }
    guard let colon = authority.firstIndex(of: UInt8(ascii: ":")),
      authority.first != UInt8(ascii: "[")
    else { return nil }
    let isPort = authority[(colon + 1)...].prefix { !isQuote($0) && !",;.)".utf8.contains($0) }
      .allSatisfy { (0x30...0x39).contains($0) }
    return isPort ? nil : rest.lastIndex(of: at)
  }

  /// The quotation mark directly before the scheme that ends at an index.
  private static func quote(before end: Int, in line: [UInt8]) -> UInt8? {
    let scheme = line[..<end].lastIndex { byte in
      switch byte {
      case 0x30...0x39, 0x41...0x5a, 0x61...0x7a, UInt8(ascii: "+"), UInt8(ascii: "-"),
        UInt8(ascii: "."):
        false
      default: true
      }
    }
    return scheme.flatMap { isQuote(line[$0]) ? line[$0] : nil }
  }

  // MARK: Without a scheme

  /// `user:password@host`. The name of an assumed role's session may hold an @ and stays.
  private static func withoutUserInfo(_ line: [UInt8]) -> [UInt8] {
    var cleaned: [UInt8] = []
    var rest = line[...]
    while let found = rest.firstIndex(of: at) {
      let word = rest[..<found].suffix(while: {
        !isBlank($0) && !isQuote($0) && !"<(".utf8.contains($0)
      })
      let last = rest[found...].prefix { !isBlank($0) && !isQuote($0) }.lastIndex(of: at) ?? found
      let start = startOfUserInfo(word: word, in: rest[..<found])
      if let start, !rest[start..<found].reversed().starts(with: placeholder.reversed()) {
        cleaned += rest[..<start] + placeholder + [at]
      } else {
        cleaned += rest[...last]
      }
      rest = rest[(last + 1)...]
    }
    return cleaned + rest
  }

  private static func startOfUserInfo(
    word: ArraySlice<UInt8>, in before: ArraySlice<UInt8>
  ) -> Int? {
    if word.contains(UInt8(ascii: ":")) {
      return word.firstRange(of: "arn:aws".utf8) == nil ? word.startIndex : nil
    }
    // A quoted text that begins with a user name, and whose password has a space.
    guard let quote = before.lastIndex(where: isQuote),
      quote == before.startIndex || !isWord(before[quote - 1]),
      before[quote...].contains(UInt8(ascii: ":"))
    else { return nil }
    return quote + 1
  }

  private static func isWord(_ byte: UInt8) -> Bool { byte > 0x20 && !"=(:[{,".utf8.contains(byte) }
  private static func isBlank(_ byte: UInt8) -> Bool { byte <= 0x20 }
  private static func isQuote(_ byte: UInt8) -> Bool { "'\"`".utf8.contains(byte) }
}

extension ArraySlice {
  fileprivate func suffix(while isIncluded: (Element) -> Bool) -> ArraySlice {
    let start = lastIndex { !isIncluded($0) }.map { $0 + 1 } ?? startIndex
    return self[start...]
  }
}
