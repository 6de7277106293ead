package import Logging
import Narration
package import RolloutCore

/// One line of the log before it has a form: what logfmt, JSON and the journal all show.
package struct LogRecord: Equatable, Sendable {
  package var time: Instant
  package var level: Logger.Level
  /// The event's name; nil for a line of a library, which has none.
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

  /// Bytes of a value beyond which it is cut: an error text that quotes a whole answer must
  /// not flood the log, and `journalctl -o json` shows nothing of a field over 4,096.
  package static let maximumValueSize = 3 << 10

  /// Names that a line uses itself; a field that is called so gets a `_` behind its name.
  private static let reserved: Set<String> = ["time", "level", "event", "msg", "message"]

  private static let rank: [String: Int] = Dictionary(
    uniqueKeysWithValues: Event.Field.allCases.enumerated().map { ($1.rawValue, $0) })

  /// The record of a swift-log call: known fields first and in their fixed order, then others
  /// by name.
  package init(
    time: Instant, level: Logger.Level, message: String, metadata: Logger.Metadata
  ) {
    let named = metadata.filter { $0.key != LogRecord.eventKey }.map { key, value in
      (rank: LogRecord.rank[key] ?? .max, name: key, value: "\(value)")
    }
    self.init(
      time: time, level: level, event: metadata[LogRecord.eventKey].map { "\($0)" },
      message: LogRecord.cut(message, to: LogRecord.maximumValueSize),
      fields: named.sorted { ($0.rank, $0.name) < ($1.rank, $1.name) }.map {
        let name = LogRecord.reserved.contains($0.name) ? $0.name + "_" : $0.name
        return Field(name, LogRecord.cut($0.value, to: LogRecord.maximumValueSize))
      })
  }

  /// `text`, or its beginning and a mark that tells how much is missing.
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
