extension JSONValue {
  /// The value as one line without white space, with members in their order.
  package var encoded: String {
    var text = ""
    write(to: &text, sorted: false)
    return text
  }

  /// Like `encoded`, with members sorted by name, so that equal values have equal texts.
  package var canonical: String {
    var text = ""
    write(to: &text, sorted: true)
    return text
  }

  /// The value for people: indented by two spaces for each level, with members in their order.
  package var pretty: String {
    var text = ""
    writePretty(to: &text, indent: "")
    return text
  }

  private func write(to text: inout String, sorted: Bool) {
    switch self {
    case .array(let elements):
      text += "["
      for (index, element) in elements.enumerated() {
        if index > 0 { text += "," }
        element.write(to: &text, sorted: sorted)
      }
      text += "]"
    case .object(let members):
      text += "{"
      let ordered = sorted ? members.sorted { $0.name < $1.name } : members
      for (index, member) in ordered.enumerated() {
        if index > 0 { text += "," }
        JSONValue.quote(member.name, to: &text)
        text += ":"
        member.value.write(to: &text, sorted: sorted)
      }
      text += "}"
    case .null, .bool, .number, .string: writeScalar(to: &text)
    }
  }

  private func writePretty(to text: inout String, indent: String) {
    let inner = indent + "  "
    switch self {
    case .array(let elements) where !elements.isEmpty:
      text += "[\n"
      for (index, element) in elements.enumerated() {
        text += inner
        element.writePretty(to: &text, indent: inner)
        text += index == elements.count - 1 ? "\n" : ",\n"
      }
      text += indent + "]"
    case .object(let members) where !members.isEmpty:
      text += "{\n"
      for (index, member) in members.enumerated() {
        text += inner
        JSONValue.quote(member.name, to: &text)
        text += ": "
        member.value.writePretty(to: &text, indent: inner)
        text += index == members.count - 1 ? "\n" : ",\n"
      }
      text += indent + "}"
    case .array: text += "[]"
    case .object: text += "{}"
    case .null, .bool, .number, .string: writeScalar(to: &text)
    }
  }

  private func writeScalar(to text: inout String) {
    switch self {
    case .null: text += "null"
    case .bool(let flag): text += flag ? "true" : "false"
    case .number(let spelling): text += spelling
    case .string(let string): JSONValue.quote(string, to: &text)
    case .array, .object: break
    }
  }

  private static func needsEscape(_ byte: UInt8) -> Bool {
    byte < 0x20 || byte == 0x7f || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\")
  }

  private static func quote(_ string: String, to text: inout String) {
    text += "\""
    // Nearly every string is written as it is.
    if !string.utf8.contains(where: needsEscape) {
      text += string
      text += "\""
      return
    }
    for scalar in string.unicodeScalars {
      switch scalar {
      case "\"": text += "\\\""
      case "\\": text += "\\\\"
      case "\n": text += "\\n"
      case "\r": text += "\\r"
      case "\t": text += "\\t"
      case let control where control.value < 0x20 || control.value == 0x7f:
        let hex = String(control.value, radix: 16)
        text += "\\u" + String(repeating: "0", count: 4 - hex.count) + hex
      default: text.unicodeScalars.append(scalar)
      }
    }
    text += "\""
  }
}
