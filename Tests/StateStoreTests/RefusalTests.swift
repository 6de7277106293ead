import Foundation
import GRDB
import Reconciliation
import RolloutCore
import StateStore
import TestSupport
import Testing

@Suite("A file that this program must not write is not changed by a byte")
struct RefusalTests {
  /// Opens the file in every way and expects the same refusal and the same bytes.
  func expectRefused(
    _ scratch: Scratch, _ kind: StateFailure.Kind, _ words: String...
  ) async throws {
    let before = try image(of: scratch.path)
    let attempts: [() throws -> Void] = [
      { _ = try StateStore.open(path: scratch.state, mode: .daemon) },
      { _ = try StateStore.open(path: scratch.state, mode: .command) },
      { _ = try StateReader.open(path: scratch.state).snapshot() },
    ]
    for attempt in attempts {
      let failure = await failure(attempt)
      #expect(failure?.kind == kind, "\(failure as Any)")
      for word in words {
        #expect(failure?.message.contains(word) == true, "\(failure as Any)")
      }
    }
    #expect(try image(of: scratch.path) == before)
  }

  @Test("written by a newer version; the message names both")
  func newer() async throws {
    let scratch = try Scratch()
    try await makeState(at: scratch.state)
    try edit(scratch.state, "PRAGMA user_version = 7; CREATE TABLE news (x)")
    try await expectRefused(
      scratch, .newer, "its format is 7", "knows formats up to 1", "install the newer version")
  }

  @Test("written by a newer version, whose mark is still in the -wal file")
  func newerInTheLog() async throws {
    let scratch = try Scratch()
    try await makeState(at: scratch.state)
    let queue = try DatabaseQueue(path: scratch.state)
    try await queue.writeWithoutTransaction { try $0.execute(sql: "PRAGMA user_version = 7") }
    let copy = try Scratch()
    for suffix in ["", "-wal"] {
      try write(try bytes(scratch.state + suffix), to: copy.state + suffix)
    }
    try queue.close()
    let before = try image(of: copy.path)
    let failure = await failure { _ = try StateStore.open(path: copy.state, mode: .daemon) }
    #expect(failure?.kind == .newer)
    let after = try image(of: copy.path)
    #expect(after["state.sqlite"] == before["state.sqlite"])
    #expect(after["state.sqlite-wal"] == before["state.sqlite-wal"])
  }

  @Test("another program's database")
  func foreign() async throws {
    let scratch = try Scratch()
    try edit(scratch.state, "CREATE TABLE theirs (x); INSERT INTO theirs VALUES (1)")
    try await expectRefused(scratch, .damaged, "another program's", "move the file away")
    try edit(scratch.state, "PRAGMA application_id = 77")
    try await expectRefused(scratch, .damaged, "application_id 77")
  }

  @Test("a format that never existed")
  func impossibleFormat() async throws {
    let scratch = try Scratch()
    try await makeState(at: scratch.state)
    try edit(scratch.state, "PRAGMA user_version = -3")
    try await expectRefused(scratch, .damaged, "format -3")
    try edit(scratch.state, "PRAGMA user_version = 0")
    try await expectRefused(scratch, .damaged, "format 0")
  }

  @Test("random bytes", arguments: [1, 15, 99, 100, 511, 512, 4096, 100_000])
  func randomBytes(_ count: Int) async throws {
    let scratch = try Scratch()
    var generator = SeededGenerator(seed: UInt64(count))
    let noise = (0..<count).map { _ in UInt8.random(in: 0...255, using: &generator) }
    try write(noise, to: scratch.state)
    try await expectRefused(scratch, .damaged, "move the file away together with its -wal")
  }

  @Test("zeros")
  func zeros() async throws {
    let scratch = try Scratch()
    try write([UInt8](repeating: 0, count: 8192), to: scratch.state)
    try await expectRefused(scratch, .damaged, "move the file away")
  }

  @Test("cut off at any length", arguments: [1, 50, 100, 511, 4095, 4096, 8192, 20_000])
  func truncated(_ length: Int) async throws {
    let scratch = try Scratch()
    try await makeState(at: scratch.state)
    let whole = try bytes(scratch.state)
    try #require(whole.count > length)
    try write(Array(whole.prefix(length)), to: scratch.state)
    let before = try bytes(scratch.state)
    let failure = await failure { _ = try StateStore.open(path: scratch.state, mode: .daemon) }
    #expect(failure?.kind == .damaged, "\(failure as Any)")
    #expect(try bytes(scratch.state) == before)
    #expect(try scratch.names() == ["state.sqlite"])
  }

