import Logging
import Narration
import RolloutCore
import Terminal
import Testing

@testable import Service

@Suite("The log on a terminal")
struct LogFormatConsoleTests {
  private static let time = Instant(
    year: 2026, month: 11, day: 23, hour: 14, minute: 5, second: 10)
  private static let new = "arn:aws:acm:us-east-1:123456789012:certificate/0-0-0-0-0000bbbbbbbb"
  private static let old = "arn:aws:acm:us-east-1:123456789012:certificate/0-0-0-0-0000aaaaaaaa"

  private func record(
    _ kind: Event.Kind, _ fields: [Event.Field: String], level: Logger.Level? = nil
  ) -> LogRecord {
    LogRecord(
      time: Self.time, level: level ?? Logger.Level(rawValue: kind.level.rawValue) ?? .critical,
      message: kind.message,
      metadata: Dictionary(
        uniqueKeysWithValues: [("event", .string(kind.rawValue))]
          + fields.map { ($0.key.rawValue, .string($0.value)) }))
  }

  /// An event as a rotation has it, with every field that it can have.
  private static func fields(of kind: Event.Kind) -> [Event.Field: String] {
    let domain: [Event.Field: String] = [
      .domain: "auth.example.com", .userPoolID: "eu-west-1_Ab12Cd34E",
    ]
    let certificates = domain.merging([.certificateARN: new, .previousCertificateARN: old]) { $1 }
    let rollout = certificates.merging(
      [.rollout: "0123456789abcdef", .attempt: "2", .requestID: "0f1e2d3c"]) { $1 }
    func with(
      _ fields: [Event.Field: String], _ more: [Event.Field: String]
    ) -> [Event.Field: String] { fields.merging(more) { $1 } }
    let edges =
      "another leaf at 192.0.2.1:443, 192.0.2.2:443; no answer from 192.0.2.3:443 (refused)"
    return switch kind {
    case .daemonStarted:
      [.version: "0.1.0", .pid: "4711", .stateFile: "/var/lib/cognito-certd/state.sqlite"]
    case .daemonStopping: [.pid: "4711"]
    case .configLoaded:
      [.config: "/etc/cognito-certd/config.yaml", .domains: "1", .identities: "2"]
    case .configRejected:
      [
        .config: "/etc/cognito-certd/config.yaml",
        .error: "config.yaml:3:5: error: domains[0].mode: \"aply\" is not one of apply, observe",
      ]
    case .pollCompleted:
      [
        .identity: "profile prod", .domains: "12", .calls: "1", .failures: "0",
        .duration: "120ms",
      ]
    case .pollFailed:
      [
        .identity: "profile prod", .error: "ListCertificates: no answer within 30s",
        .retryIn: "1m",
      ]
    case .replacementFound:
      with(certificates, [.notAfter: "2027-02-20T12:00:00Z", .cause: "replacement"])
    case .candidateIneligible:
      with(domain, [.certificateARN: new, .reason: "chain_untrusted", .error: "no trusted root"])
    case .candidateMissing:
      with(domain, [.certificateARN: old, .reason: "expired", .error: "ended 2026-11-20"])
    case .decisionBlocked:
      with(
        domain, [.polls: "3", .reason: "access_denied", .error: "acm:GetCertificate is missing"])
    case .certificateExpiring:
      with(domain, [.certificateARN: old, .notAfter: "2026-12-07T14:05:10Z", .left: "14d"])
    case .updateSubmitted: with(rollout, [.cause: "replacement"])
    case .updateAccepted:
      with(rollout, [.deadline: "2026-11-23T15:05:10Z", .cloudFrontDomain: "d1.cloudfront.net"])
    case .updateRetrying:
      with(rollout, [.retryIn: "1m30s", .reason: "throttled", .error: "Rate exceeded"])
    case .updateRefused:
      with(
        rollout,
        [
          .reason: "parent_domain_unresolved",
          .error:
            "UpdateUserPoolDomain auth.example.com: InvalidParameterException: Custom domain is not a valid subdomain",
        ])
    case .propagationWaiting:
      with(
        rollout,
        [
          .status: "UPDATING", .edges: edges, .confirmations: "1",
          .deadline: "2026-11-24T00:04:59Z",
        ])
    case .rolloutCompleted:
      with(
        rollout,
        [.proof: "edge", .edges: "all 4 that answer serve the new leaf", .duration: "9m"])
    case .rolloutOverdue:
      with(rollout, [.deadline: "2026-11-23T14:05:10Z", .status: "ACTIVE", .error: edges])
    case .rolloutSuperseded: with(rollout, [.reason: "superseded by \(old)", .cause: "pinned"])
    case .rolloutRolledBack:
      with(rollout, [.reason: "edges_refusing", .error: "the handshake is refused"])
    case .waveStopped:
      [
        .wave: "1", .failures: "2", .domains: "a.example.com, b.example.com",
        .error: "2 failed in wave 1",
      ]
    case .waveResumed:
      [.wave: "1", .failures: "2", .domains: "a.example.com", .reason: "resume"]
    case .certificateReleased: with(domain, [.certificateARN: old])
    case .holdRequested: with(domain, [.user: "alice", .until: "2026-11-23T16:05:10Z"])
    case .resumeRequested, .retryRequested: with(domain, [.user: "alice"])
    case .settingsChanged:
      with(rollout, [.member: "Routing", .before: "{}", .after: "{\"a\":1}"])
    case .driftDetected: with(certificates, [.reason: "on_drift is report"])
    case .renewalUnserved: with(domain, [.certificateARN: new, .edges: edges])
    case .edgesRefusing:
      with(domain, [.certificateARN: new, .edges: "the handshake is refused at 192.0.2.1:443"])
    case .credentialsFailed:
      [
        .identity: "role \"arn:aws:iam::123456789012:role/cert-rotator\"",
        .error: "AssumeRole: AccessDenied", .requestID: "0f1e2d3c",
      ]
    case .clockStepped: [.step: "1h"]
    case .clockWrong:
      [.difference: "-6m", .error: "this host's clock is 6m behind AWS's; correct it"]
    case .metricsListening: [.address: "127.0.0.1:9464"]
    case .metricsFailed: [.error: "cannot listen on 127.0.0.1:9464: address already in use"]
    case .stateFailed:
      [
        .stateFile: "/var/lib/cognito-certd/state.sqlite",
        .error: "cannot write /var/lib/cognito-certd/state.sqlite: the disk is full",
      ]
    }
  }

