import GRDB
import LosslessJSON
package import Reconciliation
package import RolloutCore

/// Which entries of the history are read.
package struct HistoryQuery: Equatable, Sendable {
  /// nil: those of every domain, and those that concern none.
  package var domain: DomainName?
  /// Those that happened then or later, if only the last time.
  package var since: Instant?
  /// At most so many of the newest; nil: all.
  package var limit: Int?

  package init(domain: DomainName? = nil, since: Instant? = nil, limit: Int? = nil) {
    self.domain = domain
    self.since = since
    self.limit = limit
  }
}

/// A row of the history, as it is in the file: a person or another version may have written it.
package struct RecordedEvent: Equatable, Sendable {
  package let id: Int64
  /// When it happened first, and last.
  package let at: Instant
  package let lastAt: Instant
  /// How often it happened.
  package let count: Int
  package let domain: String?
  package let event: String
  package let level: String
  /// Of the last time.
  package let fields: [String: String]

  package init(
    id: Int64, at: Instant, lastAt: Instant, count: Int, domain: String?, event: String,
    level: String, fields: [String: String]
  ) {
    self.id = id
    self.at = at
    self.lastAt = lastAt
    self.count = count
    self.domain = domain
    self.event = event
    self.level = level
    self.fields = fields
  }
}

/// The rows that a query selected when the reading began.
package struct HistoryRange: Equatable, Sendable {
  /// Empty when `first` is greater than `last`.
  package let first: Int64
  package let last: Int64
  /// Whether `limit` left older ones out.
  package let hasEarlier: Bool
  /// Whether the file has anything of the query's domain: a record or a row of the history.
  package let isDomainKnown: Bool
}

/// The history is read in pages, each in a transaction of its own: it may be larger than the memory,
/// and a reader that waits for its output must not keep the daemon's -wal file from shrinking.
extension StateReader {
  /// Rows of a page; a row has about 600 bytes.
  package static let historyPageSize = 500

  /// Which rows the query selects. What is added afterwards is not among them.
  package func historyRange(_ query: HistoryQuery) throws(StateFailure) -> HistoryRange {
    try read { database in
      let reader = HistoryReader(database: database, query: query)
      return try reader.range()
    }
  }

  /// The first rows of the range, in their order, from the one with the id `first` on.
  package func historyPage(
    _ query: HistoryQuery, from first: Int64, through last: Int64
  ) throws(StateFailure) -> [RecordedEvent] {
    try read { database in
      try HistoryReader(database: database, query: query).page(from: first, through: last)
    }
  }

  /// Every domain that the file has a record or a row of the history of, by name.
  package func recordedDomains() throws(StateFailure) -> [String] {
    try read { database in
      let rows = try Row.fetchCursor(
        database,
        sql: """
          SELECT domain FROM domains
          UNION SELECT domain FROM history WHERE domain IS NOT NULL ORDER BY domain
          """)
      var domains: [String] = []
      while let row = try rows.next() {
        domains.append(try RowReader(.history, row, key: "domain").text("domain"))
      }
      return domains
    }
  }
}

private struct HistoryReader {
  let database: Database
  let query: HistoryQuery

  /// The plus sign keeps SQLite from reading the rows in the order of their times.
  private var condition: String {
    let domain = query.domain == nil ? "" : " AND domain = :domain"
    return domain + (query.since == nil ? "" : " AND +last_at >= :since")
  }

  private func arguments(_ more: Table.Values) -> StatementArguments {
    var values = more
    if let domain = query.domain { values["domain"] = domain.text }
    if let since = query.since { values["since"] = since.milliseconds }
    return StatementArguments(values)
  }

  func range() throws -> HistoryRange {
    var last = try Int64.fetchOne(database, sql: "SELECT max(id) FROM history") ?? 0
    var first: Int64 = 0
    if let since = query.since {
      let sql = "SELECT min(id) FROM history WHERE last_at >= ?"
      let oldest = try Int64.fetchOne(database, sql: sql, arguments: [since.milliseconds])
      if let oldest { first = oldest } else { last = -1 }
    }
    var hasEarlier = false
    if let limit = query.limit {
      // The oldest row that is shown, and the one before it.
      let ids = try Int64.fetchAll(
        database,
        sql: """
          SELECT id FROM history WHERE id >= :first\(condition)
          ORDER BY id DESC LIMIT 2 OFFSET :offset
          """,
        arguments: arguments(["first": first, "offset": max(0, limit - 1)]))
      if let oldest = ids.first { first = oldest }
      hasEarlier = ids.count > 1
    }
    return HistoryRange(
      first: first, last: last, hasEarlier: hasEarlier, isDomainKnown: try isDomainKnown())
  }

  private func isDomainKnown() throws -> Bool {
    guard let domain = query.domain?.text else { return true }
    return try Int64.fetchOne(
      database,
      sql: """
        SELECT EXISTS (SELECT 1 FROM domains WHERE domain = :domain)
          OR EXISTS (SELECT 1 FROM history WHERE domain = :domain)
        """,
      arguments: ["domain": domain]) == 1
  }

  func page(from first: Int64, through last: Int64) throws -> [RecordedEvent] {
    let rows = try Row.fetchCursor(
      database,
      sql: Table.history.select + """
         WHERE id BETWEEN :first AND :last\(condition)
        ORDER BY id LIMIT \(StateReader.historyPageSize)
        """,
      arguments: arguments(["first": first, "last": last]))
    var events: [RecordedEvent] = []
    while let row = try rows.next() {
      events.append(try RecordedEvent(RowReader(.history, row, key: "id")))
    }
    return events
  }
}

extension RecordedEvent {
  fileprivate init(_ row: RowReader) throws(MalformedRow) {
    guard let members = try row.json("fields").members else {
      throw row.malformed("fields", "is not a JSON object")
    }
    var fields: [String: String] = [:]
    for member in members {
      guard let text = member.value.string else {
        throw row.malformed("fields", "has a member that is not a string")
      }
      fields[member.name] = text
    }
    self.init(
      id: try row.number("id"), at: try row.instant("at"), lastAt: try row.instant("last_at"),
      count: try row.count("count"), domain: try row.optionalText("domain"),
      event: try row.text("event"), level: try row.text("level"), fields: fields)
  }
}
