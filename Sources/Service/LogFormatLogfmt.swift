import Logging
import RolloutCore

/// A log line as `time=… level=… event=… msg="…" domain=…`, for text tools.
package enum LogFormatLogfmt {
  /// The record as one line without its newline.
  package static func line(_ record: LogRecord) -> String {
    var line = "time=\(record.time.rfc3339) level=\(record.level.rawValue)"
    if let event = record.event { line += " event=\(quoted(event))" }
    line += " msg=\(quoted(record.message))"
    if !record.fields.isEmpty { line += " " + pairs(record.fields) }
    return line
  }

  /// The fields as `name=value`, separated by spaces.
  static func pairs(_ fields: [LogRecord.Field]) -> String {
    fields.map { "\(key($0.name))=\(quoted($0.value))" }.joined(separator: " ")
  }

  /// The value unchanged or, if it could be misread, in quotes with the escapes of JSON.
  static func quoted(_ value: String) -> String {
    let isBare = value.utf8.allSatisfy {
      (0x21...0x7e).contains($0)
        && $0 != UInt8(ascii: "\"") && $0 != UInt8(ascii: "=") && $0 != UInt8(ascii: "\\")
    }
    if isBare && !value.isEmpty { return value }
    var text = "\""
    for scalar in value.unicodeScalars { append(scalar, to: &text) }
    return text + "\""
  }

  private static func append(_ scalar: Unicode.Scalar, to text: inout String) {
    switch scalar {
    case "\"": text += "\\\""
    case "\\": text += "\\\\"
    case "\n": text += "\\n"
    case "\r": text += "\\r"
    case "\t": text += "\\t"
    default:
      switch scalar.properties.generalCategory {
      case .control, .format, .lineSeparator, .paragraphSeparator, .privateUse, .unassigned:
        // Format characters could reverse or hide text on a terminal.
        for unit in Character(scalar).utf16 {
          let digits = String(unit, radix: 16)
          text += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
        }
      default: text.unicodeScalars.append(scalar)
      }
    }
  }

  /// The name with invalid characters replaced: libraries may use any name.
  private static func key(_ name: String) -> String {
    let isPlain: (Unicode.Scalar) -> Bool = {
      $0.isASCII && ($0.properties.isAlphabetic || $0.properties.numericType != nil)
        || $0 == "_" || $0 == "." || $0 == "-"
    }
    let plain = name.unicodeScalars.map { isPlain($0) ? Character($0) : "_" }
    return plain.isEmpty ? "_" : String(plain)
  }
}
