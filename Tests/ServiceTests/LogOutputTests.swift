import Foundation
import Logging
import Narration
import RolloutCore
import Terminal
import Testing

@testable import Service

private let time = Instant(milliseconds: 1)

@Suite("The destination of the log")
struct LogOutputTests {
  private func kind(_ output: LogOutput) -> String {
    switch output {
    case .console(_, let palette): palette == .plain ? "console" : "coloured console"
    case .logfmt: "logfmt"
    case .json: "json"
    case .journal: "journal"
    }
  }

  @Test("auto is the journal only when JOURNAL_STREAM names the stream of standard error")
  func automatic() {
    let pipe = PipePeer()
    let writer = LineWriter(descriptor: pipe.writeEnd)
    var status = stat()
    fstat(pipe.writeEnd, &status)
    func chosen(_ stream: String?) -> String {
      let environment = stream.map { ["JOURNAL_STREAM": $0] } ?? [:]
      return kind(LogOutput(.auto, environment: environment, standardError: writer))
    }
    #expect(chosen("\(status.st_dev):\(status.st_ino)") == "journal")
    #expect(chosen("\(status.st_dev):\(status.st_ino + 1)") == "logfmt")
    #expect(chosen("\(status.st_dev + 1):\(status.st_ino)") == "logfmt")
    #expect(chosen(nil) == "logfmt")
    for malformed in ["", ":", "1", "1:2:3", "a:b", "-1:2", "99999999999999999999:1"] {
      #expect(chosen(malformed) == "logfmt", "\(malformed)")
    }
  }

  @Test("The requested format is used")
  func explicit() {
    #expect(kind(LogOutput(.json, environment: [:])) == "json")
    #expect(kind(LogOutput(.journal, environment: [:])) == "journal")
    let pipe = LineWriter(descriptor: PipePeer().writeEnd)
    #expect(kind(LogOutput(.logfmt, environment: [:], standardError: pipe)) == "logfmt")
    #expect(kind(LogOutput(.console, environment: [:], standardError: pipe)) == "console")
  }

  @Test("A terminal gets the console's format with colours, unless NO_COLOR is set or TERM is dumb")
  func colours() throws {
    // The master of a pseudo-terminal is a terminal, too.
    let terminal = open("/dev/ptmx", O_RDWR | O_NOCTTY)
    try #require(terminal >= 0)
    defer { close(terminal) }
    let writer = LineWriter(descriptor: terminal)
    func chosen(_ environment: [String: String]) -> String {
      kind(LogOutput(.auto, environment: environment, standardError: writer))
    }
    #expect(chosen([:]) == "coloured console")
    #expect(chosen(["NO_COLOR": ""]) == "coloured console")
    #expect(chosen(["NO_COLOR": "1"]) == "console")
    #expect(chosen(["TERM": "dumb"]) == "console")
    #expect(kind(LogOutput(.logfmt, environment: [:], standardError: writer)) == "logfmt")
  }

  @Test("An event is one line with its message, its level and its fields")
  func reporter() {
    let pipe = PipePeer()
    let output = LogOutput(
      .logfmt, environment: [:], standardError: LineWriter(descriptor: pipe.writeEnd))
    let handler = RecordLogHandler(output, level: .info) { time }
    let reporter = LogReporter(Logger(label: "test") { _ in handler })
    reporter.log(Event(.rolloutOverdue, [.deadline: "d", .domain: "auth.example.com"]))
    reporter.log(Event(.pollCompleted))
    reporter.log(Event(.candidateIneligible, level: .notice))
    #expect(
      pipe.read() == """
        time=1970-01-01T00:00:00.001Z level=error event=rollout.overdue \
        msg="the window has passed without proof of the new certificate" \
        domain=auth.example.com deadline=d
        time=1970-01-01T00:00:00.001Z level=notice event=candidate.ineligible \
        msg="a certificate for this domain was not chosen"

        """)
  }

  @Test("The line of a library has its metadata and its error")
  func libraryLines() throws {
    let pipe = PipePeer()
    let output = LogOutput(
      .logfmt, environment: [:], standardError: LineWriter(descriptor: pipe.writeEnd))
    var handler = RecordLogHandler(output, level: .info) { time }
    handler.metadataProvider = Logger.MetadataProvider { ["provided": "1", "own": "2"] }
    handler[metadataKey: "kept"] = ["a", "b"]
    let logger = Logger(label: "test") { _ in handler }
    logger.info("m", metadata: ["own": "3"])
    let fields = try LogfmtReader.fields(of: pipe.read().trimmingCharacters(in: .newlines))
    #expect(
      fields.dropFirst(2).map { "\($0.name)=\($0.value)" } == [
        "msg=m", #"kept=["a", "b"]"#, "own=3", "provided=1",
      ])
  }
}

@Suite("Writing lines", .serialized)
struct LineWriterTests {
  @Test("Lines of several threads are not mixed")
  func parallel() async {
    let pipe = PipePeer()
    let writer = LineWriter(descriptor: pipe.writeEnd)
    await withTaskGroup(of: Void.self) { group in
      for task in 0..<8 {
        group.addTask {
          for _ in 0..<20 {
            writer.write([UInt8](repeating: UInt8(ascii: "a") + UInt8(task), count: 300))
          }
        }
      }
    }
    let lines = pipe.read().split(separator: "\n")
    #expect(lines.count == 160)
    #expect(lines.allSatisfy { $0.count == 300 && Set($0).count == 1 })
  }

  @Test(
    "A reader that does not read loses lines, does not block the daemon, and damages no later line")
  func stuckReader() {
    let pipe = PipePeer()
    let writer = LineWriter(descriptor: pipe.writeEnd)
    let start = SystemClock().uptime
    let line = [UInt8](repeating: UInt8(ascii: "x"), count: 3001)
    for _ in 0..<200 { writer.write(line) }
    #expect(SystemClock().uptime - start < .seconds(5))
    _ = pipe.read()
    writer.write(Array("whole".utf8))
    #expect(
      pipe.read().split(separator: "\n", omittingEmptySubsequences: false).suffix(2)
        == ["whole", ""])
  }

  @Test("A line that was written in part is ended before the next one")
  func brokenLine() {
    let pipe = PipePeer()
    let writer = LineWriter(descriptor: pipe.writeEnd)
    writer.write([UInt8](repeating: UInt8(ascii: "x"), count: 1 << 20))
    let start = pipe.read()
    #expect(!start.isEmpty && !start.contains("\n"))
    writer.write(Array("whole".utf8))
    #expect(pipe.read() == "\nwhole\n")
  }

  @Test("A pipe without a reader and a closed descriptor are tolerated")
  func nobody() {
    StandardStreams.prepare()
    var ends: [Int32] = [0, 0]
    pipe(&ends)
    close(ends[0])
    let broken = LineWriter(descriptor: ends[1])
    broken.write(Array("x".utf8))
    broken.write(Array("y".utf8))
    close(ends[1])
    LineWriter(descriptor: 1_000_000).write(Array("z".utf8))
    LineWriter(descriptor: -1).write(Array("z".utf8))
  }
}
