import GRDB
import Reconciliation
import RolloutCore
import StateStore
import Testing

@Suite("Reading the history for a command")
struct HistoryReaderTests {
  /// Every row that the query selects, page by page.
  private func read(_ path: String, _ query: HistoryQuery) throws -> [RecordedEvent] {
    let reader = try StateReader.open(path: path)
    let range = try reader.historyRange(query)
    var events: [RecordedEvent] = []
    var next = range.first
    while next <= range.last {
      let page = try reader.historyPage(query, from: next, through: range.last)
      guard let last = page.last else { break }
      #expect(page.count <= StateReader.historyPageSize)
      events += page
      next = last.id + 1
    }
    return events
  }

  private func numbers(_ events: [RecordedEvent]) -> [String] {
    events.map { String(($0.fields["rollout"] ?? "").dropFirst("rollout-".count)) }
  }

  /// Entries 1 to `count`, a millisecond each, of two domains in turn.
  private func filled(_ count: Int64) async throws -> Scratch {
    let scratch = try Scratch()
    let store = try StateStore.open(path: scratch.state, mode: .daemon)
    let entries = try (1...count).map {
      try entry($0, $0.isMultiple(of: 2) ? "even.example.com" : "odd.example.com")
    }
    try await store.commit(
      StateChange(records: [try plainRecord("empty.example.com")], history: entries))
    try store.close()
    return scratch
  }

  @Test("reads every row in its order, in as many pages as it takes")
  func pages() async throws {
    let scratch = try await filled(1201)
    let events = try read(scratch.state, HistoryQuery())
    #expect(numbers(events) == (1...1201).map(String.init))
    let first = try #require(events.first)
    #expect(first.at == at(1) && first.lastAt == at(1) && first.count == 1)
    #expect(first.domain == "odd.example.com" && first.event == "update.accepted")
    #expect(first.level == "info")
  }

  @Test("reads those of one domain, since a time, and the newest, and says whether there are more")
  func selections() async throws {
    let scratch = try await filled(20)
    func found(_ query: HistoryQuery) throws -> [String] {
      numbers(try read(scratch.state, query))
    }
    let even = try domain("even.example.com")
    #expect(
      try found(HistoryQuery(domain: even)) == (1...10).map { String($0 * 2) })
    #expect(try found(HistoryQuery(since: at(18))) == ["18", "19", "20"])
    #expect(try found(HistoryQuery(since: at(21))) == [])
    #expect(try found(HistoryQuery(limit: 2)) == ["19", "20"])
    #expect(try found(HistoryQuery(domain: even, limit: 2)) == ["18", "20"])
    #expect(try found(HistoryQuery(domain: even, since: at(15), limit: 2)) == ["18", "20"])
    #expect(try found(HistoryQuery(domain: even, since: at(17), limit: 9)) == ["18", "20"])
    let reader = try StateReader.open(path: scratch.state)
    func hasEarlier(_ query: HistoryQuery) throws -> Bool {
      try reader.historyRange(query).hasEarlier
    }
    #expect(try hasEarlier(HistoryQuery(limit: 19)))
    #expect(try !hasEarlier(HistoryQuery(limit: 20)))
    #expect(try !hasEarlier(HistoryQuery(limit: 21)))
    #expect(try !hasEarlier(HistoryQuery(domain: even, since: at(18), limit: 2)))
  }

  @Test("finds a repeated entry by its last time")
  func repeated() async throws {
    let scratch = try Scratch()
    let store = try StateStore.open(path: scratch.state, mode: .daemon)
    for time in [1, 50, 99] as [Int64] {
      var repeated = try entry(7)
      repeated.at = at(time)
      try await store.commit(StateChange(history: [repeated]))
    }
    let events = try read(scratch.state, HistoryQuery(since: at(99)))
    #expect(events.map(\.count) == [3] && events.map(\.at) == [at(1)])
    #expect(events.map(\.lastAt) == [at(99)])
    #expect(try read(scratch.state, HistoryQuery(since: at(100))) == [])
  }

  @Test("knows the domains with a record or with an entry, and no others")
  func domains() async throws {
    let scratch = try await filled(2)
    let reader = try StateReader.open(path: scratch.state)
    for (name, isKnown) in [
      ("empty.example.com", true), ("odd.example.com", true), ("od.example.com", false),
    ] {
      let query = HistoryQuery(domain: try domain(name))
      #expect(try reader.historyRange(query).isDomainKnown == isKnown, "\(name)")
    }
    #expect(
      try reader.recordedDomains() == ["empty.example.com", "even.example.com", "odd.example.com"])
    #expect(try read(scratch.state, HistoryQuery(domain: try domain("empty.example.com"))) == [])
  }

  @Test("reads nothing that is added after the reading began, while the daemon writes")
  func whileWriting() async throws {
    let scratch = try Scratch()
    let store = try StateStore.open(path: scratch.state, mode: .daemon)
    try await store.commit(StateChange(history: try (1...900).map { try entry($0) }))
    let reader = try StateReader.open(path: scratch.state)
    let range = try reader.historyRange(HistoryQuery())
    let first = try reader.historyPage(HistoryQuery(), from: range.first, through: range.last)
    try await store.commit(StateChange(history: try (901...1500).map { try entry($0) }))
    let last = try #require(first.last)
    let second = try reader.historyPage(
      HistoryQuery(), from: last.id + 1, through: range.last)
    #expect(first.count == 500 && second.count == 400)
  }

  @Test("reports a row that no daemon wrote as damage, with its place and without its value")
  func malformed() async throws {
    for (fields, problem) in [
      ("[1]", "is not a JSON object"), (#"{"a":"s3cret","b":2}"#, "is not a string"),
    ] {
      let scratch = try await filled(1)
      try edit(
        scratch.state,
        """
        INSERT INTO history (at, last_at, count, event, level, fields)
        VALUES (5, 5, 1, 'x', 'info', '\(fields)')
        """)
      let failure = await failure { _ = try read(scratch.state, HistoryQuery()) }
      #expect(failure?.kind == .damaged)
      #expect(failure?.message.contains("table history, row \"2\", column fields") == true)
      #expect(failure?.message.contains(problem) == true)
      #expect(failure?.message.contains("s3cret") == false)
    }
  }

  @Test("says what is wrong with a file that is missing, empty, damaged or newer")
  func unreadable() async throws {
    let missing = try Scratch()
    #expect(await failure { _ = try read(missing.state, HistoryQuery()) }?.kind == .io)
    let damaged = try Scratch()
    try write(Array(repeating: 65, count: 5000), to: damaged.state)
    #expect(await failure { _ = try read(damaged.state, HistoryQuery()) }?.kind == .damaged)
    let newer = try await filled(1)
    try edit(newer.state, "PRAGMA user_version = 99")
    #expect(await failure { _ = try read(newer.state, HistoryQuery()) }?.kind == .newer)
  }

  @Test("shows the requests that wait, with who made them")
  func requests() async throws {
    let scratch = try await filled(1)
    let store = try StateStore.open(path: scratch.state, mode: .command)
    let request = try await store.request(
      .retry, domain: try domain("empty.example.com"), by: OperatorName(escaping: "bob"),
      at: at(9))
    #expect(try StateReader.open(path: scratch.state).waitingRequests() == [request])
    #expect(request.user.text == "bob")
  }
}
