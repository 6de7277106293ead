import Logging
import LosslessJSON
import RolloutCore
import Testing

@testable import Service

private let time = Instant(year: 2026, month: 11, day: 23, hour: 21, minute: 36, second: 51)

private func record(
  _ fields: [LogRecord.Field] = [], message: String = "the rollout is complete"
) -> LogRecord {
  LogRecord(
    time: time, level: .notice, event: "rollout.completed", message: message, fields: fields)
}

/// Values that are difficult for log formats.
private let awkward = [
  "", " ", "plain", "two words", "a=b", "say \"so\"", "back\\slash", "line\nbreak", "tab\there",
  "cr\rlf\n", "\u{0}", "\u{7}\u{1b}[31mred", "\u{7f}", "Grüße ‹redacted›", "🦄", "\u{2028}",
  "\u{85}", "\u{202e}reversed", "e\u{301}", "\r\n", "\u{e0041}tag", "ends in \\",
  String(decoding: [0x66, 0xff, 0xfe, 0x66], as: UTF8.self),
]

@Suite("The formats of a log line")
struct LogFormatTests {
  @Test("logfmt shows time, level, event and message, then the fields in their order")
  func logfmtLine() {
    let line = LogFormatLogfmt.line(
      record([.init("domain", "auth.example.com"), .init("retry_in", "30s")]))
    #expect(
      line == """
        time=2026-11-23T21:36:51Z level=notice event=rollout.completed \
        msg="the rollout is complete" domain=auth.example.com retry_in=30s
        """)
  }

  @Test("Every value can be read back from logfmt unchanged", arguments: awkward)
  func logfmtRoundTrip(value: String) throws {
    let line = LogFormatLogfmt.line(record([.init("error", value)], message: value))
    let fields = try LogfmtReader.fields(of: line)
    #expect(fields.map(\.name) == ["time", "level", "event", "msg", "error"])
    #expect(fields.last?.value == value)
    #expect(fields[3].value == value)
  }

  @Test("A line has no line break and no control character", arguments: awkward)
  func logfmtIsOneLine(value: String) {
    let line = LogFormatLogfmt.line(record([.init("error", value)], message: value))
    let allowed = line.unicodeScalars.allSatisfy {
      switch $0.properties.generalCategory {
      case .control, .format, .lineSeparator, .paragraphSeparator: false
      default: true
      }
    }
    #expect(allowed, "\(line.debugDescription)")
  }

  @Test("A malformed field name cannot be mistaken for another field")
  func logfmtNames() throws {
    let line = LogFormatLogfmt.line(record([.init("a b=\"c", "x"), .init("", "y")]))
    let fields = try LogfmtReader.fields(of: line)
    #expect(fields.suffix(2).map(\.name) == ["a_b__c", "_"])
  }

  @Test("JSON is one object on one line, with members in a fixed order", arguments: awkward)
  func jsonLine(value: String) throws {
    let line = LogFormatJSON.line(record([.init("domain", value), .init("error", "x")]))
    #expect(!line.contains("\n"))
    let object = try JSONValue(parsing: line)
    #expect(
      object.members?.map(\.name) == ["time", "level", "event", "message", "domain", "error"])
    #expect(object["domain"]?.string == value)
    #expect(object["time"]?.string == "2026-11-23T21:36:51Z")
    #expect(object["level"]?.string == "notice")
  }

  @Test("Known fields come first, in their fixed order, and others follow by name")
  func fieldOrder() {
    let metadata: Logger.Metadata = [
      "zebra": "1", "error": "2", "apple": "3", "domain": "4", "event": "poll.failed",
      "rollout": "5",
    ]
    let record = LogRecord(time: time, level: .info, message: "m", metadata: metadata)
    #expect(record.event == "poll.failed")
    #expect(record.fields.map(\.name) == ["domain", "rollout", "error", "apple", "zebra"])
  }

  @Test("A field with the name of a part of the line gets another name")
  func reservedNames() throws {
    let metadata: Logger.Metadata = ["time": "a", "level": "b", "msg": "c", "message": "d"]
    let record = LogRecord(time: time, level: .info, message: "m", metadata: metadata)
    #expect(record.fields.map(\.name) == ["level_", "message_", "msg_", "time_"])
    #expect(throws: Never.self) { try JSONValue(parsing: LogFormatJSON.line(record)) }
  }

  @Test("A value is cut only over its limit, with a mark that says how much is missing")
  func longValues() {
    let limit = LogRecord.maximumValueSize
    let whole = String(repeating: "x", count: limit)
    #expect(LogRecord.cut(whole, to: limit) == whole)
    #expect(LogRecord.cut(whole + "yz", to: limit) == whole + "…[2 bytes cut]")
    #expect(LogRecord.cut("aé", to: 2) == "a…[2 bytes cut]")
    let metadata: Logger.Metadata = ["error": .string(whole + "y")]
    let record = LogRecord(time: time, level: .info, message: whole + "y", metadata: metadata)
    #expect(record.fields.first?.value == whole + "…[1 bytes cut]")
    #expect(record.message == whole + "…[1 bytes cut]")
  }
}
