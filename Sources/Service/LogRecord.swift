package import Logging
import Narration
import Redaction
package import RolloutCore

/// One line of the log, independent of the format.
package struct LogRecord: Equatable, Sendable {
  package var time: Instant
  package var level: Logger.Level
  /// The name of the event; nil for a line of a library.
  package var event: String?
  package var message: String
  /// In the order in which they are shown.
  package var fields: [Field]

  package struct Field: Equatable, Sendable {
    package var name: String
    package var value: String

    package init(_ name: String, _ value: String) {
      self.name = name
      self.value = value
    }
  }

  package init(
    time: Instant, level: Logger.Level, event: String? = nil, message: String,
    fields: [Field] = []
  ) {
    self.time = time
    self.level = level
    self.event = event
    self.message = message
    self.fields = fields
  }

  /// The metadata key that holds the event's name.
  package static let eventKey = "event"

  /// The size in bytes over which a value is cut. It bounds long error texts, and `journalctl -o json`
  /// omits fields over 4,096 bytes.
  package static let maximumValueSize = 3 << 10

  /// The names that every line uses. A field with one of these gets a `_` after its name.
  private static let reserved: Set<String> = ["time", "level", "event", "msg", "message"]

  private static let fieldOrder: [String: Int] = Dictionary(
    uniqueKeysWithValues: Event.Field.allCases.enumerated().map { ($1.rawValue, $0) })

  /// The record of a swift-log call: first the known fields in their fixed order, then others by name.
  package init(
    time: Instant, level: Logger.Level, message: String, metadata: Logger.Metadata
  ) {
    let named = metadata.filter { $0.key != LogRecord.eventKey }.map { key, value in
      (order: LogRecord.fieldOrder[key] ?? .max, name: key, value: "\(value)")
    }
    self.init(
      time: time, level: level, event: metadata[LogRecord.eventKey].map { "\($0)" },
      message: LogRecord.cut(Redaction.output(message), to: LogRecord.maximumValueSize),
      fields: named.sorted { ($0.order, $0.name) < ($1.order, $1.name) }.map {
        let name = LogRecord.reserved.contains($0.name) ? $0.name + "_" : $0.name
        return Field(
          name, LogRecord.cut(Redaction.output($0.value), to: LogRecord.maximumValueSize))
      })
  }

  /// `text`, or its beginning and a mark that says how much is missing.
  package static func cut(_ text: String, to size: Int) -> String {
    let count = text.utf8.count
    guard count > size else { return text }
    var kept = String.UnicodeScalarView()
    var keptSize = 0
    for scalar in text.unicodeScalars {
      keptSize += UTF8.width(scalar)
      if keptSize > size { break }
      kept.append(scalar)
    }
    let start = String(kept)
    return start + "…[\(count - start.utf8.count) bytes cut]"
  }
}
