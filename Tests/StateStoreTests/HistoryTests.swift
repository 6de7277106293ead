import GRDB
import Reconciliation
import RolloutCore
import Testing

@testable import StateStore

@Suite("The history")
struct HistoryTests {
  let hour: Int64 = 3_600_000
  let year: Int64 = 365 * 86_400_000

  @Test("keeps 2,000 different entries of 10 domains in the order of their commits")
  func many() async throws {
    let scratch = try Scratch()
    let store = try StateStore.open(path: scratch.state, mode: .daemon)
    let entries = try (0..<2000).map { try entry(Int64($0), "d\($0 % 10).example.com") }
    for start in stride(from: 0, to: 2000, by: 200) {
      try await store.commit(StateChange(history: Array(entries[start..<start + 200])))
    }
    #expect(try storedEntries(scratch.state) == entries)
  }

  @Test("keeps the order of the commits when the clock is set back")
  func clockSetBack() async throws {
    let scratch = try Scratch()
    let store = try StateStore.open(path: scratch.state, mode: .daemon)
    let entries = [try entry(500), try entry(100), try entry(300)]
    try await store.commit(StateChange(history: entries))
    #expect(try storedEntries(scratch.state) == entries)
  }

  @Test("keeps events, levels and fields of any name and text")
  func words() async throws {
    let entries = [
      HistoryEntry(
        at: at(-9), domain: nil, event: "future.event", level: "critical",
        fields: [:]),
      HistoryEntry(
        at: at(1), domain: try domain(), event: "poll.failed", level: "error",
        fields: ["future field": "x \"\\\u{0}\n🔑", "error": "", "": "y"]),
    ]
    let scratch = try Scratch()
    let store = try StateStore.open(path: scratch.state, mode: .daemon)
    try await store.commit(StateChange(history: entries))
    #expect(try storedEntries(scratch.state) == entries)
  }

  @Test(
    "refuses every statement that changes, removes or replaces an entry",
    arguments: [
      "UPDATE history SET at = 7", "UPDATE history SET last_at = 7",
      "UPDATE history SET fields = '{}'", "UPDATE history SET count = count + 2",
      "UPDATE history SET count = count + 1, at = 7",
      "UPDATE history SET count = count + 1, event = 'x'",
      "UPDATE history SET count = count + 1, level = 'x'",
      "UPDATE history SET count = count + 1, domain = NULL",
      "UPDATE OR REPLACE history SET id = 2 WHERE id = 1",
      "UPDATE OR REPLACE history SET id = 2, count = count + 1 WHERE id = 1",
      "DELETE FROM history", "DELETE FROM history WHERE id = 2",
      "INSERT OR REPLACE INTO history (id, at, last_at, count, event, level, fields) "
        + "VALUES (1, 9, 9, 1, 'poll.failed', 'error', '{}')",
      "REPLACE INTO history (id, at, last_at, count, event, level, fields) "
        + "VALUES (2, 9, 9, 1, 'poll.failed', 'error', '{}')",
      "INSERT INTO history (id, at, last_at, count, event, level, fields) "
        + "VALUES (1, 9, 9, 1, 'x', 'error', '{}') ON CONFLICT (id) DO UPDATE SET at = 9",
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
    #expect(try storedEntries(scratch.state) == entries)
  }

  @Test("allows an entry to be removed only when it is more than a year older than the newest")
  func deletionLimit() async throws {
    let scratch = try Scratch()
    let store = try StateStore.open(path: scratch.state, mode: .daemon)
    try await store.commit(StateChange(history: [try entry(0), try entry(1)]))
    try edit(
      scratch.state,
      """
      INSERT INTO history (at, last_at, count, event, level, fields)
      VALUES (\(year + 1), \(year + 1), 1, 'x', 'info', '{}')
      """)
    for statement in ["DELETE FROM history", "DELETE FROM history WHERE at = 1"] {
      #expect(throws: DatabaseError.self) { try edit(scratch.state, statement) }
    }
    try edit(scratch.state, "DELETE FROM history WHERE at = 0")
    #expect(try historyRows(scratch.state).map(\.at) == [1, year + 1])
  }

  /// A refused call as it is logged each hour.
  func refusal(_ number: Int64, at instant: Int64) throws -> [HistoryEntry] {
    let common = ["rollout": "0123456789abcdef", "attempt": "\(number)"]
    return [
      HistoryEntry(
        at: at(instant), domain: try domain(), event: "update.submitted", level: "info",
        fields: common),
      HistoryEntry(
        at: at(instant + 5), domain: try domain(), event: "update.refused", level: "error",
        fields: common.merging([
          "request_id": "request-\(number)", "retry_in": "\(number % 60)m",
          "deadline": "at \(number)", "error": "AccessDenied after \(number).\(number % 7) s",
          "reason": "denied at \(number)",
        ]) { $1 }),
    ]
  }

  @Test("counts a repeated entry in one row, with the latest time and fields")
  func repeated() async throws {
    let scratch = try Scratch()
    let store = try StateStore.open(path: scratch.state, mode: .daemon)
    for number in 1...3 {
      try await store.commit(
        StateChange(history: try refusal(Int64(number), at: Int64(number) * hour)))
    }
    let last = try refusal(3, at: 3 * hour)
    #expect(
      try historyRows(scratch.state) == [
        HistoryRow(at: hour, lastAt: 3 * hour, count: 3, entry: last[0]),
        HistoryRow(at: hour + 5, lastAt: 3 * hour + 5, count: 3, entry: last[1]),
      ])
  }

