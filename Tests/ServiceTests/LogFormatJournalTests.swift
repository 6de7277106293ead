import Logging
import Narration
import RolloutCore
import TestSupport
import Testing

@testable import Service

private let time = Instant(milliseconds: 0)

@Suite("Records in the journal's format")
struct LogFormatJournalTests {
  private func journal() throws -> (TemporaryDirectory, DatagramPeer, PipePeer, LogOutput) {
    let directory = try TemporaryDirectory()
    let path = directory["journal"]
    let pipe = PipePeer()
    let writer = LineWriter(descriptor: pipe.writeEnd)
    let output = LogOutput(.journal, environment: [:], standardError: writer, journalPath: path)
    return (directory, try DatagramPeer(path), pipe, output)
  }

  @Test("An event has its id, its priority and every field")
  func entry() throws {
    let (directory, peer, pipe, output) = try journal()
    defer { withExtendedLifetime(directory) {} }
    output.write(
      LogRecord(
        time: time, level: .warning, event: "update.retrying", message: "it will be asked again",
        fields: [.init("domain", "auth.example.com"), .init("error", "two\nlines\n")]))
    let fields = try JournalEntryReader.fields(of: try #require(peer.next()))
    let names = [
      "MESSAGE", "PRIORITY", "SYSLOG_IDENTIFIER", "MESSAGE_ID", "COGNITO_CERTD_EVENT",
      "COGNITO_CERTD_DOMAIN", "COGNITO_CERTD_ERROR",
    ]
    let values = [
      #"it will be asked again domain=auth.example.com error="two\nlines\n""#, "4",
      "cognito-certd", Event.Kind.updateRetrying.messageID, "update.retrying",
      "auth.example.com", "two\nlines\n",
    ]
    #expect(fields.map(\.name) == names)
    #expect(fields.map(\.value) == values)
    #expect(peer.next() == nil)
    #expect(pipe.read() == "")
  }

  @Test("A value cannot forge a field")
  func forgery() throws {
    let (directory, peer, _, output) = try journal()
    defer { withExtendedLifetime(directory) {} }
    let forged = "x\nPRIORITY=0\n_UID=0"
    output.write(
      LogRecord(
        time: time, level: .info, event: forged, message: forged, fields: [.init(forged, forged)]))
    let fields = try JournalEntryReader.fields(of: try #require(peer.next()))
    #expect(
      fields.map(\.name) == [
        "MESSAGE", "PRIORITY", "SYSLOG_IDENTIFIER", "COGNITO_CERTD_EVENT",
        "COGNITO_CERTD_X_PRIORITY_0__UID_0",
      ])
    #expect(fields[1].value == "6")
    #expect(fields[4].value == forged)
  }

  @Test(
    "Every level has its priority",
    arguments: zip(
      [Logger.Level.trace, .debug, .info, .notice, .warning, .error, .critical],
      ["7", "7", "6", "5", "4", "3", "2"]))
  func priorities(level: Logger.Level, priority: String) throws {
    let datagram = LogFormatJournal.datagram(LogRecord(time: time, level: level, message: "m"))
    let fields = try JournalEntryReader.fields(of: datagram)
    #expect(fields.map(\.value) == ["m", priority, "cognito-certd"])
  }

  @Test("An entry that is too large for one datagram arrives with its values cut")
  func tooLarge() throws {
    let (directory, peer, pipe, output) = try journal()
    defer { withExtendedLifetime(directory) {} }
    let long = String(repeating: "x", count: LogRecord.maximumValueSize)
    let fields = (0..<800).map { LogRecord.Field("f\($0)", long) }
    output.write(LogRecord(time: time, level: .info, message: long, fields: fields))
    let datagram = try #require(peer.next())
    #expect(datagram.count < 208 << 10)
    let got = try JournalEntryReader.fields(of: datagram)
    #expect(got.count == 803)
    #expect(got.last?.name == "COGNITO_CERTD_F799")
    #expect(got.last?.value.hasSuffix("bytes cut]") == true)
    #expect(pipe.read() == "")
  }

  @Test("No field is too large for the JSON of journalctl")
  func shownAsJSON() throws {
    let long = String(repeating: "\"", count: 100_000)
    let metadata: Logger.Metadata = [
      LogRecord.eventKey: "poll.failed", "error": .string(long),
      String(repeating: "k", count: 100): .string(long),
    ]
    let record = LogRecord(time: time, level: .info, message: long, metadata: metadata)
    let fields = try JournalEntryReader.fields(of: LogFormatJournal.datagram(record))
    #expect(fields.count == 7)
    for field in fields { #expect(field.name.utf8.count + 1 + field.value.utf8.count < 4096) }
  }

  @Test("A record that the journal does not accept goes to standard error")
  func fallback() throws {
    let directory = try TemporaryDirectory()
    let pipe = PipePeer()
    let output = LogOutput(
      .journal, environment: [:], standardError: LineWriter(descriptor: pipe.writeEnd),
      journalPath: directory["nobody"])
    output.write(LogRecord(time: time, level: .error, event: "state.failed", message: "m"))
    #expect(pipe.read() == "time=1970-01-01T00:00:00Z level=error event=state.failed msg=m\n")
    let peer = try DatagramPeer(directory["nobody"])
    output.write(LogRecord(time: time, level: .error, message: "back"))
    #expect(peer.next() != nil)
    #expect(pipe.read() == "")
  }

  @Test("A journal that does not read delays one record only, and no record is lost")
  func stuckJournal() throws {
    let (directory, peer, pipe, output) = try journal()
    defer { withExtendedLifetime((directory, peer)) {} }
    let start = SystemClock().uptime
    for count in 0..<400 {
      output.write(LogRecord(time: time, level: .info, message: "m\(count)"))
    }
    let elapsed = SystemClock().uptime - start
    var taken = 0
    while peer.next() != nil { taken += 1 }
    let written = pipe.read().split(separator: "\n").count
    #expect(taken > 0 && written > 0 && taken + written == 400)
    #expect(elapsed < .seconds(5))
  }

  @Test("An impossible socket path counts as an unreachable journal")
  func longPath() {
    let journal = JournalSocket(path: "/" + String(repeating: "x", count: 200))
    #expect(!journal.write(LogRecord(time: time, level: .info, message: "m")))
  }
}
