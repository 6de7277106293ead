/// Why a text is not valid JSON, and at which byte.
package struct JSONError: Error, Equatable, Sendable, CustomStringConvertible {
  package let problem: String
  /// The number of bytes before the error.
  package let offset: Int

  package var description: String { "\(problem) at byte \(offset)" }
}

extension JSONValue {
  /// Parses strict JSON in UTF-8: one value with nothing after it, no repeated names in an object, and
  /// at most `maximumDepth` levels.
  package init(parsing bytes: some Collection<UInt8>) throws(JSONError) {
    var parser = JSONParser(bytes: Array(bytes))
    self = try parser.document()
  }

  package init(parsing text: String) throws(JSONError) {
    try self.init(parsing: text.utf8)
  }

  /// The limit of nested arrays and objects, so that hostile input cannot exhaust the stack.
  package static let maximumDepth = 64
}

private struct JSONParser {
  let bytes: [UInt8]
  var position = 0
  var depth = 0

  init(bytes: [UInt8]) { self.bytes = bytes }

  mutating func document() throws(JSONError) -> JSONValue {
    let value = try value()
    skipSpace()
    if position < bytes.count { throw error("text after the end of the value") }
    return value
  }

  func error(_ problem: String) -> JSONError { JSONError(problem: problem, offset: position) }

  var next: UInt8? { position < bytes.count ? bytes[position] : nil }

  mutating func skipSpace() {
    while let byte = next, byte == 0x20 || byte == 0x0a || byte == 0x0d || byte == 0x09 {
      position += 1
    }
  }

  mutating func expect(_ character: Unicode.Scalar) throws(JSONError) {
    guard next == UInt8(ascii: character) else {
      throw error(
        next == nil ? "the text ends where \(character) must follow" : "expected \(character)")
    }
    position += 1
  }

  mutating func value() throws(JSONError) -> JSONValue {
    skipSpace()
    guard let byte = next else { throw error("the text ends where a value must follow") }
    switch byte {
    case UInt8(ascii: "{"): return try nested { (parser) throws(JSONError) in try parser.object() }
    case UInt8(ascii: "["): return try nested { (parser) throws(JSONError) in try parser.array() }
    case UInt8(ascii: "\""): return .string(try string())
    case UInt8(ascii: "t"): return try literal("true", .bool(true))
    case UInt8(ascii: "f"): return try literal("false", .bool(false))
    case UInt8(ascii: "n"): return try literal("null", .null)
    case UInt8(ascii: "-"), 0x30...0x39: return .number(try number())
    default: throw error("expected a JSON value")
    }
  }

  mutating func nested(
    _ body: (inout JSONParser) throws(JSONError) -> JSONValue
  ) throws(JSONError) -> JSONValue {
    depth += 1
    guard depth <= JSONValue.maximumDepth else {
      throw error("more than \(JSONValue.maximumDepth) levels")
    }
    let value = try body(&self)
    depth -= 1
    return value
  }

  mutating func literal(_ word: StaticString, _ value: JSONValue) throws(JSONError) -> JSONValue {
    let end = position + word.utf8CodeUnitCount
    let matches = word.withUTF8Buffer { expected in
      end <= bytes.count && bytes[position..<end].elementsEqual(expected)
    }
    guard matches else { throw error("expected \(word)") }
    position = end
    return value
  }

  mutating func object() throws(JSONError) -> JSONValue {
    try expect("{")
    var members: [JSONValue.Member] = []
    var names: Set<String> = []
    skipSpace()
    if next == UInt8(ascii: "}") {
      position += 1
      return .object([])
    }
    while true {
      skipSpace()
      let name = try string()
      if !names.insert(name).inserted { throw error("the name \"\(name)\" is repeated") }
      skipSpace()
      try expect(":")
      members.append(JSONValue.Member(name, try value()))
      skipSpace()
      if next == UInt8(ascii: ",") {
        position += 1
        continue
      }
      try expect("}")
      return .object(members)
    }
  }

