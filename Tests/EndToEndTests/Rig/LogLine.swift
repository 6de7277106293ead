import LosslessJSON
import Narration
import Testing

/// One line of the daemon's log in its JSON form.
struct LogLine: Sendable, CustomStringConvertible {
  let text: String
  let json: JSONValue

  init?(_ text: Substring) {
    guard let json = try? JSONValue(parsing: String(text)), json.members != nil else { return nil }
    self.text = String(text)
    self.json = json
  }

  subscript(field: String) -> String? { json[field]?.string }

  var event: String { self["event"] ?? "" }
  var domain: String? { self["domain"] }
  var level: String { self["level"] ?? "" }
  var description: String { text }

  static let levels = ["trace", "debug", "info", "notice", "warning", "error", "critical"]
  static let events = Set(Event.Kind.allCases.map(\.rawValue))

  /// Whether it is graver than debug.
  var isAboveDebug: Bool {
    (LogLine.levels.firstIndex(of: level) ?? 0) > (LogLine.levels.firstIndex(of: "debug") ?? 0)
  }

  /// What the contract says of every line.
  func check() {
    #expect(self["time"].map(isTime) ?? false, "\(text)")
    #expect(LogLine.levels.contains(level), "\(text)")
    #expect(LogLine.events.contains(event), "\(text)")
    #expect(self["message"]?.isEmpty == false, "\(text)")
    for member in json.members ?? [] { #expect(member.value.string != nil, "\(text)") }
  }
}

/// Whether a text is a time of RFC 3339 in UTC.
func isTime(_ text: String) -> Bool {
  text.wholeMatch(of: /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z/) != nil
}