  @Test("makes a new row when the event, the level, the domain or another field differs")
  func different() async throws {
    let scratch = try Scratch()
    let store = try StateStore.open(path: scratch.state, mode: .daemon)
    let first = HistoryEntry(
      at: at(1), domain: try domain(), event: "e", level: "info",
      fields: ["error": "timed out after 3 s", "serial": "1"])
    var entries = [first]
    var other = first
    other.event = "f"
    entries.append(other)
    other = first
    other.level = "error"
    entries.append(other)
    other = first
    other.domain = nil
    entries.append(other)
    other = first
    other.domain = try domain("other.example.com")
    entries.append(other)
    for fields in [
      ["error": "timed out after 3 s", "serial": "2"], ["error": "timed out after 3 s"],
      ["error": "refused after 3 s", "serial": "1"],
      ["error": "timed out after 3 s", "serial": "1", "more": ""],
    ] {
      other = first
      other.fields = fields
      entries.append(other)
    }
    try await store.commit(StateChange(history: entries))
    #expect(try storedEntries(scratch.state) == entries)
    try await store.commit(StateChange(history: [first]))
    #expect(try historyRows(scratch.state).map(\.count).reduce(0, +) == entries.count + 1)
  }

  @Test("counts an entry of no domain as well")
  func ofNoDomain() async throws {
    let scratch = try Scratch()
    let store = try StateStore.open(path: scratch.state, mode: .daemon)
    try await store.commit(StateChange(history: [try entry(1, nil), try entry(2)]))
    try await store.commit(StateChange(history: [try entry(1, nil)]))
    #expect(try historyRows(scratch.state).map(\.count) == [2, 1])
  }

  @Test("compares an entry with the last 8 rows of its domain and no others")
  func comparedRows() async throws {
    for (others, counts) in [(7, [2]), (8, [1, 1])] {
      let scratch = try Scratch()
      let store = try StateStore.open(path: scratch.state, mode: .daemon)
      var entries = [try entry(0)]
      for number in 1...others {
        entries.append(try entry(Int64(number)))
        entries.append(try entry(Int64(number), "other.example.com"))
      }
      entries.append(try entry(0))
      try await store.commit(StateChange(history: entries))
      let rows = try historyRows(scratch.state).filter {
        $0.entry.fields == ["rollout": "rollout-0"]
      }
      #expect(rows.map(\.count) == counts)
    }
  }

