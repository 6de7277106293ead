/// Parses logfmt as other tools do: names, bare values, and quoted values with the escapes of JSON.
struct LogfmtReader {
  struct Malformed: Error { let rest: String }

  private var rest: Substring

  static func fields(of line: String) throws -> [(name: String, value: String)] {
    var reader = LogfmtReader(rest: line[...])
    var fields: [(name: String, value: String)] = []
    while !reader.rest.isEmpty {
      fields.append(try reader.field())
      if reader.rest.isEmpty { break }
      guard reader.rest.first == " " else { throw Malformed(rest: String(reader.rest)) }
      reader.rest = reader.rest.drop { $0 == " " }
    }
    return fields
  }

  private init(rest: Substring) { self.rest = rest }

  private mutating func field() throws -> (name: String, value: String) {
    let name = rest.prefix { $0 != "=" }
    rest = rest.dropFirst(name.count)
    guard !name.isEmpty, !name.contains(" "), rest.first == "=" else {
      throw Malformed(rest: String(rest))
    }
    rest = rest.dropFirst()
    if rest.first != "\"" {
      let value = rest.prefix { $0 != " " }
      guard !value.contains("\""), !value.contains("=") else { throw Malformed(rest: String(rest)) }
      rest = rest.dropFirst(value.count)
      return (String(name), String(value))
    }
    rest = rest.dropFirst()
    return (String(name), try quoted())
  }

  private mutating func quoted() throws -> String {
    var units: [UInt16] = []
    var scalars = rest.unicodeScalars
    while let scalar = scalars.popFirst() {
      switch scalar {
      case "\"":
        rest = Substring(scalars)
        return String(decoding: units, as: UTF16.self)
      case "\\":
        let escapes: [Unicode.Scalar: Unicode.Scalar] = [
          "n": "\n", "r": "\r", "t": "\t", "\"": "\"", "\\": "\\",
        ]
        guard let code = scalars.popFirst() else { throw Malformed(rest: "") }
        if code == "u" {
          let digits = String(scalars.prefix(4))
          guard let unit = UInt16(digits, radix: 16) else { throw Malformed(rest: digits) }
          scalars = scalars.dropFirst(4)
          units.append(unit)
        } else if let plain = escapes[code] {
          units += Character(plain).utf16
        } else {
          throw Malformed(rest: String(code))
        }
      default: units += Character(scalar).utf16
      }
    }
    throw Malformed(rest: "the quote is not closed")
  }
}
