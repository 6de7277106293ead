/// One word or sign of Swift source.
struct Token: Equatable, Sendable {
  enum Kind: Sendable {
    /// A keyword is an identifier too.
    case identifier
    case number
    /// A string literal, without its text.
    case string
    case sign
  }

  let kind: Kind
  let text: String
  let line: Int
  /// Whether white space or a comment stands before it.
  let isSpaced: Bool

  var isIdentifier: Bool { kind == .identifier }
}

/// Splits source into tokens. Comments and the text of string literals are left out; the code of
/// an interpolation stays, in parentheses after its string. Regex literals are not known.
struct Lexer {
  private let bytes: [UInt8]
  private var index = 0
  private var line = 1
  private var isSpaced = true
  private var tokens: [Token] = []

  static func tokens(of source: String) -> [Token] {
    var lexer = Lexer(bytes: Array(source.utf8))
    lexer.readCode(isInterpolation: false)
    return lexer.tokens
  }

  private init(bytes: [UInt8]) { self.bytes = bytes }

  /// An interpolation ends at the parenthesis that closes it.
  private mutating func readCode(isInterpolation: Bool) {
    var depth = 0
    while index < bytes.count {
      let byte = bytes[index]
      switch byte {
      case UInt8(ascii: "\n"):
        line += 1
        skip(1)
      case UInt8(ascii: " "), UInt8(ascii: "\t"), UInt8(ascii: "\r"): skip(1)
      case UInt8(ascii: "/") where follows("//"): skipLine()
      case UInt8(ascii: "/") where follows("/*"): skipBlockComment()
      case UInt8(ascii: "\""): readString(hashes: 0)
      case UInt8(ascii: "#"): readHash()
      case UInt8(ascii: "`"): readEscapedIdentifier()
      case _ where Lexer.isWord(byte): readWord()
      case _ where Lexer.isOperator(byte) || follows("..<") || follows("..."): readOperator()
      default:
        if byte == UInt8(ascii: "(") { depth += 1 }
        if byte == UInt8(ascii: ")") { depth -= 1 }
        add(.sign, to: index + 1)
        if isInterpolation, depth == 0 { return }
      }
    }
  }

  private func follows(_ text: StaticString) -> Bool {
    guard index + text.utf8CodeUnitCount <= bytes.count else { return false }
    for offset in 0..<text.utf8CodeUnitCount
    where bytes[index + offset] != text.utf8Start[offset] { return false }
    return true
  }

  private mutating func skip(_ count: Int) {
    index += count
    isSpaced = true
  }

  private mutating func add(_ kind: Token.Kind, to end: Int) {
    let text = String(decoding: bytes[index..<end], as: UTF8.self)
    tokens.append(Token(kind: kind, text: text, line: line, isSpaced: isSpaced))
    index = end
    isSpaced = false
  }

  private mutating func skipLine() {
    while index < bytes.count, bytes[index] != UInt8(ascii: "\n") { skip(1) }
  }

  private mutating func skipBlockComment() {
    var depth = 0
    repeat {
      if follows("/*") {
        depth += 1
        skip(2)
      } else if follows("*/") {
        depth -= 1
        skip(2)
      } else {
        if bytes[index] == UInt8(ascii: "\n") { line += 1 }
        skip(1)
      }
    } while depth > 0 && index < bytes.count
  }

  /// `#"`, or the `#` of `#filePath`.
  private mutating func readHash() {
    var end = index
    while end < bytes.count, bytes[end] == UInt8(ascii: "#") { end += 1 }
    guard end < bytes.count, bytes[end] == UInt8(ascii: "\"") else {
      return add(.sign, to: index + 1)
    }
    let hashes = end - index
    index = end
    readString(hashes: hashes)
  }

  private mutating func readString(hashes: Int) {
    tokens.append(Token(kind: .string, text: "\"\"", line: line, isSpaced: isSpaced))
    isSpaced = false
    let quotes = follows("\"\"\"") ? 3 : 1
    index += quotes
    while index < bytes.count {
      let byte = bytes[index]
      if byte == UInt8(ascii: "\\"), hasHashes(hashes, at: index + 1) {
        index += 1 + hashes
        if index < bytes.count, bytes[index] == UInt8(ascii: "(") {
          readCode(isInterpolation: true)
        } else {
          if index < bytes.count, bytes[index] == UInt8(ascii: "\n") { line += 1 }
          index += 1
        }
      } else if byte == UInt8(ascii: "\""), quotes == 1 || follows("\"\"\""),
        hasHashes(hashes, at: index + quotes)
      {
        index += quotes + hashes
        return
      } else {
        if byte == UInt8(ascii: "\n") { line += 1 }
        index += 1
      }
    }
  }

  private func hasHashes(_ count: Int, at start: Int) -> Bool {
    guard start + count <= bytes.count else { return false }
    for offset in 0..<count where bytes[start + offset] != UInt8(ascii: "#") { return false }
    return true
  }

  private mutating func readEscapedIdentifier() {
    index += 1
    var end = index
    while end < bytes.count, bytes[end] != UInt8(ascii: "`") { end += 1 }
    add(.identifier, to: end)
    index = min(end + 1, bytes.count)
  }

  private mutating func readWord() {
    var end = index
    while end < bytes.count, Lexer.isWord(bytes[end]) { end += 1 }
    // `$name` is the projection of `name`; `$0` is a closure's argument.
    if bytes[index] == UInt8(ascii: "$"), index + 1 < end { index += 1 }
    let isNumber = bytes[index] >= UInt8(ascii: "0") && bytes[index] <= UInt8(ascii: "9")
    add(isNumber ? .number : .identifier, to: end)
  }

  private mutating func readOperator() {
    var end = index
    let hasDots = bytes[index] == UInt8(ascii: ".")
    while end < bytes.count,
      Lexer.isOperator(bytes[end]) || hasDots && bytes[end] == UInt8(ascii: ".")
    {
      end += 1
    }
    add(.sign, to: end)
  }

  private static func isWord(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "$"), 0x80...:
      true
    default: false
    }
  }

  private static func isOperator(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "="), UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: "*"),
      UInt8(ascii: "/"), UInt8(ascii: "<"), UInt8(ascii: ">"), UInt8(ascii: "!"),
      UInt8(ascii: "&"), UInt8(ascii: "|"), UInt8(ascii: "^"), UInt8(ascii: "~"),
      UInt8(ascii: "?"), UInt8(ascii: "%"):
      true
    default: false
    }
  }
}