  @Test("counts no entry in a row that another program wrote")
  func foreignRow() async throws {
    let scratch = try Scratch()
    let store = try StateStore.open(path: scratch.state, mode: .daemon)
    for fields in ["[]", "{\"rollout\":1}"] {
      try edit(
        scratch.state,
        """
        INSERT INTO history (at, last_at, count, domain, event, level, fields)
        VALUES (1, 1, 1, 'auth.example.com', 'update.accepted', 'info', '\(fields)')
        """)
    }
    try await store.commit(StateChange(history: [try entry(1)]))
    let counts = try await store.queue().read {
      try Int.fetchAll($0, sql: "SELECT count FROM history")
    }
    #expect(counts == [1, 1, 1])
  }

  @Test("of a domain that is refused each hour for a year has a handful of rows")
  func refusedForAYear() async throws {
    let scratch = try Scratch()
    let store = try StateStore.open(path: scratch.state, mode: .daemon)
    for day in 0..<365 {
      var entries: [HistoryEntry] = []
      for hourOfDay in 0..<24 {
        let number = Int64(day * 24 + hourOfDay)
        entries += try refusal(number, at: number * hour)
      }
      entries.append(
        HistoryEntry(
          at: at(Int64(day) * 24 * hour), domain: try domain(), event: "certificate.expiring",
          level: "warning", fields: ["threshold": "\(day / 100)"]))
      try await store.commit(StateChange(history: entries))
    }
    let rows = try historyRows(scratch.state)
    #expect(rows.count == 6)
    #expect(rows.map(\.count).reduce(0, +) == 365 * 49)
    try store.close()
    #expect(stamp(scratch.state)[0] < 200_000)
  }

  private func order(_ event: String, _ instant: Int64, by user: String = "alice") throws
    -> HistoryEntry
  {
    HistoryEntry(
      at: at(instant), domain: try domain(), event: event, level: "notice", fields: ["user": user])
  }

  @Test(
    "keeps every order of an operator in its place, and counts only one that is repeated at once")
  func orders() async throws {
    let scratch = try Scratch()
    let store = try StateStore.open(path: scratch.state, mode: .daemon)
    let entries = [
      try order("hold.requested", 1), try order("resume.requested", 2),
      try order("hold.requested", 3),
      try order("retry.requested", 4), try order("retry.requested", 5),
      try order("retry.requested", 6, by: "bob"), try order("retry.requested", 7),
    ]
    for entry in entries { try await store.commit(StateChange(history: [entry])) }
    let rows = try historyRows(scratch.state)
    #expect(rows.map(\.at) == [1, 2, 3, 4, 6, 7])
    #expect(rows.map(\.count) == [1, 1, 1, 2, 1, 1])
  }

  @Test("counts nothing on across an order of an operator")
  func ordersSeparate() async throws {
    let scratch = try Scratch()
    let store = try StateStore.open(path: scratch.state, mode: .daemon)
    var entries = try refusal(1, at: 10) + refusal(2, at: 20)
    entries.append(try order("retry.requested", 30))
    entries += try refusal(3, at: 40) + refusal(4, at: 50)
    for entry in entries { try await store.commit(StateChange(history: [entry])) }
    let rows = try historyRows(scratch.state)
    #expect(
      rows.map(\.entry.event) == [
        "update.submitted", "update.refused", "retry.requested", "update.submitted",
        "update.refused",
      ])
    #expect(rows.map(\.count) == [2, 2, 1, 2, 2])
  }
}

@Suite("What is older than a year")
struct PruningTests {
  let year: Int64 = 365 * 86_400_000

  @Test("is removed from the history by a commit that adds an entry, and no newer entry is")
  func history() async throws {
    let scratch = try Scratch()
    let store = try StateStore.open(path: scratch.state, mode: .daemon)
    try await store.commit(
      StateChange(history: [try entry(0), try entry(1), try entry(2, "other.example.com")]))
    try await store.commit(StateChange(history: [try entry(year + 1)]))
    #expect(try historyRows(scratch.state).map(\.at) == [1, 2, year + 1])
    try await store.commit(StateChange(history: [try entry(year + 3)]))
    #expect(try historyRows(scratch.state).map(\.at) == [year + 1, year + 3])
  }

