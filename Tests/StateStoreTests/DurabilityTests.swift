import Foundation
import GRDB
import Reconciliation
import RolloutCore
import Testing

@testable import StateStore

@Suite("Nothing that was committed is lost")
struct DurabilityTests {
  /// What a power cut would leave: the main file and the log, without the shared memory.
  func cut(_ scratch: Scratch, keepingLog length: Int? = nil) throws -> Scratch {
    let copy = try Scratch()
    try write(try bytes(scratch.state), to: copy.state)
    if exists(scratch.state + "-wal") {
      let log = try bytes(scratch.state + "-wal")
      try write(Array(log.prefix(length ?? log.count)), to: copy.state + "-wal")
    }
    return copy
  }

  @Test("a power cut after any commit finds that commit and all before it")
  func powerCut() async throws {
    let scratch = try Scratch()
    let store = try StateStore.open(path: scratch.state, mode: .daemon)
    for number in 1...30 {
      var record = try fullRecord(rollout: "rollout-\(number)")
      record.reason = Explanation(.other("n"), "\(number)")
      try await store.commit(
        StateChange(records: [record], history: [try entry(Int64(number))]))
      let copy = try cut(scratch)
      #expect(try StateReader.open(path: copy.state).snapshot().records == [record])
      #expect(try storedEntries(copy.state).map(\.at) == (1...number).map { at(Int64($0)) })
      let again = try StateStore.open(path: copy.state, mode: .daemon)
      #expect(try await again.loadRecords() == [record])
    }
  }

  @Test("a -wal file that ends anywhere gives a whole earlier state")
  func tornLog() async throws {
    let scratch = try Scratch()
    let store = try StateStore.open(path: scratch.state, mode: .daemon)
    var states: [[DomainRecord]] = [[]]
    for number in 1...4 {
      var record = try fullRecord(rollout: "rollout-\(number)")
      record.reason = Explanation(.other("n"), "\(number)")
      try await store.commit(StateChange(records: [record]))
      states.append([record])
    }
    let length = try bytes(scratch.state + "-wal").count
    var seen: Set<Int> = []
    var reached = 0
    for kept in stride(from: 0, through: length, by: 1999) {
      let copy = try cut(scratch, keepingLog: kept)
      let again = try StateStore.open(path: copy.state, mode: .daemon)
      let records = try await again.loadRecords()
      let index = try #require(states.firstIndex(of: records))
      #expect(index >= reached)
      reached = index
      seen.insert(index)
      try again.close()
    }
    #expect(seen.count >= 3)
  }

  @Test("a commit is stored whole or not at all")
  func atomic() async throws {
    let scratch = try Scratch()
    let store = try StateStore.open(path: scratch.state, mode: .daemon)
    let first = try fullRecord()
    try await store.commit(StateChange(records: [first]))
    try await store.queue().writeWithoutTransaction { database in
      try database.execute(
        sql: """
          CREATE TEMP TRIGGER refuse BEFORE INSERT ON main.history WHEN NEW.at = 666
          BEGIN SELECT RAISE(ABORT, 'refused for a test'); END
          """)
    }
    var second = try plainRecord()
    second.reason = Explanation(.other("s3cret"), "s3cret")
    let change = StateChange(records: [second], history: [try entry(1), try entry(666)])
    let failure = await failure { try await store.commit(change) }
    #expect(failure?.kind == .io)
    #expect(failure?.message.contains("refused for a test") == true)
    #expect(failure?.description.contains("s3cret") == false)
    #expect(try await store.loadRecords() == [first])
    #expect(try storedEntries(scratch.state).isEmpty)
    try await store.commit(StateChange(records: [second], history: [try entry(1)]))
    #expect(try await store.loadRecords() == [second])
  }

