import GRDB
package import Reconciliation
package import RolloutCore

/// Reads a state file for a command, while the daemon runs and when it does not. It never
/// writes, and it creates nothing beside a file that no daemon has open.
package struct StateReader: Sendable {
  /// The most history entries that one question answers.
  package static let maximumHistory = 100_000

  private let file: StateFile

  /// Throws when there is no file, or one that this version cannot read.
  package static func open(path: String) throws(StateFailure) -> StateReader {
    guard let reader = try openIfPresent(path: path) else {
      throw try StateFile(path: path).missing
    }
    return reader
  }

  /// nil when there is no file: no daemon ever ran with it.
  package static func openIfPresent(path: String) throws(StateFailure) -> StateReader? {
    let reader = StateReader(file: try StateFile(path: path))
    if try reader.file.presence() == .missing { return nil }
    try reader.file.requireAccess(writing: false)
    try reader.read { _ in }
    return reader
  }

  private init(file: StateFile) { self.file = file }

  package func snapshot() throws(StateFailure) -> StateSnapshot {
    try read { database in
      let reader = RecordReader(database: database)
      return StateSnapshot(
        records: try reader.records(.mapped),
        requests: try reader.requests(limit: StateStore.maximumRequests))
    }
  }

  /// Every record, of domains that are mapped and of those that once were: what a pass begins
  /// with.
  package func records() throws(StateFailure) -> [DomainRecord] {
    try read { database in try RecordReader(database: database).records(.all) }
  }

  /// The newest `limit` entries that match, oldest first.
  package func history(
    of domain: DomainName? = nil, since: Instant? = nil, limit: Int = maximumHistory
  ) throws(StateFailure) -> [HistoryEntry] {
    let limit = max(0, min(limit, StateReader.maximumHistory))
    return try read { database in
      try RecordReader(database: database).history(domain: domain, since: since, limit: limit)
    }
  }

  private func read<Value>(_ body: (Database) throws -> Value) throws(StateFailure) -> Value {
    try file.read { database in
      switch try Schema.standing(of: database, in: file) {
      case .current: return try body(database)
      case .new: throw file.unused
      case .older(let version): throw file.older(version)
      }
    }
  }
}

/// What `status` shows, read at one moment.
package struct StateSnapshot: Equatable, Sendable {
  /// The domains that the configuration maps, by name.
  package let records: [DomainRecord]
  /// What operators asked for and the daemon has not taken up yet, oldest first.
  package let requests: [OperatorRequest]

  package init(records: [DomainRecord], requests: [OperatorRequest]) {
    self.records = records
    self.requests = requests
  }
}