  @Test("is determined by the last repetition of an entry")
  func repeatedEntry() async throws {
    let scratch = try Scratch()
    let store = try StateStore.open(path: scratch.state, mode: .daemon)
    var again = try entry(0)
    try await store.commit(StateChange(history: [again]))
    again.at = at(year)
    try await store.commit(StateChange(history: [again]))
    try await store.commit(StateChange(history: [try entry(2 * year)]))
    #expect(try historyRows(scratch.state).map(\.at) == [0, 2 * year])
  }

  @Test("is removed a bounded number of rows at a time")
  func bounded() async throws {
    let scratch = try Scratch()
    let store = try StateStore.open(path: scratch.state, mode: .daemon)
    try await store.commit(StateChange(history: try (0..<500).map { try entry(Int64($0)) }))
    var counts: [Int] = []
    for number in 0..<6 {
      try await store.commit(StateChange(history: [try entry(2 * year + Int64(number))]))
      counts.append(try historyRows(scratch.state).count)
    }
    #expect(counts == [400, 300, 200, 100, 5, 6])
  }

  @Test("stays when a commit adds no entry, and an empty change writes nothing")
  func quiet() async throws {
    let scratch = try Scratch()
    let store = try StateStore.open(path: scratch.state, mode: .daemon)
    try await store.commit(StateChange(history: [try entry(0)]))
    try edit(
      scratch.state,
      """
      INSERT INTO history (at, last_at, count, event, level, fields)
      VALUES (\(2 * year), \(2 * year), 1, 'x', 'info', '{}')
      """)
    try await store.commit(StateChange(records: [try plainRecord()]))
    let before = stamp(scratch.state + "-wal")
    try await store.commit(StateChange())
    #expect(stamp(scratch.state + "-wal") == before)
    #expect(try historyRows(scratch.state).count == 2)
  }

  @Test("is removed from the rollouts, except open ones and the latest of each domain")
  func rollouts() async throws {
    let scratch = try Scratch()
    let store = try StateStore.open(path: scratch.state, mode: .daemon)
    let name = try domain()
    var record = try plainRecord()
    record.rollout = try fullRollout("latest", phase: .abandoned(at: at(5)))
    let ended = [
      try fullRollout("old", phase: .superseded(at: at(4))),
      try fullRollout("young", phase: .superseded(at: at(year))),
      try fullRollout("open", phase: .submitting(submission)),
    ]
    try await store.commit(
      StateChange(
        records: [record], ended: ended.map { EndedRollout(domain: name, rollout: $0) }))
    func stored() async throws -> [String] {
      try await store.queue().read {
        try String.fetchAll($0, sql: "SELECT id FROM rollouts ORDER BY id")
      }
    }
    try await store.commit(StateChange(history: [try entry(year + 4)]))
    #expect(try await stored() == ["latest", "old", "open", "young"])
    try await store.commit(StateChange(history: [try entry(year + 10)]))
    #expect(try await stored() == ["latest", "open", "young"])
    #expect(try await store.loadRecords() == [record])
  }

  @Test("is removed without a scan of the tables")
  func indexed() async throws {
    let scratch = try Scratch()
    let store = try StateStore.open(path: scratch.state, mode: .daemon)
    for query in [
      "SELECT id FROM history WHERE last_at < 1 ORDER BY last_at LIMIT 1",
      "SELECT max(last_at) FROM history",
      "SELECT id FROM history WHERE domain IS 'a' ORDER BY id DESC LIMIT 8",
      "SELECT id FROM history WHERE domain IS NULL ORDER BY id DESC LIMIT 8",
      "SELECT id FROM rollouts WHERE completed_at < 1 ORDER BY completed_at LIMIT 1",
      "SELECT 1 FROM domains WHERE rollout = 'a'",
    ] {
      let plan =
        try await store.queue().read {
          try Row.fetchAll($0, sql: "EXPLAIN QUERY PLAN " + query).map { $0["detail"] ?? "" }
        }.joined(separator: "; ") as String
      #expect(plan.contains("SEARCH") && plan.contains("INDEX"), "\(query): \(plan)")
      #expect(!plan.contains("SCAN") && !plan.contains("TEMP B-TREE"), "\(query): \(plan)")
    }
  }
}
