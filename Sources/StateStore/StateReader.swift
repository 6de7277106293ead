import GRDB
package import Reconciliation
package import RolloutCore

/// Reads a state file for a command, whether the daemon runs or not. It never writes to the
/// file, and it creates nothing beside a file that no daemon has open.
package struct StateReader: Sendable {
  private let file: StateFile

  /// Throws when there is no file, or one that this version cannot read.
  package static func open(path: String) throws(StateFailure) -> StateReader {
    let reader = StateReader(file: try StateFile(path: path))
    if try reader.file.presence() == .missing { throw reader.file.missing }
    try reader.file.requireAccess(writing: false)
    return reader
  }

  private init(file: StateFile) { self.file = file }

  /// Everything that `status` shows, read at one moment.
  package func snapshot() throws(StateFailure) -> StateSnapshot {
    try read { database in
      let reader = RecordReader(database: database)
      return StateSnapshot(
        records: try reader.records(.mapped), stoppedWaves: try reader.stoppedWaves(),
        requests: try reader.requests(limit: StateStore.maximumRequests))
    }
  }

  /// Whether there is no state file yet.
  package static func isAbsent(_ path: String) throws(StateFailure) -> Bool {
    try StateFile(path: path).isAbsent
  }

  /// Everything that a daemon reads at its start, for a command that decides as it would. Where there
  /// is no file yet, there is nothing to remember.
  package static func copy(of path: String) throws(StateFailure) -> StateCopy {
    let file = try StateFile(path: path)
    if file.isAbsent { return StateCopy() }
    switch try file.presence() {
    case .missing, .empty: return StateCopy()
    case .filled: break
    }
    return try open(path: path).read { database in
      let reader = RecordReader(database: database)
      return StateCopy(
        records: try reader.records(.all), firstImports: try reader.firstImports(),
        stoppedWaves: try reader.stoppedWaves(),
        requests: try reader.requests(limit: StateStore.maximumRequests))
    }
  }

  /// The operators' requests that the daemon has not carried out yet, oldest first.
  package func waitingRequests() throws(StateFailure) -> [OperatorRequest] {
    try read { database in
      try RecordReader(database: database).requests(limit: StateStore.maximumRequests)
    }
  }

  /// Runs `body` in one read transaction on a file of the present format. It may run more than once.
  func read<Value>(_ body: (Database) throws -> Value) throws(StateFailure) -> Value {
    try file.read { database in
      switch try StateFormat.contents(of: database, in: file) {
      case .current: break
      case .nothing: throw file.unused
      case .older(let version): throw file.older(version)
      }
      return try body(database)
    }
  }
}

/// What a state file held at one moment.
package struct StateSnapshot: Equatable, Sendable {
  /// The domains that the configuration maps, by name.
  package let records: [DomainRecord]
  /// The waves in which no further rollout begins, the lowest first.
  package let stoppedWaves: [WaveStop]
  /// The operators' requests that the daemon has not carried out yet, oldest first.
  package let requests: [OperatorRequest]
}
