package import LosslessJSON
import Narration
package import RolloutCore
package import StateStore
import Terminal

/// What `history` shows of the rows of the history.
package enum HistoryReport {
  /// The names of every line, and those of the log that have a place of their own in it.
  private static let leading: Set = [
    "at", "last_at", "count", "domain", "event", "level", "rollout",
  ]

  private static let order = Dictionary(
    uniqueKeysWithValues: Event.Field.allCases.enumerated().map { ($1.rawValue, $0) })

  /// One line of `history --json`. The facts have the names and the order of the log.
  package static func json(_ event: RecordedEvent) -> JSONValue {
    let facts = event.fields.filter { $0.key != "domain" && $0.key != "rollout" }
      .map { name, value in
        (order: order[name] ?? .max, name: leading.contains(name) ? name + "_" : name, value)
      }
      .sorted { ($0.order, $0.name) < ($1.order, $1.name) }
    return .object(
      [
        JSONValue.Member("at", .string(event.at.rfc3339)),
        JSONValue.Member("last_at", .string(event.lastAt.rfc3339)),
        JSONValue.Member("count", .number(String(event.count))),
        JSONValue.Member("domain", JSONValue(event.domain)),
        JSONValue.Member("event", .string(event.event)),
        JSONValue.Member("level", .string(event.level)),
        JSONValue.Member("rollout", JSONValue(event.fields["rollout"])),
      ] + facts.map { JSONValue.Member($0.name, .string($0.2)) })
  }
}

/// The history for people: a line an entry, or where the terminal is narrow a small paragraph.
package struct HistoryText: Sendable {
  private let time: RelativeTime
  private let screen: Screen
  /// Columns of the domains; nil where all lines are of one domain.
  private let domainColumns: Int?

  /// The columns of `2026-11-23 23:25:58Z`, and of `45 min 12 s ago`.
  private static let clockColumns = 20
  private static let agoColumns = 15
  private static let gap = 2
  /// A name that is longer loses its middle on a terminal.
  private static let maximumDomainColumns = 40
  /// A name is not cut shorter.
  private static let minimumDomainColumns = 16
  /// What happened gets as many before the domains get more than their least.
  private static let usualTextColumns = 60
  /// What happened needs as many, for a line to be easier to read than a paragraph.
  private static let minimumTextColumns = 40

  /// - Parameter domains: those of the first lines, by which the lines are aligned; nil where only one
  ///   is shown, and need not be named.
  package init(now: Instant, screen: Screen, domains: [String]?) {
    time = RelativeTime(now: now)
    self.screen = screen
    domainColumns = domains.map { domains in
      let longest = domains.map { DisplayText.columns(DisplayText.singleLine($0)) }.max() ?? 0
      let others = HistoryText.clockColumns + HistoryText.agoColumns + 3 * HistoryText.gap
      let room = screen.width.map { $0 - others - HistoryText.usualTextColumns } ?? .max
      return min(
        max(longest, 1), HistoryText.maximumDomainColumns,
        max(room, HistoryText.minimumDomainColumns))
    }
  }

  package func lines(_ event: RecordedEvent) -> [String] {
    let what = HistoryText.what(event, time)
    let indent = headColumns
    if let width = screen.width, width - indent < HistoryText.minimumTextColumns {
      return screen.paragraph(head(event, isPadded: false), .faint)
        + screen.paragraph(what, style(event), indent: HistoryText.gap)
    }
    let blank = String(repeating: " ", count: indent)
    return screen.wrapped(what, indent: indent).enumerated().map { number, line in
      (number == 0 ? head(event, isPadded: true) : blank)
        + screen.palette.show(line, as: style(event))
    }
  }

  private var headColumns: Int {
    HistoryText.clockColumns + HistoryText.agoColumns + 2 * HistoryText.gap
      + (domainColumns.map { $0 + HistoryText.gap } ?? 0)
  }

  /// When and where: before what happened.
  private func head(_ event: RecordedEvent, isPadded: Bool) -> String {
    let clock = HistoryText.clock(event.at)
    let ago = time.distance(event.at)
    let name = event.domain.map(DisplayText.singleLine) ?? "-"
    guard isPadded else {
      return "\(clock) (\(ago))" + (domainColumns == nil ? "" : "  \(name)")
    }
    func cell(_ text: String, _ columns: Int, _ style: Style) -> String {
      let padding = max(0, columns - DisplayText.columns(text)) + HistoryText.gap
      return screen.palette.show(text, as: style) + String(repeating: " ", count: padding)
    }
    var head =
      cell(clock, HistoryText.clockColumns, .plain) + cell(ago, HistoryText.agoColumns, .faint)
    if let domainColumns {
      let shown =
        screen.width == nil ? name : DisplayText.shortened(name, to: domainColumns, cut: .middle)
      head += cell(shown, domainColumns, .plain)
    }
    return head
  }

  private func style(_ event: RecordedEvent) -> Style {
    switch Event.Level(rawValue: event.level) {
    case .error: .bad
    case .warning: .warning
    case .debug, .info, .notice, nil: .plain
    }
  }

  private static func clock(_ instant: Instant) -> String {
    Instant(milliseconds: instant.milliseconds / 1000 * 1000).rfc3339
      .replacing("T", with: " ")
  }

  /// The event in words, how often it happened, and the facts that matter.
  private static func what(_ event: RecordedEvent, _ time: RelativeTime) -> String {
    let kind = Event.Kind(rawValue: event.event)
    var text = kind?.message ?? event.event
    if event.count > 1 { text += " ×\(event.count), last \(time.distance(event.lastAt))" }
    let facts = (kind?.factsInHistory ?? [.user, .reason, .error]).compactMap { field in
      event.fields[field.rawValue].flatMap { $0.isEmpty ? nil : words(field, $0) }
    }
    return DisplayText.singleLine(
      facts.isEmpty ? text : text + ": " + facts.joined(separator: ", "))
  }

  private static func words(_ field: Event.Field, _ value: String) -> String {
    let value = ARNTail.shortening(value)
    switch field {
    case .certificateARN: return "certificate \(value)"
    case .previousCertificateARN: return "before it \(value)"
    case .attempt: return "attempt \(value)"
    case .retryIn: return "again in \(value)"
    case .requestID: return "request \(value)"
    case .cause: return "cause \(value)"
    case .proof: return "proof \(value)"
    case .wave: return "wave \(value)"
    case .notAfter: return "ends \(value)"
    case .deadline, .until: return "until \(value)"
    case .left: return "\(value) left"
    case .duration: return "after \(value)"
    case .user: return "by \(value)"
    case .before: return "from \(value)"
    case .after: return "to \(value)"
    case .status: return "Cognito shows \(value)"
    case .domain, .userPoolID, .rollout, .error, .reason, .edges, .confirmations, .member,
      .identity, .domains, .identities, .version, .config, .stateFile, .pid, .calls, .failures,
      .step, .difference, .cloudFrontDomain, .polls, .address:
      return value
    }
  }
}

