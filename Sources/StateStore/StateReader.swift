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
    try read { reader in
      StateSnapshot(
        records: try reader.records(.mapped),
        requests: try reader.requests(limit: StateStore.maximumRequests))
    }
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
    return try open(path: path).read { reader in
      StateCopy(
        records: try reader.records(.all), firstImports: try reader.firstImports(),
        stoppedWaves: try reader.stoppedWaves(),
        requests: try reader.requests(limit: StateStore.maximumRequests))
    }
  }

  private func read<Value>(
    _ body: (RecordReader) throws -> Value
  ) throws(StateFailure) -> Value {
    try file.read { database in
      switch try StateFormat.contents(of: database, in: file) {
      case .current: break
      case .nothing: throw file.unused
      case .older(let version): throw file.older(version)
      }
      return try body(RecordReader(database: database))
    }
  }
}

/// What a state file held at one moment.
package struct StateSnapshot: Equatable, Sendable {
  /// The domains that the configuration maps, by name.
  package let records: [DomainRecord]
  /// The operators' requests that the daemon has not carried out yet, oldest first.
  package let requests: [OperatorRequest]
}
