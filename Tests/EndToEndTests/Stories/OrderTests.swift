import GRDB
import LosslessJSON
import POSIX
import Reconciliation
import RolloutCore
import StateStore
import TestSupport
import Testing
import Transport

@Suite("The log and the state file", .timeLimit(.minutes(5)))
struct OrderTests {
  @Test("what the log tells, the state file shows already")
  func order() async throws {
    try await Stage.with(Scene.one()) { stage in
      try stage.configure(stage.config)
      // Each line is read the moment it is written, and the state right after it.
      let seen = Guarded<[(line: LogLine, record: DomainRecord?)]>([])
      let state = stage.statePath
      let daemon = try stage.watchedDaemon { line in
        let records = try? StateReader.open(path: state).snapshot().records
        seen.withLock { $0.append((line, records?.first)) }
      }
      func comes(_ event: String) async throws {
        _ = try await eventually(event) {
          seen.withLock { $0.contains { $0.line.event == event } } ? true : nil
        }
      }
      try await comes("poll.completed")
      _ = try await stage.issue(Scene.name, more: ["not_before": -60])
      try await comes("rollout.completed")
      try await stage.simulate(
        "set", ["domain": .string(Scene.name), "refusal": "parent_domain"])
      let refused = try await stage.issue(Scene.name)
      try await comes("update.refused")
      daemon.kill()

      let phases: [String: Set<String>] = [
        "update.submitted": ["submitting", "propagating", "completed", "refused"],
        "update.accepted": ["propagating", "completed"], "rollout.completed": ["completed"],
        "update.refused": ["refused"],
      ]
      var checked: Set<String> = []
      for (line, record) in seen.withLock({ $0 }) where phases[line.event] != nil {
        let phase = try #require(record?.rollout?.phaseWord, "\(line)")
        #expect(record?.rollout?.id == line["rollout"], "\(line)")
        #expect(phases[line.event]?.contains(phase) == true, "\(line): \(phase)")
        checked.insert(line.event)
      }
      #expect(checked == Set(phases.keys))
      for (line, record) in seen.withLock({ $0 }) where line.event == "replacement.found" {
        #expect([line["certificate_arn"], refused].contains(record?.desired?.text))
      }
    }
  }

  @Test("an intent that cannot be written yet is neither told nor acted on")
  func lockedBeforeTheCall() async throws {
    try await Stage.with(Scene.one()) { stage in
      try stage.configure(stage.config)
      let daemon = try await stage.pollingDaemon()
      let lock = try StateLock(stage.statePath)
      let new = try await stage.issue(Scene.name)
      try await Task.sleep(for: .seconds(2.5))
      #expect(daemon.lines("replacement.found").isEmpty)
      #expect(daemon.lines("update.submitted").isEmpty)
      #expect(try await stage.calls("UpdateUserPoolDomain").isEmpty)
      try lock.release()
      try await daemon.line("rollout.completed")
      #expect(try await stage.effects(on: Scene.name) == [new])
      #expect(daemon.lines("state.failed").isEmpty)
    }
  }

  @Test("an answer that cannot be written yet is not told, and never asked for twice")
  func lockedAfterTheCall() async throws {
    try await Stage.with(Scene.one()) { stage in
      try stage.configure(stage.config)
      let daemon = try await stage.pollingDaemon()
      try await stage.simulate("set", ["latency": 0.7])
      let new = try await stage.issue(Scene.name)
      try await daemon.line("update.submitted")
      let lock = try StateLock(stage.statePath)
      try await stage.simulate("set", ["latency": 0])
      // Longer than SQLite waits for a lock.
      let failed = try await daemon.line("state.failed")
      #expect(failed["error"]?.contains("locked") == true, "\(failed)")
      #expect(try await stage.effects(on: Scene.name) == [new])
      #expect(daemon.lines("update.accepted").isEmpty)
      #expect(try await stage.status()[Scene.name]["condition"] == "submitting")
      try lock.release()
      try await daemon.line("rollout.completed", within: .seconds(45))
      #expect(daemon.lines("update.accepted").count == 1)
      #expect(try await stage.calls("UpdateUserPoolDomain").count == 1)
    }
  }
}

/// Someone else who writes to the state file and takes their time.
final class StateLock {
  private let queue: DatabaseQueue

  init(_ path: String) throws {
    var configuration = Configuration()
    configuration.busyMode = .timeout(5)
    configuration.allowsUnsafeTransactions = true
    queue = try DatabaseQueue(path: path, configuration: configuration)
    try queue.inDatabase { try $0.execute(sql: "BEGIN IMMEDIATE") }
  }

  func release() throws {
    try queue.inDatabase { try $0.execute(sql: "ROLLBACK") }
    try queue.close()
  }
}
