import Reconciliation
import RolloutCore
import StateStore
import Testing

@Suite("What is stored comes back as it was")
struct RoundTripTests {
  @Test("a record with every field set")
  func everyFieldSet() async throws {
    let record = try fullRecord()
    #expect(try await reloaded(StateChange(records: [record])) == [record])
  }

  @Test("a record with every field absent that may be")
  func everyFieldAbsent() async throws {
    let record = try plainRecord()
    #expect(try await reloaded(StateChange(records: [record])) == [record])
  }

  @Test("a rollout with every field absent that may be")
  func bareRollout() async throws {
    var record = try plainRecord()
    record.rollout = Rollout(
      id: "r", certificate: try certificate("new"), previous: nil, cause: .replacement,
      phase: .submitting, startedAt: at(0))
    #expect(try await reloaded(StateChange(records: [record])) == [record])
  }

  @Test("every condition", arguments: Condition.allCases)
  func conditions(_ condition: Condition) async throws {
    var record = try plainRecord()
    record.condition = condition
    #expect(try await reloaded(StateChange(records: [record])) == [record])
  }

  @Test("every phase, cause and proof of a rollout")
  func rolloutWords() async throws {
    var records: [DomainRecord] = []
    for phase in Rollout.Phase.allCases {
      for cause in Rollout.Cause.allCases {
        for proof in Rollout.Proof.allCases.map(Optional.some) + [nil] {
          var record = try plainRecord("d\(1000 + records.count).example.com")
          record.rollout = Rollout(
            id: "\(records.count)", certificate: try certificate("new"), previous: nil,
            cause: cause, phase: phase, startedAt: at(0), proof: proof)
          records.append(record)
        }
      }
    }
    #expect(try await reloaded(StateChange(records: records)) == records)
  }

  @Test("a hold without an end, a reason without a text, a domain no longer mapped")
  func partialValues() async throws {
    var record = try plainRecord()
    record.hold = Hold(since: at(5), until: nil)
    record.reason = Reason("soaking", "")
    record.isMapped = false
    #expect(try await reloaded(StateChange(records: [record])) == [record])
  }

  @Test("empty settings are not absent settings")
  func emptySettings() async throws {
    var record = try fullRecord()
    record.rollout?.settings = EchoedSettings()
    #expect(try await reloaded(StateChange(records: [record])) == [record])
    record.rollout?.settings = nil
    #expect(try await reloaded(StateChange(records: [record])) == [record])
  }

  @Test("a record is replaced whole: what is gone from it is gone from the file")
  func replacement() async throws {
    let scratch = try Scratch()
    let store = try StateStore.open(path: scratch.state, mode: .daemon)
    try await store.commit(StateChange(records: [try fullRecord()]))
    let plain = try plainRecord()
    try await store.commit(StateChange(records: [plain]))
    #expect(try await store.loadRecords() == [plain])
  }

  @Test("records that a change does not name stay as they are")
  func untouched() async throws {
    let scratch = try Scratch()
    let store = try StateStore.open(path: scratch.state, mode: .daemon)
    let first = try fullRecord("a.example.com", rollout: "a")
    try await store.commit(StateChange(records: [first]))
    let second = try fullRecord("b.example.com", rollout: "b")
    try await store.commit(StateChange(records: [second]))
    #expect(try await store.loadRecords() == [first, second])
  }

  @Test("every kind, level and field of an event comes back in the history")
  func events() async throws {
    var entries: [HistoryEntry] = []
    for kind in Event.Kind.allCases {
      for level in Event.Level.allCases {
        entries.append(HistoryEntry(at: at(1), domain: nil, event: Event(kind, level: level)))
      }
    }
    var fields: [Event.Field: String] = [:]
    for field in Event.Field.allCases { fields[field] = "\(field) \"\\\u{0}\n🔑" }
    entries.append(
      HistoryEntry(at: at(-9), domain: try domain(), event: Event(.pollFailed, fields)))
    let scratch = try Scratch()
    let store = try StateStore.open(path: scratch.state, mode: .daemon)
    try await store.commit(StateChange(history: entries))
    #expect(try StateReader.open(path: scratch.state).history() == entries)
  }

  @Test("every rollout is kept, also when another has taken its place in the same change")
  func rolloutsStay() async throws {
    let scratch = try Scratch()
    let store = try StateStore.open(path: scratch.state, mode: .daemon)
    var ended = try fullRecord(rollout: "first")
    ended.rollout?.phase = .superseded
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
