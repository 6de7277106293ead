import Foundation
import GRDB
import Reconciliation
import RolloutCore
import StateStore
import Testing

@Suite("Reading for a command")
struct ReaderTests {
  @Test("shows the mapped domains by name, whether the daemon runs or not, and changes no file")
  func snapshot() async throws {
    let scratch = try Scratch()
    let store = try StateStore.open(path: scratch.state, mode: .daemon)
    let mapped = [
      try fullRecord("a.example.com", rollout: "a"), try plainRecord("b.example.com"),
    ]
    var gone = try fullRecord("aa.example.com", rollout: "aa")
    gone.isMapped = false
    try await store.commit(StateChange(records: [mapped[1], gone, mapped[0]]))
    let reader = try StateReader.open(path: scratch.state)
    #expect(try reader.snapshot().records == mapped)
    #expect(try await store.loadRecords() == [mapped[0], gone, mapped[1]])
    try store.close()
    let before = (try image(of: scratch.path), stamp(scratch.state))
    #expect(try reader.snapshot().records == mapped)
    #expect(try image(of: scratch.path) == before.0)
    #expect(stamp(scratch.state) == before.1)
  }

  @Test("reads what a killed daemon left in the -wal file, and changes neither file")
  func afterKill() async throws {
    let scratch = try Scratch()
    let store = try StateStore.open(path: scratch.state, mode: .daemon)
    let record = try fullRecord()
    try await store.commit(StateChange(records: [record]))
    let copy = try Scratch()
    for suffix in ["", "-wal"] {
      try write(try bytes(scratch.state + suffix), to: copy.state + suffix)
    }
    let before = try image(of: copy.path)
    #expect(try StateReader.open(path: copy.state).snapshot().records == [record])
    let after = try image(of: copy.path)
    #expect(after["state.sqlite"] == before["state.sqlite"])
    #expect(after["state.sqlite-wal"] == before["state.sqlite-wal"])
  }

  @Test("never sees half a commit while the daemon writes, stops and starts")
  func duringWrites() async throws {
    let scratch = try Scratch()
    try await makeState(at: scratch.state, ["a.example.com", "b.example.com"])
    let path = scratch.state
    let writer = Task {
      for restart in 0..<10 {
        let store = try StateStore.open(path: path, mode: .daemon)
        for number in 0..<20 {
          var records = try await store.loadRecords()
          for index in records.indices {
            records[index].reason = Explanation(.other("n"), "\(restart).\(number)")
          }
          try await store.commit(
            StateChange(records: records, history: [try entry(Int64(restart * 20 + number + 2))]))
        }
        try store.close()
      }
    }
    let reader = try StateReader.open(path: path)
    for _ in 0..<150 {
      let records = try reader.snapshot().records
      #expect(records.count == 2)
      #expect(records.first?.reason == records.last?.reason)
      await Task.yield()
    }
    try await writer.value
    #expect(try storedEntries(path).count == 201)
  }

  @Test("a backup made with VACUUM INTO is a state file")
  func backup() async throws {
    let scratch = try Scratch()
    try await makeState(at: scratch.state)
    let copy = scratch.path + "/copy.sqlite"
    try edit(scratch.state, "VACUUM INTO '\(copy)'")
    let expected = try StateReader.open(path: scratch.state).snapshot()
    #expect(try StateReader.open(path: copy).snapshot() == expected)
    let store = try StateStore.open(path: copy, mode: .daemon)
    #expect(try await store.loadRecords() == expected.records)
  }

  @Test("a thousand records are written in one commit and read back")
  func thousand() async throws {
    let scratch = try Scratch()
    let store = try StateStore.open(path: scratch.state, mode: .daemon)
    var change = StateChange()
    for number in 1000..<2000 {
      change.records.append(
        try fullRecord("d\(number).example.com", rollout: "rollout-\(number)"))
      change.history.append(try entry(Int64(number)))
    }
    try await store.commit(change)
    #expect(try await store.loadRecords() == change.records)
    #expect(try storedEntries(scratch.state) == change.history)
  }
}
