import GRDB
import Reconciliation
import RolloutCore
import Testing

@testable import StateStore

@Suite("What is stored is read back unchanged")
struct RoundTripTests {
  @Test("a record with every field set")
  func everyFieldSet() async throws {
    let record = try fullRecord()
    #expect(try await reloaded(StateChange(records: [record])) == [record])
  }

  @Test("a record with every optional field absent")
  func everyFieldAbsent() async throws {
    let record = try plainRecord()
    #expect(try await reloaded(StateChange(records: [record])) == [record])
  }

  @Test("every phase of a rollout, with all its data and with the least")
  func phases() async throws {
    var records: [DomainRecord] = []
    for phase in everyPhase {
      for rollout in [
        try fullRollout("full-\(records.count)", phase: phase),
        Rollout(
          id: "bare-\(records.count)", certificate: try certificate("new"), previous: nil,
          cause: .replacement, startedAt: at(0), phase: phase),
      ] {
        var record = try plainRecord("d\(1000 + records.count).example.com")
        record.rollout = rollout
        records.append(record)
      }
    }
    let words = Set(records.compactMap { $0.rollout?.phaseWord })
    #expect(words == Set(Rollout.phaseWords))
    #expect(try await reloaded(StateChange(records: records)) == records)
  }

  @Test("a rollout that goes through every phase, in every order of two")
  func phaseChanges() async throws {
    let scratch = try Scratch()
    let store = try StateStore.open(path: scratch.state, mode: .daemon)
    var record = try plainRecord()
    for former in everyPhase {
      for next in everyPhase {
        record.rollout = try fullRollout(phase: former)
        try await store.commit(StateChange(records: [record]))
        record.rollout = try fullRollout(phase: next)
        try await store.commit(StateChange(records: [record]))
        #expect(try await store.loadRecords() == [record])
      }
    }
  }

  @Test("every condition and reason, every cause and proof of a rollout")
  func words() async throws {
    var records: [DomainRecord] = []
    func add(_ change: (inout DomainRecord) throws -> Void) throws {
      var record = try plainRecord("d\(1000 + records.count).example.com")
      try change(&record)
      records.append(record)
    }
    for condition in Condition.known { try add { $0.condition = condition } }
    for reason in Reason.known { try add { $0.reason = Explanation(reason) } }
    for cause in Rollout.Cause.known {
      try add {
        $0.rollout = Rollout(
          id: cause.word, certificate: try certificate("new"), previous: nil, cause: cause,
          startedAt: at(0), phase: .abandoned(at: at(1)))
      }
    }
    for proof in Rollout.Proof.known {
      try add {
        $0.rollout = try fullRollout(
          proof.word,
          phase: .completed(
            Rollout.Completion(acceptedAt: at(1), completedAt: at(2), proof: proof)))
      }
    }
    #expect(try await reloaded(StateChange(records: records)) == records)
  }

  @Test("a hold without an end, a reason without a detail, a domain that is no longer mapped")
  func partialValues() async throws {
    var record = try plainRecord()
    record.hold = Hold(since: at(5), until: nil)
    record.reason = Explanation(.soaking)
    record.isMapped = false
    record.retryRequested = true
    #expect(try await reloaded(StateChange(records: [record])) == [record])
  }

  @Test("a record is replaced whole: what it no longer has is removed from the file")
  func replacement() async throws {
    let scratch = try Scratch()
    let store = try StateStore.open(path: scratch.state, mode: .daemon)
    try await store.commit(StateChange(records: [try fullRecord()]))
    let plain = try plainRecord()
    try await store.commit(StateChange(records: [plain]))
    #expect(try await store.loadRecords() == [plain])
  }

  @Test("records that a change does not name are not changed")
  func untouched() async throws {
    let scratch = try Scratch()
    let store = try StateStore.open(path: scratch.state, mode: .daemon)
    let first = try fullRecord("a.example.com", rollout: "a")
    try await store.commit(StateChange(records: [first]))
    let second = try fullRecord("b.example.com", rollout: "b")
    try await store.commit(StateChange(records: [second]))
    #expect(try await store.loadRecords() == [first, second])
  }

  @Test("every rollout is kept, also when another has taken its place in the same change")
  func rolloutsStay() async throws {
    let scratch = try Scratch()
    let store = try StateStore.open(path: scratch.state, mode: .daemon)
    var ended = try fullRecord(rollout: "first")
    ended.rollout?.phase = .superseded(at: at(9))
    let next = try fullRecord(rollout: "second")
    try await store.commit(StateChange(records: [ended, next]))
    #expect(try await store.loadRecords() == [next])
    try store.close()
    try edit(
      scratch.state,
      "UPDATE domains SET rollout = (SELECT id FROM rollouts WHERE phase = 'superseded')")
    let again = try StateStore.open(path: scratch.state, mode: .daemon)
    #expect(try await again.loadRecords() == [ended])
  }
}

