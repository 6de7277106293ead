import Reconciliation
import RolloutCore
import StateStore
import Testing

@Suite("The history is only ever appended to")
struct HistoryTests {
  @Test("10,000 entries in order, by domain, by time and by number")
  func tenThousand() async throws {
    let scratch = try Scratch()
    let store = try StateStore.open(path: scratch.state, mode: .daemon)
    var entries: [HistoryEntry] = []
    for number in 0..<10_000 {
      entries.append(try entry(Int64(number), "d\(number % 10).example.com"))
    }
    for start in stride(from: 0, to: 10_000, by: 1000) {
      try await store.commit(StateChange(history: Array(entries[start..<start + 1000])))
    }
    let reader = try StateReader.open(path: scratch.state)
    #expect(try reader.history() == entries)
    #expect(try reader.history(limit: 3) == Array(entries.suffix(3)))
    #expect(try reader.history(limit: 0).isEmpty)
    #expect(try reader.history(limit: -1).isEmpty)
    #expect(try reader.history(limit: .max).count == 10_000)
    #expect(try reader.history(since: at(9998)) == Array(entries.suffix(2)))
    #expect(try reader.history(since: at(10_000)).isEmpty)
    let third = try domain("d3.example.com")
    let ofThird = entries.filter { $0.domain == third }
    #expect(try reader.history(of: third) == ofThird)
    #expect(
      try reader.history(of: third, since: at(5000), limit: 5)
        == Array(ofThird.filter { $0.at >= at(5000) }.suffix(5)))
    #expect(try reader.history(of: try domain("none.example.com")).isEmpty)
  }

  @Test(
    "no statement changes, removes or replaces an entry",
    arguments: [
      "UPDATE history SET at = 7", "UPDATE OR REPLACE history SET id = 2 WHERE id = 1",
      "DELETE FROM history", "DELETE FROM history WHERE id = 2",
      "INSERT OR REPLACE INTO history (id, at, event, level, fields) "
        + "VALUES (1, 9, 'poll.failed', 'error', '{}')",
      "REPLACE INTO history (id, at, event, level, fields) "
        + "VALUES (2, 9, 'poll.failed', 'error', '{}')",
      "INSERT INTO history (id, at, event, level, fields) VALUES (1, 9, 'x', 'error', '{}') "
        + "ON CONFLICT (id) DO UPDATE SET at = 9",
    ])
  func appendOnly(_ statement: String) async throws {
    let scratch = try Scratch()
    let store = try StateStore.open(path: scratch.state, mode: .daemon)
    let entries = [try entry(1), try entry(2)]
    try await store.commit(StateChange(history: entries))
    #expect {
      try edit(scratch.state, statement)
    } throws: {
      "\($0)".contains("the history is append-only")
    }
    #expect(try StateReader.open(path: scratch.state).history() == entries)
  }

  @Test("entries keep the order they were written in when the clock was set back")
  func clockSetBack() async throws {
    let scratch = try Scratch()
    let store = try StateStore.open(path: scratch.state, mode: .daemon)
    let entries = [try entry(500), try entry(100), try entry(300)]
    try await store.commit(StateChange(history: entries))
    let reader = try StateReader.open(path: scratch.state)
    #expect(try reader.history() == entries)
    #expect(try reader.history(since: at(300)) == [entries[0], entries[2]])
  }
}
