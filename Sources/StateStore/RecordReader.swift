import GRDB
import Reconciliation
import RolloutCore

/// Reads values out of the tables within a transaction that its caller opened.
struct RecordReader {
  let database: Database

  enum Selection {
    case all
    /// Those that the configuration maps now.
    case mapped
  }

  func records(_ selection: Selection) throws -> [DomainRecord] {
    let condition =
      switch selection {
      case .all: ""
      case .mapped: " WHERE is_mapped"
      }
    let rollouts = try latestRollouts()
    let served = try servedEdges()
    let rows = try Row.fetchCursor(
      database, sql: Table.domains.select + condition + " ORDER BY domain")
    var records: [DomainRecord] = []
    while let row = try rows.next() {
      let reader = RowReader(.domains, row, key: "domain")
      var record = try DomainRecord(reader, served: served[reader.key] ?? [])
      record.rollout = try rollout(of: reader, among: rollouts)
      records.append(record)
    }
    return records
  }

  /// Oldest first, and no more than `limit`: the rest is for the next time.
  func requests(limit: Int) throws -> [OperatorRequest] {
    let rows = try Row.fetchCursor(
      database, sql: Table.requests.select + " ORDER BY id LIMIT ?", arguments: [limit])
    var requests: [OperatorRequest] = []
    while let row = try rows.next() {
      requests.append(try OperatorRequest(RowReader(.requests, row, key: "id")))
    }
    return requests
  }

  /// The newest `limit` entries, oldest first. They are in the order they were written, which
  /// a stepped clock cannot change.
  func history(domain: DomainName?, since: Instant?, limit: Int) throws -> [HistoryEntry] {
    var conditions: [String] = []
    var arguments: Table.Values = ["limit": limit]
    if let domain {
      conditions.append("domain = :domain")
      arguments["domain"] = domain.text
    }
    if let since {
      conditions.append("at >= :since")
      arguments["since"] = since.milliseconds
    }
    let filter = conditions.isEmpty ? "" : " WHERE " + conditions.joined(separator: " AND ")
    let rows = try Row.fetchCursor(
      database, sql: Table.history.select + filter + " ORDER BY id DESC LIMIT :limit",
      arguments: StatementArguments(arguments))
    var entries: [HistoryEntry] = []
    while let row = try rows.next() {
      entries.append(try HistoryEntry(RowReader(.history, row, key: "id")))
    }
    return entries.reversed()
  }

  func mappedDomains() throws -> [DomainName] {
    let rows = try Row.fetchCursor(
      database, sql: "SELECT domain FROM domains WHERE is_mapped ORDER BY domain")
    var domains: [DomainName] = []
    while let row = try rows.next() {
      let reader = RowReader(.domains, row, key: "domain")
      domains.append(try reader.parsed("domain", DomainName.init(parsing:)))
    }
    return domains
  }

  /// The rollouts that a domain's row refers to, by id, with the domain they are of.
  private func latestRollouts() throws -> [String: (domain: String, rollout: Rollout)] {
    let rows = try Row.fetchCursor(
      database, sql: Table.rollouts.select + " WHERE id IN (SELECT rollout FROM domains)")
    var rollouts: [String: (domain: String, rollout: Rollout)] = [:]
    while let row = try rows.next() {
      let reader = RowReader(.rollouts, row, key: "id")
      rollouts[reader.key] = (try reader.text("domain"), try Rollout(reader))
    }
    return rollouts
  }

  private func rollout(
    of row: RowReader, among rollouts: [String: (domain: String, rollout: Rollout)]
  ) throws(MalformedRow) -> Rollout? {
    guard let id = try row.optionalText("rollout") else { return nil }
    guard let found = rollouts[id] else {
      throw row.malformed("rollout", "refers to no row of rollouts")
    }
    guard found.domain == row.key else {
      throw row.malformed("rollout", "refers to a rollout of another domain")
    }
    return found.rollout
  }

  private func servedEdges() throws -> [String: [ServedEdge]] {
    let rows = try Row.fetchCursor(
      database, sql: Table.servedEdges.select + " ORDER BY domain, position")
    var edges: [String: [ServedEdge]] = [:]
    while let row = try rows.next() {
      let reader = RowReader(.servedEdges, row, key: "domain")
      edges[reader.key, default: []].append(try ServedEdge(reader))
    }
    return edges
  }
}
