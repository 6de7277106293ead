import Logging
import Narration
import RolloutCore

/// A record in the native protocol of systemd's journal, as a datagram for its socket
/// (<https://systemd.io/JOURNAL_NATIVE_PROTOCOL/>).
package enum LogFormatJournal {
  /// Where journald listens.
  package static let socketPath = "/run/systemd/journal/socket"

  /// What `journalctl -t` selects.
  package static let identifier = "cognito-certd"

  /// The prefix of our own field names, so that they do not collide with others.
  package static let prefix = "COGNITO_CERTD_"

  /// The record's fields under the journal's names.
  ///
  /// MESSAGE is the constant message, followed by the fields as logfmt, because `journalctl` shows only
  /// MESSAGE by default. MESSAGE_ID and the field of the event are constant; search for these.
  ///
  /// - Parameter size: the size in bytes over which a value is cut, for a record that is too large
  ///   otherwise.
  package static func datagram(_ record: LogRecord, size: Int? = nil) -> [UInt8] {
    let fields = record.fields.map { field in
      LogRecord.Field(field.name, size.map { LogRecord.cut(field.value, to: $0) } ?? field.value)
    }
    let facts = fields.isEmpty ? "" : " " + LogFormatLogfmt.pairs(fields)
    let message = LogRecord.cut(record.message + facts, to: size ?? LogRecord.maximumValueSize)
    var bytes: [UInt8] = []
    append("MESSAGE", message, to: &bytes)
    append("PRIORITY", String(record.level.syslogPriority), to: &bytes)
    append("SYSLOG_IDENTIFIER", identifier, to: &bytes)
    if let event = record.event {
      if let kind = Event.Kind(rawValue: event) { append("MESSAGE_ID", kind.messageID, to: &bytes) }
      append(prefix + "EVENT", event, to: &bytes)
    }
    for field in fields { append(name(of: field), field.value, to: &bytes) }
    return bytes
  }

  /// A name in the form that the journal accepts: capitals, digits and underscores, at most 64.
  private static func name(of field: LogRecord.Field) -> String {
    let plain = field.name.uppercased().unicodeScalars.map { scalar -> Character in
      ("A"..."Z").contains(scalar) || ("0"..."9").contains(scalar) ? Character(scalar) : "_"
    }
    return String((prefix + String(plain)).prefix(64))
  }

  /// A value with a newline is preceded by its length in little-endian order; any other value follows
  /// an equals sign.
  private static func append(_ name: String, _ value: String, to bytes: inout [UInt8]) {
    bytes += name.utf8
    if value.utf8.contains(UInt8(ascii: "\n")) {
      bytes.append(UInt8(ascii: "\n"))
      withUnsafeBytes(of: UInt64(value.utf8.count).littleEndian) { bytes += $0 }
    } else {
      bytes.append(UInt8(ascii: "="))
    }
    bytes += value.utf8
    bytes.append(UInt8(ascii: "\n"))
  }
}

extension Logger.Level {
  /// The priority of syslog(3).
  fileprivate var syslogPriority: Int {
    switch self {
    case .trace, .debug: 7
    case .info: 6
    case .notice: 5
    case .warning: 4
    case .error: 3
    case .critical: 2
    }
  }
}
