import LosslessJSON
import Narration
import RolloutCore
import Service
import StateStore
import Terminal
import Testing

@Suite("The history for people and for programs")
struct HistoryReportTests {
  private static let now = Instant(year: 2026, month: 11, day: 24, hour: 12)

  private static func arn(_ end: String) -> String {
    "arn:aws:acm:us-east-1:123456789012:certificate/60a7d5f2-4412-b8ce-adc4-25fb\(end)"
  }

  private static func event(
    _ kind: Event.Kind, before: Duration, count: Int = 1, last: Duration? = nil,
    level: Event.Level? = nil, domain: String? = "auth.example.com", _ fields: [String: String]
  ) -> RecordedEvent {
    RecordedEvent(
      id: 1, at: now + (.zero - before), lastAt: now + (.zero - (last ?? before)), count: count,
      domain: domain, event: kind.rawValue, level: (level ?? kind.level).rawValue,
      fields: fields.merging(["user_pool_id": "eu-west-1_Ab12Cd34E"]) { $1 })
  }

  private static let story = [
    event(
      .replacementFound, before: .days(2) + .hours(1),
      [
        "certificate_arn": arn("4d202d23"), "previous_certificate_arn": arn("4ac97736"),
        "cause": "replacement", "not_after": "2027-06-09T23:59:59Z",
      ]),
    event(
      .updateSubmitted, before: .days(2),
      [
        "certificate_arn": arn("4d202d23"), "cause": "replacement", "attempt": "1",
        "rollout": "e043843d210821ee",
      ]),
    event(
      .updateRefused, before: .days(2), count: 3, last: .hours(46),
      [
        "certificate_arn": arn("4d202d23"), "reason": "access_denied", "attempt": "3",
        "error": "AccessDeniedException: not authorized to perform cloudfront:updateDistribution",
        "request_id": "3f6c1f5e-7a0b-4c39-9a51-0e2b8f1c7d44", "rollout": "e043843d210821ee",
      ]),
    event(.retryRequested, before: .hours(45), ["user": "alice"]),
    event(
      .updateAccepted, before: .hours(45),
      [
        "certificate_arn": arn("4d202d23"), "request_id": "7c0e7f43-98f4-4f3b-8e70-6f8d6b8d2f55",
        "deadline": "2026-11-22T16:00:00Z", "rollout": "e043843d210821ee",
      ]),
    event(
      .rolloutCompleted, before: .hours(44),
      [
        "certificate_arn": arn("4d202d23"), "proof": "edge", "duration": "18m22s",
        "edges": "all 4 that answer serve the new leaf", "rollout": "e043843d210821ee",
      ]),
    event(
      .waveStopped, before: .hours(20), domain: nil,
      [
        "wave": "1", "error": "2 failed in wave 1: a.example.com, b.example.com",
      ]),
    event(.resumeRequested, before: .hours(19), domain: nil, ["wave": "1", "user": "bob"]),
    event(
      .certificateReleased, before: .minutes(40),
      [
        "certificate_arn": arn("4ac97736"), "rollout": "e043843d210821ee",
      ]),
    event(
      .holdRequested, before: .minutes(3), domain: "a-name-that-is-longer-than-others.example.com",
      ["user": "1001", "until": "2026-11-24T14:00:00Z"]),
    event(
      .certificateExpiring, before: .seconds(12), level: .warning,
      [
        "certificate_arn": arn("4d202d23"), "left": "13d", "not_after": "2026-12-07T23:59:59Z",
      ]),
  ]

  private static func lines(
    width: Int?, palette: Palette = .plain, showsDomain: Bool = true
  ) -> [String] {
    let text = HistoryText(
      now: now, screen: Screen(width: width, palette: palette),
      domains: showsDomain ? story.compactMap(\.domain) : nil)
    return story.flatMap(text.lines)
  }