  @Test("an empty change writes nothing")
  func emptyChange() async throws {
    let scratch = try Scratch()
    let store = try StateStore.open(path: scratch.state, mode: .daemon)
    try await store.commit(StateChange(records: [try fullRecord()]))
    let other = try StateStore.open(path: scratch.state, mode: .command)
    let version = try await other.dataVersion()
    let names = [scratch.state, scratch.state + "-wal", scratch.state + "-shm"]
    let before = (try image(of: scratch.path), names.map(stamp))
    try await store.commit(StateChange())
    #expect(try image(of: scratch.path) == before.0)
    #expect(names.map(stamp) == before.1)
    #expect(try await other.dataVersion() == version)
    try await store.commit(StateChange(history: [try entry(1)]))
    #expect(try await other.dataVersion() != version)
  }

  @Test("a commit is made even when its task was cancelled")
  func cancelled() async throws {
    let scratch = try Scratch()
    let store = try StateStore.open(path: scratch.state, mode: .daemon)
    let record = try fullRecord()
    let task = Task {
      while !Task.isCancelled { await Task.yield() }
      try await store.commit(StateChange(records: [record]))
    }
    task.cancel()
    try await task.value
    #expect(try await store.loadRecords() == [record])
  }

  @Test("the daemon's connection syncs at every commit and enforces references")
  func settings() async throws {
    let scratch = try Scratch()
    let store = try StateStore.open(path: scratch.state, mode: .daemon)
    let command = try StateStore.open(path: scratch.state, mode: .command)
    for queue in [try await store.queue(), try await command.queue()] {
      let values = try await queue.writeWithoutTransaction { database in
        try ["synchronous", "foreign_keys", "busy_timeout"].map {
          try Int.fetchOne(database, sql: "PRAGMA \($0)")
        }
      }
      #expect(values == [2, 1, 5000])
    }
  }

  @Test("a transaction that another process holds open is waited for, and then reported")
  func busy() async throws {
    let scratch = try Scratch()
    let store = try StateStore.open(path: scratch.state, mode: .daemon)
    var configuration = Configuration()
    configuration.allowsUnsafeTransactions = true
    let person = try DatabaseQueue(path: scratch.state, configuration: configuration)
    try await person.writeWithoutTransaction { try $0.execute(sql: "BEGIN IMMEDIATE") }
    let change = StateChange(records: [try fullRecord()])
    let failure = await failure { try await store.commit(change) }
    #expect(failure?.kind == .locked(pid: nil))
    #expect(failure?.message.contains("another process kept it locked for 5 s") == true)
    try await person.writeWithoutTransaction { try $0.execute(sql: "ROLLBACK") }
    try await store.commit(change)
    #expect(try await store.loadRecords() == change.records)
  }

  @Test("a transaction that was left open is undone before the next one")
  func leftOpen() async throws {
    let scratch = try Scratch()
    let store = try StateStore.open(path: scratch.state, mode: .daemon)
    try await store.queue().writeWithoutTransaction { database in
      try database.execute(
        sql: """
          BEGIN; INSERT INTO requests (domain, at, user, kind)
            VALUES ('a.example.com', 1, 'alice', 'retry')
          """)
    }
    try await store.commit(StateChange(records: [try plainRecord()]))
    #expect(try await store.pendingRequests().isEmpty)
    #expect(try StateReader.open(path: scratch.state).snapshot().records == [try plainRecord()])
  }

  @Test("the -wal file does not grow without bound")
  func boundedLog() async throws {
    let scratch = try Scratch()
    let store = try StateStore.open(path: scratch.state, mode: .daemon)
    var largest = 0
    for round in 0..<60 {
      let entries = try (0..<100).map { number in
        var entry = try entry(Int64(round * 100 + number))
        entry.fields["serial"] = String(repeating: "0", count: 1000)
        return entry
      }
      var records: [DomainRecord] = []
      for number in 0..<50 {
        records.append(try fullRecord("d\(number).example.com", rollout: "\(round)-\(number)"))
      }
      try await store.commit(StateChange(records: records, history: entries))
      largest = max(largest, stamp(scratch.state + "-wal")[0])
    }
    #expect(stamp(scratch.state)[0] > 4 << 20)
    #expect(largest < 8 << 20)
  }
}
