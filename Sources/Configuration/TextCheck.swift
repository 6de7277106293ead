/// What keeps bytes from being a text that YAML could be written in.
enum TextCheck {
  static func complaint(about bytes: [UInt8], limit: Int) -> YAMLComplaint? {
    guard bytes.count <= limit else {
      return YAMLComplaint(
        position: .start, message: "the text is longer than \(limit) bytes; make it shorter")
    }
    if bytes.isEmpty {
      return YAMLComplaint(
        position: .start, message: "the file is empty; write at least `domains` with one mapping")
    }
    if bytes.starts(with: [0xff, 0xfe]) || bytes.starts(with: [0xfe, 0xff]) {
      return YAMLComplaint(
        position: .start, message: "the file is written in UTF-16; save it as UTF-8")
    }
    if let nul = bytes.firstIndex(of: 0) {
      return YAMLComplaint(
        position: position(of: nul, in: bytes),
        message: "there is a NUL byte here, so this is no text; is it the right file?")
    }
    if let invalid = firstInvalidByte(in: bytes) {
      return YAMLComplaint(
        position: position(of: invalid, in: bytes),
        message: """
          the byte 0x\(String(bytes[invalid], radix: 16)) here is not UTF-8; save the file as \
          UTF-8, or is it the right file?
          """)
    }
    return nil
  }

  /// The index of the first byte that is no part of a character in UTF-8.
  private static func firstInvalidByte(in bytes: [UInt8]) -> Int? {
    if String(validating: bytes, as: UTF8.self) != nil { return nil }
    var decoder = Unicode.UTF8.ForwardParser()
    var iterator = bytes.makeIterator()
    var valid = 0
    // Every step but the last takes at least one byte.
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
    // Continuation bytes begin no character.
    let column = bytes[lineStart..<index].count { $0 & 0xc0 != 0x80 } + 1
    return Position(line: line, column: column)
  }
}