extension Event.Kind {
  /// The facts of an entry that a person reads, in their order; the others are in the JSON.
  fileprivate var factsInHistory: [Event.Field] {
    switch self {
    case .replacementFound: [.certificateARN, .cause, .notAfter]
    case .candidateIneligible: [.certificateARN, .error]
    case .candidateMissing, .decisionBlocked, .rolloutOverdue, .configRejected, .stateFailed,
      .waveStopped:
      [.error]
    case .certificateExpiring: [.certificateARN, .left, .notAfter]
    case .certificateReleased: [.certificateARN]
    case .updateSubmitted: [.certificateARN, .cause, .attempt]
    case .updateAccepted: [.certificateARN, .status, .requestID]
    case .updateRetrying: [.error, .retryIn, .requestID]
    case .updateRefused: [.error, .requestID]
    case .propagationWaiting: [.edges]
    case .rolloutCompleted: [.certificateARN, .proof, .edges, .duration]
    case .rolloutSuperseded: [.certificateARN, .reason]
    case .rolloutRolledBack: [.certificateARN, .previousCertificateARN, .error]
    case .waveResumed: [.wave, .reason]
    case .settingsChanged: [.member, .before, .after]
    case .driftDetected: [.certificateARN, .previousCertificateARN, .reason]
    case .renewalUnserved, .edgesRefusing: [.certificateARN, .error, .edges]
    case .holdRequested: [.user, .until]
    case .resumeRequested: [.wave, .user]
    case .retryRequested: [.user]
    case .credentialsFailed, .pollFailed: [.identity, .error, .requestID]
    case .clockStepped: [.step]
    case .clockWrong: [.error]
    case .metricsFailed: [.error]
    case .daemonStarted, .daemonStopping, .configLoaded, .pollCompleted, .metricsListening: []
    }
  }
}
