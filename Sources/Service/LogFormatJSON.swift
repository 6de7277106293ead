import Logging
import LosslessJSON
import RolloutCore

/// A log line as one JSON object, for log collectors: `time`, `level`, `event`, `message`, then the
/// fields. Every value is a string.
package enum LogFormatJSON {
  /// The record as one line without its newline.
  package static func line(_ record: LogRecord) -> String {
    var members = [
      JSONValue.Member("time", .string(record.time.rfc3339)),
      JSONValue.Member("level", .string(record.level.rawValue)),
    ]
    if let event = record.event { members.append(JSONValue.Member("event", .string(event))) }
    members.append(JSONValue.Member("message", .string(record.message)))
    members += record.fields.map { JSONValue.Member($0.name, .string($0.value)) }
    return JSONValue.object(members).encoded
  }
}
