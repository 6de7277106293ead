import Foundation
import GRDB
import Reconciliation
import RolloutCore
import StateStore
import TestSupport
import Testing

@Suite("A file that is not ours to write is left as it is, to the byte")
struct RefusalTests {
  /// Opens the file in every way and expects the same refusal and the same bytes.
  func expectRefused(
    _ scratch: Scratch, _ kind: StateFailure.Kind, _ words: String...
  ) async throws {
    let before = try image(of: scratch.path)
    let attempts: [() throws -> Void] = [
      { _ = try StateStore.open(path: scratch.state, mode: .daemon) },
      { _ = try StateStore.open(path: scratch.state, mode: .command) },
      { _ = try StateReader.open(path: scratch.state) },
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

  @Test("written by a newer version and not yet brought into the main file")
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
    try await expectRefused(scratch, .damaged, "another program's", "move it away")
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

  @Test("no database at all", arguments: [1, 15, 99, 100, 511, 512, 4096, 100_000])
  func randomBytes(_ count: Int) async throws {
    let scratch = try Scratch()
    var generator = SeededGenerator(seed: UInt64(count))
    let noise = (0..<count).map { _ in UInt8.random(in: 0...255, using: &generator) }
    try write(noise, to: scratch.state)
    try await expectRefused(scratch, .damaged, "move it away together with its -wal")
  }

  @Test("nothing but zeros")
  func zeros() async throws {
    let scratch = try Scratch()
    try write([UInt8](repeating: 0, count: 8192), to: scratch.state)
    try await expectRefused(scratch, .damaged, "move it away")
  }

  @Test("cut off, wherever it was", arguments: [1, 50, 100, 511, 4095, 4096, 8192, 20_000])
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

  @Test("a page of noise in the midst of it is found at the opening")
  func damagedPage() async throws {
    let scratch = try Scratch()
    try await makeState(at: scratch.state)
    let whole = try bytes(scratch.state)
    var found = 0
    for page in 1..<(whole.count / 4096) {
      var damaged = whole
      for index in (page * 4096)..<(page * 4096 + 4096) { damaged[index] ^= 0x5a }
      try write(damaged, to: scratch.state)
      let failure = await failure { _ = try StateStore.open(path: scratch.state, mode: .daemon) }
      if failure?.kind == .damaged { found += 1 }
      #expect(try bytes(scratch.state) == damaged)
    }
    #expect(found == whole.count / 4096 - 1)
  }

  @Test("single flipped bits never do worse than a clear failure", arguments: 0..<8)
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
        _ = try StateReader.open(path: scratch.state).history()
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