  @Test("a damaged page of any table that a start reads")
  func damagedPage() async throws {
    let scratch = try Scratch()
    try await makeState(at: scratch.state)
    // Each of these small trees has one page; the rest of page 1 is the schema's.
    let queue = try DatabaseQueue(path: scratch.state)
    let notRead = try await queue.read { database in
      try Int.fetchAll(
        database,
        sql: """
          SELECT rootpage FROM sqlite_schema
          WHERE tbl_name IN ('history', 'sqlite_sequence') AND rootpage > 0
          """)
    }
    try queue.close()
    #expect(notRead.count == 4)
    let whole = try bytes(scratch.state)
    for page in 1..<(whole.count / 4096) {
      var damaged = whole
      for index in (page * 4096)..<(page * 4096 + 4096) { damaged[index] ^= 0x5a }
      try write(damaged, to: scratch.state)
      let failure = await failure {
        try StateStore.open(path: scratch.state, mode: .daemon).close()
      }
      if notRead.contains(page + 1) {
        #expect(failure == nil, "page \(page + 1)")
      } else {
        #expect(failure?.kind == .damaged, "page \(page + 1): \(failure as Any)")
      }
      #expect(try bytes(scratch.state) == damaged)
    }
  }

  @Test("flipped bits lead to a clear failure or to none", arguments: 0..<8)
  func flippedBits(_ seed: Int) async throws {
    let scratch = try Scratch()
    try await makeState(at: scratch.state)
    let whole = try bytes(scratch.state)
    var generator = SeededGenerator(seed: UInt64(seed))
    for _ in 0..<40 {
      var flipped = whole
      for _ in 0..<Int.random(in: 1...4, using: &generator) {
        let place = Int.random(in: 0..<whole.count, using: &generator)
        flipped[place] ^= 1 << UInt8.random(in: 0..<8, using: &generator)
      }
      try write(flipped, to: scratch.state)
      let failure = await failure {
        let store = try StateStore.open(path: scratch.state, mode: .daemon)
        _ = try await store.loadRecords()
        _ = try StateReader.open(path: scratch.state).snapshot()
        try await store.commit(StateChange(records: [try fullRecord(rollout: "next")]))
        try store.close()
      }
      if let failure {
        #expect([.damaged, .newer, .io].contains(failure.kind), "\(failure)")
      }
      for suffix in ["-wal", "-shm", "-journal"] {
        try? FileManager.default.removeItem(atPath: scratch.state + suffix)
      }
    }
  }
}

@Suite("Damage in the history")
struct DamagedHistoryTests {
  @Test("does not prevent a start, and is reported when that page is read")
  func startsAnyway() async throws {
    let scratch = try Scratch()
    try await makeState(at: scratch.state)
    let store = try StateStore.open(path: scratch.state, mode: .daemon)
    try await store.commit(
      StateChange(
        history: try (Int64(0)..<500).map { number in
          var entry = try entry(number)
          entry.fields["serial"] = "MARK"
          return entry
        }))
    try store.close()
    let whole = try bytes(scratch.state)
    var damaged = whole
    let mark = Array("MARK".utf8)
    for page in 1..<(whole.count / 4096) {
      let range = (page * 4096)..<(page * 4096 + 4096)
      guard whole[range].indices.dropLast(3).contains(where: { whole[$0..<$0 + 4] == mark[...] })
      else { continue }
      for index in range { damaged[index] ^= 0x5a }
    }
    #expect(damaged != whole)
    try write(damaged, to: scratch.state)

    #expect(
      try StateReader.open(path: scratch.state).snapshot().records == [
        try fullRecord(rollout: "rollout-0")
      ])
    let again = try StateStore.open(path: scratch.state, mode: .daemon)
    #expect(try await again.loadRecords() == [try fullRecord(rollout: "rollout-0")])
    try await again.commit(StateChange(records: [try plainRecord()]))
    let change = StateChange(records: [try fullRecord()], history: [try entry(1)])
    let failure = await failure { try await again.commit(change) }
    #expect(failure?.kind == .damaged, "\(failure as Any)")
    #expect(failure?.message.contains("move the file away") == true)
    #expect(try await again.loadRecords() == [try plainRecord()])
  }
}
