import Foundation
import Glibc
import Reconciliation
import RolloutCore
import Testing

@testable import StateStore

@Suite("The heartbeat")
struct HeartbeatTests {
  let instant = Instant(year: 2026, month: 11, day: 23, hour: 21, minute: 36, second: 51)

  @Test("is read back as it was written, and is for its owner alone")
  func roundTrip() throws {
    let scratch = try Scratch()
    let path = scratch.path + "/heartbeat"
    for poll in [instant, instant + .milliseconds(7), nil] {
      let beat = Heartbeat(pid: 12, lastSuccessfulPoll: poll, pollInterval: .minutes(5))
      try beat.write(to: path)
      #expect(Heartbeat.read(path: path) == beat)
      #expect(permissions(path) == 0o600)
    }
    #expect(try scratch.names() == ["heartbeat"])
  }

  @Test("is JSON with the time in RFC 3339")
  func text() throws {
    let scratch = try Scratch()
    let path = scratch.path + "/heartbeat"
    try Heartbeat(pid: 12, lastSuccessfulPoll: instant, pollInterval: .seconds(1)).write(to: path)
    let text = String(decoding: try bytes(path), as: UTF8.self)
    #expect(
      text
        == "{\"pid\":12,\"last_successful_poll_at\":\"2026-11-23T21:36:51Z\",\"poll_interval_ms\":1000,\"host_error_ms\":0}\n"
    )
  }

  @Test("is in the first runtime directory, or beside the state file")
  func path() {
    let cases: [(String?, String)] = [
      ("/run/a", "/run/a/heartbeat"), ("/run/a:/run/b", "/run/a/heartbeat"),
      (nil, "/x/state.sqlite.heartbeat"), ("", "/x/state.sqlite.heartbeat"),
    ]
    for (directory, expected) in cases {
      #expect(
        Heartbeat.path(stateFile: "/x/state.sqlite", runtimeDirectory: directory) == expected)
    }
  }

  @Test(
    "that is missing or malformed is treated as absent",
    arguments: [
      "", "{", "null", "[]", "{}", "{\"pid\":1}", "\u{0}\u{0}",
      "{\"pid\":0,\"last_successful_poll_at\":null,\"poll_interval_ms\":1}",
      "{\"pid\":99999999999,\"last_successful_poll_at\":null,\"poll_interval_ms\":1}",
      "{\"pid\":1,\"last_successful_poll_at\":null,\"poll_interval_ms\":0}",
      "{\"pid\":1,\"last_successful_poll_at\":\"yesterday\",\"poll_interval_ms\":1}",
      "{\"pid\":1,\"last_successful_poll_at\":7,\"poll_interval_ms\":1}",
    ])
  func garbled(_ text: String) throws {
    let scratch = try Scratch()
    let path = scratch.path + "/heartbeat"
    #expect(Heartbeat.read(path: path) == nil)
    try write(Array(text.utf8), to: path)
    #expect(Heartbeat.read(path: path) == nil)
  }

  @Test("a pipe or a directory in its place does not block a reader")
  func wrongKinds() throws {
    let scratch = try Scratch()
    let path = scratch.path + "/heartbeat"
    #expect(mkfifo(path, 0o600) == 0)
    #expect(Heartbeat.read(path: path) == nil)
    #expect(Heartbeat.read(path: scratch.path) == nil)
  }

  @Test("that cannot be written is reported with its path")
  func unwritable() async throws {
    let beat = Heartbeat(pid: 1, lastSuccessfulPoll: nil, pollInterval: .seconds(1))
    let failure = await failure { try beat.write(to: "/nonexistent/heartbeat") }
    #expect(failure?.description.contains("/nonexistent/heartbeat") == true)
  }

  @Test(
    "malformed times are refused",
    arguments: [
      "2026-02-30T00:00:00Z", "2026-13-01T00:00:00Z", "2026-01-01T24:00:00Z", "2026-01-01",
      "2026-01-01T00:00:00", "2026-01-01T00:00:00+01:00", "2026-01-01T00:00:00.Z",
      "2026-01-01T00:00:00.1Z", "2026-01-01T00:00:00.000Z", "+026-01-01T00:00:00Z", "Z", "",
    ])
  func times(_ text: String) {
    #expect(Instant(rfc3339UTC: text) == nil)
  }
}
