import Logging
import Narration
import RolloutCore
package import Terminal

/// A log line for people who watch: the time in UTC, the level, the domain, what happened, the end
/// of the certificate's ARN, and the facts that matter for the event. It fits into 120 columns.
///
/// What it leaves out, such as request ids, is in the other formats.
package enum LogFormatConsole {
  /// In columns. A wide terminal that is used for logs.
  package static let width = 120
  /// How wide a domain may be when the rest of the line has no room for it.
  private static let domainWidth = 40
  /// How wide a fact may be that is not the last one, such as a path.
  private static let factWidth = 40
  private static let levelWidth = "warning".utf8.count
  private static let gap = "  "

  /// The record as one line without its newline.
  package static func line(_ record: LogRecord, palette: Palette) -> String {
    let style = style(of: record.level)
    let kind = record.event.flatMap(Event.Kind.init(rawValue:))
    var line = Line(palette)
    line.add(clock(record.time), .faint, gap: "")
    line.add(
      DisplayText.padded(record.level.rawValue, to: levelWidth), style, gap: " ")
    if let domain = record[.domain] {
      line.add(
        DisplayText.shortened(DisplayText.singleLine(domain), to: domainWidth, cut: .middle),
        .strong, gap: " ")
    }
    let headline = kind?.headline ?? DisplayText.singleLine(record.message)
    line.add(headline, kind == nil ? .plain : style, gap: record[.domain] == nil ? " " : gap)
    let facts = kind.map { LogFormatConsole.facts(record, of: $0) } ?? others(record)
    for (number, fact) in facts.enumerated() {
      let isLast = number == facts.count - 1
      line.add(
        isLast ? fact.text : DisplayText.shortened(fact.text, to: factWidth, cut: .middle),
        fact.style, gap: gap)
    }
    return line.text
  }

  /// Adds parts as long as there is room.
  private struct Line {
    let palette: Palette
    var text = ""
    private var room = LogFormatConsole.width

    init(_ palette: Palette) { self.palette = palette }

    mutating func add(_ part: String, _ style: Style, gap: String) {
      // Less says nothing.
      guard room > gap.utf8.count + 1 else { return }
      let shown = DisplayText.shortened(part, to: room - gap.utf8.count)
      text += gap + palette.show(shown, as: style)
      room -= gap.utf8.count + DisplayText.columns(shown)
    }
  }

  private struct Fact {
    let text: String
    let style: Style
  }

  private static func facts(_ record: LogRecord, of kind: Event.Kind) -> [Fact] {
    kind.mainFacts.compactMap { field in
      guard let value = record[field], !value.isEmpty else { return nil }
      // A problem of a file names the file itself.
      if field == .config, record[.error] != nil { return nil }
      let news = field == .error ? withoutObject(value, record[.domain]) : value
      let plain = DisplayText.singleLine(ARNTail.shortening(news))
      guard let words = words(plain, for: field, of: kind, at: record.time) else { return nil }
      let isCertificate = field == .certificateARN || field == .previousCertificateARN
      return Fact(text: words, style: isCertificate ? .active : .plain)
    }
  }

  /// What AWS says about a call, without the operation and the domain, which the line has already.
  private static func withoutObject(_ error: String, _ domain: String?) -> String {
    guard let domain, error.hasPrefix("UpdateUserPoolDomain \(domain): ") else { return error }
    return String(error.dropFirst("UpdateUserPoolDomain \(domain): ".count))
  }

  /// The fields of a line that is no event of this daemon.
  private static func others(_ record: LogRecord) -> [Fact] {
    record.fields.map {
      Fact(text: DisplayText.singleLine("\($0.name)=\($0.value)"), style: .faint)
    }
  }

  /// A fact in words; nil when it says nothing to a person.
  private static func words(
    _ value: String, for field: Event.Field, of kind: Event.Kind, at now: Instant
  ) -> String? {
    switch field {
    case .previousCertificateARN:
      return kind == .rolloutRolledBack ? "to \(value)" : "was \(value)"
    case .deadline:
      guard let end = Instant(rfc3339UTC: value) else { return value }
      return "\(end > now ? "until" : "ended") \(minute(end, at: now))"
    case .notAfter:
      return Instant(rfc3339UTC: value).map { "ends \($0.day)" } ?? "ends \(value)"
    case .retryIn: return "retry in \(value)"
    case .left: return "\(value) left"
    case .duration: return "after \(value)"
    case .proof: return "proof: \(value)"
    case .attempt: return value == "1" ? nil : "attempt \(value)"
    case .confirmations: return value == "0" ? nil : "\(number(value, "round")) passed"
    case .polls: return value == "0" ? nil : number(value, "poll")
    case .pid: return "pid \(value)"
    case .wave: return "wave \(value)"
    case .domains: return Int(value) == nil ? value : number(value, "domain")
    case .identities: return number(value, "identity", plural: "identities")
    case .calls: return number(value, "call")
    case .failures: return value == "0" ? nil : number(value, "failure")
    case .before: return "was \(value)"
    case .after: return "is \(value)"
    case .step, .user: return "by \(value)"
    case .until: return Instant(rfc3339UTC: value).map { "until \(minute($0, at: now))" } ?? value
    case .domain, .userPoolID, .certificateARN, .rollout, .error, .requestID, .reason, .cause,
      .edges, .status, .member, .identity, .version, .config, .stateFile, .difference,
      .cloudFrontDomain, .address:
      return value
    }
  }

  private static func number(_ value: String, _ noun: String, plural: String? = nil) -> String {
    Int(value).map { counted($0, noun, plural: plural) } ?? value
  }

  private static func style(of level: Logger.Level) -> Style {
    switch level {
    case .trace, .debug: .faint
    case .info: .plain
    case .notice: .good
    case .warning: .warning
    case .error, .critical: .bad
    }
  }

  // MARK: Times, in UTC

  /// `14:05:10`
  private static func clock(_ instant: Instant) -> String {
    String(time(instant).prefix(8))
  }

  /// `14:05`, with the date when it is not within half a day.
  private static func minute(_ instant: Instant, at now: Instant) -> String {
    let minute = String(time(instant).prefix(5))
    let isNear = instant < now + .hours(12) && instant > now - .hours(12)
    return isNear ? minute : "\(instant.day) \(minute)"
  }

  private static func time(_ instant: Instant) -> Substring {
    instant.rfc3339.drop { $0 != "T" }.dropFirst()
  }
}

extension LogRecord {
  fileprivate subscript(field: Event.Field) -> String? {
    fields.first { $0.name == field.rawValue }?.value
  }
}
