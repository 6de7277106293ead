import GRDB
import Reconciliation
import RolloutCore
import Testing

@testable import StateStore

@Suite("A rollout that gave way")
struct EndedRolloutTests {
  @Test("keeps its end beside the one that took its place")
  func keepsItsEnd() async throws {
    let scratch = try Scratch()
    let store = try StateStore.open(path: scratch.state, mode: .daemon)
    var open = try fullRollout("aaaaaaaaaaaaaaaa")
    open.phase = .retrying
    var record = try plainRecord()
    record.rollout = open
    try await store.commit(StateChange(records: [record]))
    open.end(.superseded, at: at(99))
    record.rollout = try fullRollout("bbbbbbbbbbbbbbbb")
    try await store.commit(
      StateChange(
        records: [record], ended: [EndedRollout(domain: record.domain, rollout: open)]))
    #expect(try await store.loadRecords() == [record])
    try store.close()
    let queue = try DatabaseQueue(path: scratch.state)
    let phases = try await queue.read { database in
      try String.fetchAll(database, sql: "SELECT phase FROM rollouts ORDER BY id")
    }
    #expect(phases == ["superseded", "completed"])
  }
}
