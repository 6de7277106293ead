import GRDB
import Reconciliation
import RolloutCore

/// Writes a change within a transaction that its caller opened.
struct ChangeWriter {
  let database: Database

  func write(_ change: StateChange) throws {
    for ended in change.ended {
      try write(ended.rollout, of: ended.domain)
    }
    for record in change.records { try write(record) }
    for (certificate, importedAt) in change.firstImports {
      try execute(
        Table.firstImports.upsert,
        ["certificate_arn": certificate.text, "imported_at": importedAt.milliseconds])
    }
    for wave in change.resumedWaves {
      try execute("DELETE FROM stopped_waves WHERE wave = :wave", ["wave": wave])
    }
    for stop in change.stops { try execute(Table.stoppedWaves.upsert, stop.rowValues) }
    try HistoryWriter(database: database).write(change.history)
    for id in change.handled { try remove(request: id) }
  }

  private func write(_ rollout: Rollout, of domain: DomainName) throws {
    try execute(rollout.table.upsert, rollout.rowValues(of: domain))
  }

  /// The rollout is written first, because the domain's row refers to it.
  private func write(_ record: DomainRecord) throws {
    if let rollout = record.rollout { try write(rollout, of: record.domain) }
    try execute(Table.domains.upsert, record.rowValues)
    try execute("DELETE FROM served_edges WHERE domain = :domain", ["domain": record.domain.text])
    for (position, edge) in record.served.enumerated() {
      try execute(Table.servedEdges.upsert, edge.rowValues(of: record.domain, at: position))
    }
  }

  private func remove(request id: Int64) throws {
    try execute("DELETE FROM requests WHERE id = :id", ["id": id])
  }

  private func execute(_ statement: String, _ values: Table.Values) throws {
    try database.cachedStatement(sql: statement).execute(arguments: StatementArguments(values))
  }
}
