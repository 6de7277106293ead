import Reconciliation
import RolloutCore
import StateStore
import Testing

@Suite("Requests of an operator")
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
      made.append(try await command.request(kind, domain: name, at: at(Int64(index))))
    }
    try command.close()
    #expect(try await daemon.dataVersion() != version)
    #expect(made.map(\.kind) == kinds)
    #expect(try await daemon.pendingRequests() == made)
    #expect(try StateReader.open(path: scratch.state).snapshot().requests == made)

    try await daemon.commit(StateChange(handled: [made[0].id, made[2].id]))
    #expect(try await daemon.pendingRequests() == [made[1], made[3]])
  }

  @Test("the daemon's own commits are no sign of a request")
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
    let request = try await command.request(.retry, domain: try domain(), at: at(5))
    try command.close()
    let daemon = try StateStore.open(path: scratch.state, mode: .daemon)
    #expect(try await daemon.pendingRequests() == [request])
  }

  @Test("an id is never given twice")
  func identifiers() async throws {
    let scratch = try Scratch()
    try await makeState(at: scratch.state)
    let store = try StateStore.open(path: scratch.state, mode: .command)
    let first = try await store.request(.retry, domain: try domain(), at: at(5))
    try await store.commit(StateChange(handled: [first.id]))
    let second = try await store.request(.retry, domain: try domain(), at: at(5))
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
      try await store.request(.retry, domain: try domain("gone.example.com"), at: at(1))
    }
    #expect(expected.description.hasSuffix("domains: a.example.com, b.example.com"))
    #expect(try await store.pendingRequests().isEmpty)
  }

  @Test("cannot pile up without end while no daemon takes them up")
  func limit() async throws {
    let scratch = try Scratch()
    try await makeState(at: scratch.state)
    try edit(
      scratch.state,
      """
      WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1200)
      INSERT INTO requests (domain, at, kind) SELECT 'auth.example.com', i, 'retry' FROM n
      """)
    let store = try StateStore.open(path: scratch.state, mode: .command)
    await #expect(throws: RequestFailure.tooMany(limit: 1000)) {
      try await store.request(.retry, domain: try domain(), at: at(1))
    }
    let read = try await store.pendingRequests()
    #expect(read.count == 1000)
    try await store.commit(StateChange(handled: read.map(\.id)))
    #expect(try await store.pendingRequests().count == 200)
  }
}