  mutating func array() throws(JSONError) -> JSONValue {
    try expect("[")
    var elements: [JSONValue] = []
    skipSpace()
    if next == UInt8(ascii: "]") {
      position += 1
      return .array([])
    }
    while true {
      elements.append(try value())
      skipSpace()
      if next == UInt8(ascii: ",") {
        position += 1
        continue
      }
      try expect("]")
      return .array(elements)
    }
  }

  mutating func digits() throws(JSONError) {
    guard let first = next, (0x30...0x39).contains(first) else { throw error("expected a digit") }
    while let byte = next, (0x30...0x39).contains(byte) { position += 1 }
  }

  mutating func number() throws(JSONError) -> String {
    let start = position
    if next == UInt8(ascii: "-") { position += 1 }
    if next == UInt8(ascii: "0") { position += 1 } else { try digits() }
    if next == UInt8(ascii: ".") {
      position += 1
      try digits()
    }
    if let byte = next, byte == UInt8(ascii: "e") || byte == UInt8(ascii: "E") {
      position += 1
      if let sign = next, sign == UInt8(ascii: "+") || sign == UInt8(ascii: "-") { position += 1 }
      try digits()
    }
    return String(decoding: bytes[start..<position], as: UTF8.self)
  }

  mutating func string() throws(JSONError) -> String {
    try expect("\"")
    var scalars: [UInt8] = []
    var runStart = position
    while true {
      guard let byte = next else { throw error("the text ends within a string") }
      if byte == UInt8(ascii: "\"") { break }
      if byte < 0x20 { throw error("a string contains an unescaped control character") }
      if byte == UInt8(ascii: "\\") {
        scalars += bytes[runStart..<position]
        position += 1
        try escape(into: &scalars)
        runStart = position
      } else {
        position += 1
      }
    }
    scalars += bytes[runStart..<position]
    position += 1
    guard let text = String(validating: scalars, as: UTF8.self) else {
      throw error("a string is not valid UTF-8")
    }
    return text
  }

  mutating func escape(into output: inout [UInt8]) throws(JSONError) {
    guard let byte = next else { throw error("the text ends within an escape") }
    position += 1
    switch byte {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): output.append(byte)
    case UInt8(ascii: "b"): output.append(0x08)
    case UInt8(ascii: "f"): output.append(0x0c)
    case UInt8(ascii: "n"): output.append(0x0a)
    case UInt8(ascii: "r"): output.append(0x0d)
    case UInt8(ascii: "t"): output.append(0x09)
    case UInt8(ascii: "u"): output += Array(String(Character(try unicodeEscape())).utf8)
    default: throw error("unknown escape")
    }
  }

  mutating func unicodeEscape() throws(JSONError) -> Unicode.Scalar {
    let first = try hexUnit()
    if let scalar = Unicode.Scalar(first) { return scalar }
    guard (0xd800...0xdbff).contains(first), next == UInt8(ascii: "\\") else {
      throw error("half a surrogate pair")
    }
    position += 1
    guard next == UInt8(ascii: "u") else { throw error("half a surrogate pair") }
    position += 1
    let second = try hexUnit()
    guard (0xdc00...0xdfff).contains(second),
      let scalar = Unicode.Scalar(0x10000 + ((first - 0xd800) << 10) + (second - 0xdc00))
    else { throw error("half a surrogate pair") }
    return scalar
  }

  mutating func hexUnit() throws(JSONError) -> UInt32 {
    guard position + 4 <= bytes.count else { throw error("the text ends within an escape") }
    var value: UInt32 = 0
    for byte in bytes[position..<position + 4] {
      guard let digit = Character(Unicode.Scalar(byte)).hexDigitValue else {
        throw error("an escape needs four hexadecimal digits")
      }
      value = value << 4 | UInt32(digit)
    }
    position += 4
    return value
  }
}
