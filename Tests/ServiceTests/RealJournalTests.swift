import Logging
import LosslessJSON
import Narration
import RolloutCore
import Testing

@testable import Service

private let obstacle = RealJournal.obstacle

@Suite(
  "The log in a real journald",
  .enabled(if: obstacle == nil, "NOT CHECKED against a real journald: \(obstacle ?? "")"),
  .timeLimit(.minutes(2)))
struct RealJournalTests {
  /// The records that the journal did not accept.
  private let pipe = PipePeer()

  private func logger(_ journal: RealJournal) -> Logger {
    let output = LogOutput(
      .journal, environment: [:], standardError: LineWriter(descriptor: pipe.writeEnd),
      journalPath: journal.socketPath)
    return Logger(label: "cognito-certd") { _ in
      RecordLogHandler(output, level: .debug, now: { Instant(milliseconds: 0) })
    }
  }

  @Test("Every event arrives with its message, priority, id and fields")
  func events() async throws {
    let journal = try await RealJournal()
    let reporter = LogReporter(logger(journal))
    var fields: [Event.Field: String] = [:]
    for field in Event.Field.allCases { fields[field] = "the \(field.rawValue)" }
    for kind in Event.Kind.allCases { reporter.log(Event(kind, fields)) }
    let entries = try journal.entries()
    #expect(entries.count == Event.Kind.allCases.count)
    #expect(pipe.read() == "")
    for (kind, entry) in zip(Event.Kind.allCases, entries) {
      #expect(entry["COGNITO_CERTD_EVENT"]?.string == kind.rawValue)
      #expect(entry["MESSAGE"]?.string?.hasPrefix(kind.message + " ") == true, "\(kind)")
      #expect(entry["PRIORITY"]?.string == priority(kind.level), "\(kind)")
      #expect(entry["MESSAGE_ID"]?.string == kind.messageID, "\(kind)")
      #expect(entry["_TRANSPORT"]?.string == "journal")
      for field in Event.Field.allCases {
        let name = "COGNITO_CERTD_" + field.rawValue.uppercased()
        #expect(entry[name]?.string == "the \(field.rawValue)", "\(kind) \(name)")
      }
    }
  }

  private func priority(_ level: Event.Level) -> String {
    switch level {
    case .debug: "7"
    case .info: "6"
    case .notice: "5"
    case .warning: "4"
    case .error: "3"
    }
  }

  @Test("A value with several lines arrives unchanged, and adds no field")
  func lines() async throws {
    let journal = try await RealJournal()
    let text = "first\nPRIORITY=0\n\n_UID=12345\n  ‘last’ \u{1F511}\n"
    LogReporter(logger(journal)).log(
      Event(.configRejected, [.error: text, .config: "/etc/cognito-certd/config.yaml"]))
    let entries = try journal.entries()
    #expect(entries.count == 1)
    #expect(entries.first?["COGNITO_CERTD_ERROR"]?.string == text)
    #expect(entries.first?["COGNITO_CERTD_CONFIG"]?.string == "/etc/cognito-certd/config.yaml")
    #expect(entries.first?["PRIORITY"]?.string == "3")
    #expect(entries.first?["_UID"]?.string == "0")
    #expect(entries.first?["MESSAGE"]?.string?.contains("\n") == false)
  }

  @Test("A value at the limit arrives complete, and a longer one with a mark")
  func longValues() async throws {
    let journal = try await RealJournal()
    let whole = String(repeating: "x", count: LogRecord.maximumValueSize)
    let reporter = LogReporter(logger(journal))
    reporter.log(Event(.pollFailed, [.error: whole]))
    reporter.log(Event(.pollFailed, [.error: whole + "yz"]))
    // Without --all, as in a script.
    let entries = try journal.journalctl("--output=json").split(separator: "\n").map {
      try JSONValue(parsing: String($0))
    }
    #expect(
      entries.map { $0["COGNITO_CERTD_ERROR"]?.string } == [whole, whole + "…[2 bytes cut]"])
  }

  @Test("The line of a library has no message id")
  func noEvent() async throws {
    let journal = try await RealJournal()
    logger(journal).critical("a line", metadata: ["some-key": "a value"])
    let entries = try journal.entries()
    #expect(entries.count == 1)
    #expect(entries.first?["PRIORITY"]?.string == "2")
    #expect(entries.first?["COGNITO_CERTD_SOME_KEY"]?.string == "a value")
    #expect(entries.first?["MESSAGE_ID"] == nil)
    #expect(entries.first?["COGNITO_CERTD_EVENT"] == nil)
  }

  @Test("journalctl finds events by domain and by message id")
  func selecting() async throws {
    let journal = try await RealJournal()
    let reporter = LogReporter(logger(journal))
    for domain in ["auth.example.com", "login.example.org"] {
      reporter.log(Event(.updateSubmitted, [.domain: domain]))
      reporter.log(Event(.rolloutCompleted, [.domain: domain]))
    }
    let found = try journal.journalctl(
      "--output=cat", "COGNITO_CERTD_DOMAIN=auth.example.com",
      "MESSAGE_ID=\(Event.Kind.rolloutCompleted.messageID)")
    #expect(found == "the rollout is complete domain=auth.example.com\n")
  }

  @Test("journalctl -x explains every event: its meaning, what comes next, what to do")
  func explained() async throws {
    let journal = try await RealJournal()
    let reporter = LogReporter(logger(journal))
    for kind in Event.Kind.allCases {
      reporter.log(Event(kind))
      let text = try journal.journalctl(
        "--catalog", "COGNITO_CERTD_EVENT=\(kind.rawValue)")
      #expect(text.contains(kind.message), "\(kind)")
      #expect(text.contains("(\(kind.rawValue))\n"), "\(kind)")
      for part in ["Subject: ", "Defined-By: cognito-certd", "Meaning: ", "Next: ", "To do: "] {
        #expect(text.contains("░░ " + part), "\(kind): \(part)")
      }
    }
  }
}
