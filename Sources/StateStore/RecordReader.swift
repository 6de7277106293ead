import GRDB
import Reconciliation
import RolloutCore

/// Reads the tables within a transaction that its caller opened.
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

  func firstImports() throws -> [CertificateARN: Instant] {
    let rows = try Row.fetchCursor(database, sql: Table.firstImports.select)
    var imports: [CertificateARN: Instant] = [:]
    while let row = try rows.next() {
      let reader = RowReader(.firstImports, row, key: "certificate_arn")
      let certificate = try reader.parsed("certificate_arn", CertificateARN.init(parsing:))
      imports[certificate] = try reader.instant("imported_at")
    }
    return imports
  }

  /// The waves in which no further rollout begins, the lowest first.
  func stoppedWaves() throws -> [WaveStop] {
    let rows = try Row.fetchCursor(
      database, sql: Table.stoppedWaves.select + " ORDER BY wave")
    var stops: [WaveStop] = []
    while let row = try rows.next() {
      stops.append(try WaveStop(RowReader(.stoppedWaves, row, key: "wave")))
    }
    return stops
  }

  /// The waves of the domains that the configuration maps.
  func mappedWaves() throws -> [Int] {
    try Int.fetchAll(
      database, sql: "SELECT DISTINCT wave FROM domains WHERE is_mapped ORDER BY wave")
  }

  /// Those of a kind that this version knows, oldest first, and no more than `limit`.
  func requests(limit: Int) throws -> [OperatorRequest] {
    let rows = try Row.fetchCursor(
      database,
      sql: Table.requests.select
        + " WHERE kind IN \(StoredRequestKind.sqlList) ORDER BY id LIMIT ?",
      arguments: [limit])
    var requests: [OperatorRequest] = []
    while let row = try rows.next() {
      requests.append(try OperatorRequest(RowReader(.requests, row, key: "id")))
    }
    return requests
  }

  /// How many requests of a kind that this version knows wait.
  func requestCount() throws -> Int {
    try Int.fetchOne(
      database,
      sql: "SELECT count(*) FROM requests WHERE kind IN \(StoredRequestKind.sqlList)") ?? 0
  }

  /// Whether a request for the domain waits, besides those with the ids in `handled`.
  func hasRequest(for domain: DomainName, besides handled: [Int64]) throws -> Bool {
    let waiting = try Int64.fetchAll(
      database,
      sql: """
        SELECT id FROM requests WHERE domain = ? AND kind IN \(StoredRequestKind.sqlList)
        """,
      arguments: [domain.text])
    return waiting.contains { !handled.contains($0) }
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
