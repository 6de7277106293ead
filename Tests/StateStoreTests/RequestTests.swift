import Reconciliation
import RolloutCore
import StateStore
import Testing

@Suite("An operator's requests")
struct RequestTests {
  @Test("are seen by the running daemon, oldest first, and removed when they are handled")
  func requests() async throws {
    let scratch = try Scratch()
    let daemon = try StateStore.open(path: scratch.state, mode: .daemon)
    try await daemon.commit(StateChange(records: [try plainRecord()]))
    let version = try await daemon.dataVersion()
    #expect(try await daemon.dataVersion() == version)

    let command = try StateStore.open(path: scratch.state, mode: .command)
    let name = try domain()
    let kinds: [OperatorRequest.Kind] = [.hold(until: at(99)), .hold(until: nil), .resume, .retry]
    var made: [OperatorRequest] = []
    for (index, kind) in kinds.enumerated() {
      made.append(try await command.request(kind, domain: name, by: person, at: at(Int64(index))))
    }
    try command.close()
    #expect(try await daemon.dataVersion() != version)
    #expect(made.map(\.kind) == kinds)
    #expect(try await daemon.pendingRequests() == made)
    #expect(try StateReader.open(path: scratch.state).snapshot().requests == made)

    try await daemon.commit(StateChange(handled: [made[0].id, made[2].id]))
    #expect(try await daemon.pendingRequests() == [made[1], made[3]])
  }

  @Test("the daemon's own commits are not mistaken for a request")
  func ownCommits() async throws {
    let scratch = try Scratch()
    let daemon = try StateStore.open(path: scratch.state, mode: .daemon)
    let version = try await daemon.dataVersion()
    try await daemon.commit(StateChange(records: [try plainRecord()]))
    _ = try StateReader.open(path: scratch.state).snapshot()
    #expect(try await daemon.dataVersion() == version)
  }

  @Test("wait in the file when no daemon runs")
  func withoutDaemon() async throws {
    let scratch = try Scratch()
    try await makeState(at: scratch.state)
    let command = try StateStore.open(path: scratch.state, mode: .command)
    let request = try await command.request(.retry, domain: try domain(), by: person, at: at(5))
    try command.close()
    let daemon = try StateStore.open(path: scratch.state, mode: .daemon)
    #expect(try await daemon.pendingRequests() == [request])
  }

  @Test("an id is never given twice")
  func identifiers() async throws {
    let scratch = try Scratch()
    try await makeState(at: scratch.state)
    let store = try StateStore.open(path: scratch.state, mode: .command)
    let first = try await store.request(.retry, domain: try domain(), by: person, at: at(5))
    try await store.commit(StateChange(handled: [first.id]))
    let second = try await store.request(.retry, domain: try domain(), by: person, at: at(5))
    #expect(second.id > first.id)
  }

  @Test("for a domain that is not mapped are refused with the domains that are")
  func unknownDomain() async throws {
    let scratch = try Scratch()
    let store = try StateStore.open(path: scratch.state, mode: .daemon)
    var gone = try plainRecord("gone.example.com")
    gone.isMapped = false
    try await store.commit(
      StateChange(records: [
        gone, try plainRecord("b.example.com"), try plainRecord("a.example.com"),
      ]))
    let expected = RequestFailure.unknownDomain(
      try domain("gone.example.com"),
      known: [try domain("a.example.com"), try domain("b.example.com")])
    await #expect(throws: expected) {
      try await store.request(.retry, domain: try domain("gone.example.com"), by: person, at: at(1))
    }
    #expect(expected.description.hasSuffix("is not among the 2 domains of the daemon"))
    #expect(try await store.pendingRequests().isEmpty)
  }

  @Test("are limited in number while no daemon carries them out")
  func limit() async throws {
    let scratch = try Scratch()
    try await makeState(at: scratch.state)
    try edit(
      scratch.state,
      """
      WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1200)
      INSERT INTO requests (domain, at, user, kind)
        SELECT 'auth.example.com', i, 'alice', 'retry' FROM n
      """)
    let store = try StateStore.open(path: scratch.state, mode: .command)
    await #expect(throws: RequestFailure.tooMany(limit: 1000)) {
      try await store.request(.retry, domain: try domain(), by: person, at: at(1))
    }
    let read = try await store.pendingRequests()
    #expect(read.count == 1000)
    try await store.commit(StateChange(handled: read.map(\.id)))
    #expect(try await store.pendingRequests().count == 200)
  }

  @Test(
    "prevent a commit that guards their domain, whole",
    arguments: [OperatorRequest.Kind.hold(until: nil), .resume, .retry])
  func guarding(_ kind: OperatorRequest.Kind) async throws {
    let scratch = try Scratch()
    try await makeState(at: scratch.state, ["a.example.com", "b.example.com"])
    let daemon = try StateStore.open(path: scratch.state, mode: .daemon)
    let records = try await daemon.loadRecords()
    let command = try StateStore.open(path: scratch.state, mode: .command)
    let name = try domain("a.example.com")
    let request = try await command.request(kind, domain: name, by: person, at: at(1))

    var changed = records
    changed[0].condition = .submitting
    changed[0].rollout = try fullRollout("next", phase: .submitting(submission))
    var change = StateChange(
      records: changed,
      ended: [EndedRollout(domain: name, rollout: try fullRollout("ended"))],
      history: [try entry(7)], guarding: name)
    let before = stamp(scratch.state + "-wal")
    let refused = await failure { try await daemon.commit(change) }
    #expect(refused?.kind == .requestWaiting)
    #expect(refused?.message.contains("a.example.com") == true)
    #expect(stamp(scratch.state + "-wal") == before)
    #expect(try await daemon.loadRecords() == records)
    #expect(try await daemon.pendingRequests() == [request])

    // Of another domain, or when the same commit carries the request out.
    change.guarding = try domain("b.example.com")
    try await daemon.commit(change)
    #expect(try await daemon.loadRecords() == changed)
    change.guarding = name
    change.handled = [request.id]
    try await daemon.commit(change)
    #expect(try await daemon.pendingRequests().isEmpty)
    change.handled = []
    try await daemon.commit(change)
  }

  @Test("prevent a commit that guards their domain and would write nothing")
  func guardingNothing() async throws {
    let scratch = try Scratch()
    try await makeState(at: scratch.state)
    let store = try StateStore.open(path: scratch.state, mode: .daemon)
    try await store.commit(StateChange(guarding: try domain()))
    _ = try await store.request(.retry, domain: try domain(), by: person, at: at(1))
    let refused = await failure { try await store.commit(StateChange(guarding: try domain())) }
    #expect(refused?.kind == .requestWaiting)
  }

  @Test("are followed by no commit that guards their domain, whatever the order of the two")
  func guardingRace() async throws {
    let scratch = try Scratch()
    try await makeState(at: scratch.state)
    let daemon = try StateStore.open(path: scratch.state, mode: .daemon)
    let command = try StateStore.open(path: scratch.state, mode: .command)
    let name = try domain()
    for round in 0..<40 {
      let writing = Task {
        var last = -1
        for number in 0..<200 {
          let entry = try entry(Int64(round * 1000 + number))
          do {
            try await daemon.commit(StateChange(history: [entry], guarding: name))
          } catch let error as StateFailure where error.kind == .requestWaiting {
            return last
          }
          last = number
        }
        return last
      }
      let request = try await command.request(
        .hold(until: nil), domain: name, by: person, at: at(1))
      let count = try historyRows(scratch.state).count
      _ = try await writing.value
      #expect(try historyRows(scratch.state).count == count)
      try await daemon.commit(StateChange(handled: [request.id]))
    }
  }
}