  @Test("it fits terminals of 40, 80, 120 and 200 columns, and is whole in a pipe")
  func widths() throws {
    for width in [40, 80, 120, 200, nil] {
      let lines = HistoryReportTests.lines(width: width)
      try compare(lines, withSnapshot: "history-\(width.map(String.init) ?? "pipe")")
      for line in lines {
        if let width { #expect(DisplayText.columns(line) <= width, "\(line)") }
      }
    }
    #expect(HistoryReportTests.lines(width: nil).count == HistoryReportTests.story.count)
  }

  @Test("it has no column for the domain where only one is shown, and colours on a terminal only")
  func oneDomain() throws {
    let lines = HistoryReportTests.lines(width: 100, palette: .coloured, showsDomain: false)
    try compare(lines, withSnapshot: "history-coloured")
    #expect(!lines.contains { $0.contains("auth.example.com") })
    #expect(!HistoryReportTests.lines(width: 100).contains { $0.contains("\u{1b}") })
  }

  @Test("every kind of event has words, and only its facts in an entry")
  func everyKind() throws {
    let fields = Dictionary(
      uniqueKeysWithValues: Event.Field.allCases.map { ($0.rawValue, "<\($0.rawValue)>") })
    let text = HistoryText(
      now: HistoryReportTests.now, screen: Screen(width: nil, palette: .plain), domains: nil)
    let lines = Event.Kind.allCases.flatMap { kind in
      text.lines(HistoryReportTests.event(kind, before: .seconds(1), fields))
    }
    #expect(lines.count == Event.Kind.allCases.count)
    for (kind, line) in zip(Event.Kind.allCases, lines) { #expect(line.contains(kind.message)) }
    try compare(lines, withSnapshot: "history-events")
  }

  @Test("an event of a newer version is shown by its name, and nothing moves the cursor")
  func strange() {
    let event = RecordedEvent(
      id: 1, at: HistoryReportTests.now, lastAt: HistoryReportTests.now, count: 1,
      domain: "auth\u{1b}[2J.example.com", event: "future.event", level: "future",
      fields: ["error": "a\u{202e}b\nc\u{7}", "future": "x"])
    for width in [nil, 60, 120] {
      let text = HistoryText(
        now: HistoryReportTests.now, screen: Screen(width: width, palette: .plain), domains: [""])
      let lines = text.lines(event).joined(separator: "|")
      #expect(lines.contains("future.event: a\u{FFFD}b c\u{FFFD}"), "\(lines)")
      #expect(!lines.contains("\u{1b}") && !lines.contains("\n"))
    }
  }

  @Test("a line of JSON has the log's names in the log's order, and null for what is not there")
  func json() {
    let lines = HistoryReportTests.story.map { HistoryReport.json($0) }
    for line in lines {
      #expect(
        line.members?.prefix(7).map(\.name) == [
          "at", "last_at", "count", "domain", "event", "level", "rollout",
        ])
      #expect(line["domain"] != nil && line["rollout"] != nil)
    }
    #expect(
      lines[2].encoded == """
        {"at":"2026-11-22T12:00:00Z","last_at":"2026-11-22T14:00:00Z","count":3,\
        "domain":"auth.example.com","event":"update.refused","level":"error",\
        "rollout":"e043843d210821ee","user_pool_id":"eu-west-1_Ab12Cd34E",\
        "certificate_arn":"\(HistoryReportTests.arn("4d202d23"))","attempt":"3",\
        "error":"AccessDeniedException: not authorized to perform cloudfront:updateDistribution",\
        "request_id":"3f6c1f5e-7a0b-4c39-9a51-0e2b8f1c7d44","reason":"access_denied"}
        """)
    #expect(lines[6]["domain"] == .null && lines[6]["rollout"] == .null)
  }

  @Test("a field of a newer version does not hide a member")
  func clash() {
    let event = RecordedEvent(
      id: 1, at: HistoryReportTests.now, lastAt: HistoryReportTests.now, count: 1, domain: nil,
      event: "future.event", level: "notice",
      fields: ["at": "x", "count": "y", "zeta": "z", "domain": "auth.example.com"])
    #expect(
      HistoryReport.json(event).encoded == """
        {"at":"2026-11-24T12:00:00Z","last_at":"2026-11-24T12:00:00Z","count":1,"domain":null,\
        "event":"future.event","level":"notice","rollout":null,"at_":"x","count_":"y","zeta":"z"}
        """)
  }
}
