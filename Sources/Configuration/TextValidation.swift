/// Checks that bytes are a text in UTF-8.
enum TextValidation {
  /// The first error; nil when there is none.
  static func problem(with bytes: [UInt8], limit: Int) -> TextError? {
    guard bytes.count <= limit else {
      return TextError(at: .start, "the text is longer than \(limit) bytes; shorten it")
    }
    if bytes.isEmpty {
      return TextError(
        at: .start,
        "the file is empty; write at least `domains`: \(FileMappings.domainsAdvice)")
    }
    if bytes.starts(with: [0xff, 0xfe]) || bytes.starts(with: [0xfe, 0xff]) {
      return TextError(at: .start, "the file is encoded in UTF-16; save it as UTF-8")
    }
    if let nul = bytes.firstIndex(of: 0) {
      return TextError(
        at: position(of: nul, in: bytes),
        "the file contains a NUL byte, so it is not a text; check that it is the right file")
    }
    if let invalid = firstInvalidByte(in: bytes) {
      return TextError(
        at: position(of: invalid, in: bytes),
        """
        the byte 0x\(String(bytes[invalid], radix: 16)) is not valid UTF-8; save the file as \
        UTF-8, and check that it is the right file
        """)
    }
    return nil
  }

  /// The index of the first byte that is not a part of a valid character.
  private static func firstInvalidByte(in bytes: [UInt8]) -> Int? {
    if String(validating: bytes, as: UTF8.self) != nil { return nil }
    var decoder = Unicode.UTF8.ForwardParser()
    var iterator = bytes.makeIterator()
    var valid = 0
    // Every step but the last consumes at least one byte, so the loop ends.
    while true {
      switch decoder.parseScalar(from: &iterator) {
      case .valid(let encoded): valid += encoded.count
      case .error: return valid
      case .emptyInput: return nil
      }
    }
  }

  private static func position(of index: Int, in bytes: [UInt8]) -> Position {
    let before = bytes[..<index]
    let line = before.count { $0 == UInt8(ascii: "\n") } + 1
    let lineStart = before.lastIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? 0
    // Continuation bytes do not begin a character.
    let column = bytes[lineStart..<index].count { $0 & 0xc0 != 0x80 } + 1
    return Position(line: line, column: column)
  }
}