  @Test("Every event is one line of its snapshot", arguments: [false, true])
  func snapshots(inColour: Bool) throws {
    let lines = Event.Kind.allCases.map { kind in
      LogFormatConsole.line(
        record(kind, Self.fields(of: kind)), palette: inColour ? .coloured : .plain)
    }
    try compare(lines, withSnapshot: inColour ? "console-colour" : "console")
  }

  /// What AWS, an edge or a person could have written.
  private static let awkward = [
    String(repeating: "long ", count: 400), String(repeating: "証明書", count: 60),
    "\u{1b}[2J\u{1b}[31mred\r\n\tover", String(repeating: "🙂", count: 200), "e\u{301}\u{202e}x",
    String(repeating: "x", count: 300),
  ]

  @Test("No line is wider than 120 columns or breaks, whatever the facts are", arguments: awkward)
  func awkwardFacts(value: String) {
    for kind in Event.Kind.allCases {
      let fields = Dictionary(
        uniqueKeysWithValues: Event.Field.allCases.map { ($0, value) })
      let line = LogFormatConsole.line(record(kind, fields), palette: .plain)
      #expect(DisplayText.columns(line) <= 120, "\(line)")
      #expect(isPrintable(line), "\(line.debugDescription)")
    }
  }

  private func isPrintable(_ line: String) -> Bool {
    line.unicodeScalars.allSatisfy {
      switch $0.properties.generalCategory {
      case .control, .format, .lineSeparator, .paragraphSeparator: false
      default: true
      }
    }
  }

  @Test("Colours change no character of a line")
  func colours() {
    for kind in Event.Kind.allCases {
      let event = record(kind, Self.fields(of: kind))
      let coloured = LogFormatConsole.line(event, palette: .coloured)
      #expect(coloured.contains("\u{1b}["))
      #expect(
        coloured.replacing(/\u{1b}\[[0-9;]*m/, with: "")
          == LogFormatConsole.line(event, palette: .plain))
    }
  }

  @Test("What happened has at most 40 characters, and each fact stands once in the table")
  func table() {
    for kind in Event.Kind.allCases {
      #expect(kind.headline.count <= 40, "\(kind)")
      #expect(Set(kind.mainFacts).count == kind.mainFacts.count, "\(kind)")
    }
  }

  @Test("A line of a library has its message and its fields")
  func libraryLines() {
    let line = LogFormatConsole.line(
      LogRecord(
        time: Self.time, level: .info, message: "Graceful\nshutdown",
        fields: [.init("service", "a b"), .init("n", "1")]),
      palette: .plain)
    #expect(line == "14:05:10 info    Graceful shutdown  service=a b  n=1")
  }

  @Test("A long domain keeps both ends, and a long error its beginning")
  func longDomain() {
    let domain = "login." + String(repeating: "a", count: 60) + ".example.com"
    let line = LogFormatConsole.line(
      record(
        .updateRefused,
        [
          .domain: domain, .certificateARN: Self.new, .reason: "invalid_request",
          .error: String(repeating: "word ", count: 40),
        ]), palette: .plain)
    #expect(line.contains("login.aaaa"))
    #expect(line.contains("…aaaaaaa.example.com  update refused  …bbbbbbbb  invalid_request  word"))
    #expect(line.hasSuffix("…"))
    #expect(DisplayText.columns(line) == 120)
  }
}