@Suite("A rollout that another takes the place of")
struct EndedRolloutTests {
  @Test("is stored with its end")
  func keepsItsEnd() async throws {
    let scratch = try Scratch()
    let store = try StateStore.open(path: scratch.state, mode: .daemon)
    var record = try plainRecord()
    record.rollout = try fullRollout("aaaaaaaaaaaaaaaa", phase: .submitting(submission))
    try await store.commit(StateChange(records: [record]))
    let ended = try fullRollout("aaaaaaaaaaaaaaaa", phase: .superseded(at: at(99)))
    record.rollout = try fullRollout("bbbbbbbbbbbbbbbb")
    try await store.commit(
      StateChange(
        records: [record], ended: [EndedRollout(domain: record.domain, rollout: ended)]))
    #expect(try await store.loadRecords() == [record])
    let phases = try await store.queue().read { database in
      try String.fetchAll(database, sql: "SELECT phase FROM rollouts ORDER BY id")
    }
    #expect(phases == ["superseded", "completed"])
  }
}

@Suite("A word that another version wrote")
struct UnknownWordTests {
  /// Every column of words, with how the record shows its word.
  static let columns: [(sql: String, word: @Sendable (DomainRecord) -> String?)] = [
    ("UPDATE domains SET condition = 'future'", { $0.condition.word }),
    ("UPDATE domains SET reason_code = 'future'", { $0.reason?.reason.word }),
    ("UPDATE rollouts SET cause = 'future'", { $0.rollout?.cause.word }),
    ("UPDATE rollouts SET phase = 'future'", { $0.rollout?.phaseWord }),
    ("UPDATE rollouts SET proof = 'future'", { $0.rollout?.proof?.word }),
    (
      """
      UPDATE rollouts SET phase = 'refused', last_error_code = 'future', last_error = 'x',
        next_step_at = 1, mapping_fingerprint = 'm'
      """, { $0.rollout?.error?.reason.word }
    ),
  ]

  @Test("is read, shown by status, and written back as it is", arguments: columns.indices)
  func records(_ index: Int) async throws {
    let column = UnknownWordTests.columns[index]
    let scratch = try Scratch()
    try await makeState(at: scratch.state)
    try edit(scratch.state, column.sql)
    let shown = try StateReader.open(path: scratch.state).snapshot().records
    #expect(shown.map(column.word) == ["future"])
    let store = try StateStore.open(path: scratch.state, mode: .daemon)
    let records = try await store.loadRecords()
    #expect(records == shown)
    try await store.commit(StateChange(records: records))
    #expect(try await store.loadRecords() == records)
    try store.close()
    #expect(try StateReader.open(path: scratch.state).snapshot().records == shown)
  }

  @Test("keeps the data of an unknown phase, which this version cannot read")
  func phaseData() async throws {
    let scratch = try Scratch()
    try await makeState(at: scratch.state)
    try edit(
      scratch.state,
      "UPDATE rollouts SET phase = 'future', deadline = 77, last_error_code = 'c', last_error = 'e'"
    )
    let store = try StateStore.open(path: scratch.state, mode: .daemon)
    var records = try await store.loadRecords()
    #expect(records.first?.rollout?.isOpen == false)
    records[0].rollout?.attempts = 99
    try await store.commit(StateChange(records: records))
    let row = try await store.queue().read {
      try Row.fetchOne(
        $0, sql: "SELECT phase, deadline, last_error_code, last_error, attempts FROM rollouts")
    }
    #expect(
      row == [
        "phase": "future", "deadline": 77, "last_error_code": "c", "last_error": "e",
        "attempts": 99,
      ])
  }

  @Test("is kept for a rollout that another takes the place of")
  func endedRollout() async throws {
    let scratch = try Scratch()
    let store = try StateStore.open(path: scratch.state, mode: .daemon)
    let rollout = try fullRollout("old", phase: .other("future"))
    try await store.commit(
      StateChange(
        records: [try plainRecord()],
        ended: [EndedRollout(domain: try domain(), rollout: rollout)]))
    let phases = try await store.queue().read {
      try String.fetchAll($0, sql: "SELECT phase FROM rollouts")
    }
    #expect(phases == ["future"])
  }

  @Test("as the kind of a request leaves that request in place, and the others are carried out")
  func requests() async throws {
    let scratch = try Scratch()
    try await makeState(at: scratch.state)
    try edit(
      scratch.state,
      """
      INSERT INTO requests (domain, at, user, kind, hold_until)
      VALUES ('auth.example.com', 1, 'alice', 'future', 7),
        ('auth.example.com', 2, 'bob', 'retry', NULL)
      """)
    let store = try StateStore.open(path: scratch.state, mode: .daemon)
    let pending = try await store.pendingRequests()
    #expect(pending.map(\.kind) == [.retry])
    #expect(try StateReader.open(path: scratch.state).snapshot().requests == pending)
    try await store.commit(StateChange(handled: pending.map(\.id)))
    #expect(try await store.pendingRequests().isEmpty)
    try await store.commit(StateChange(history: [try entry(1)], guarding: try domain()))
    let row = try await store.queue().read {
      try Row.fetchOne($0, sql: "SELECT at, kind, hold_until FROM requests")
    }
    #expect(row == ["at": 1, "kind": "future", "hold_until": 7])
  }

  @Test("as the kind of 1,000 requests neither hides a request nor prevents one")
  func manyRequests() async throws {
    let scratch = try Scratch()
    try await makeState(at: scratch.state)
    try edit(
      scratch.state,
      """
      WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1200)
      INSERT INTO requests (domain, at, user, kind)
        SELECT 'auth.example.com', i, 'alice', 'future' FROM n
      """)
    let store = try StateStore.open(path: scratch.state, mode: .command)
    let request = try await store.request(.resume, domain: try domain(), by: person, at: at(1))
    #expect(try await store.pendingRequests() == [request])
  }
}
