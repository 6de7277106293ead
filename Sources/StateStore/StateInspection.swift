import GRDB
import Glibc
package import Reconciliation

/// What a person wants to know about a state file before it is trusted. Nothing is changed.
package struct StateInspection: Equatable, Sendable {
  /// Who may do what to a file or a directory.
  package struct Access: Equatable, Sendable {
    /// The permission bits: `0o600`.
    package let mode: UInt32
    package let owner: UInt32
    package let size: Int64
    /// Whether this process may write to it.
    package let isWritable: Bool

    init?(of path: String) {
      var info = stat()
      guard stat(path, &info) == 0 else { return nil }
      mode = info.st_mode & 0o7777
      owner = info.st_uid
      size = Int64(info.st_size)
      isWritable = access(path, W_OK) == 0
    }
  }

  package enum Integrity: Equatable, Sendable {
    case whole
    /// With SQLite's first finding.
    case broken(String)
    /// It would take too long.
    case notChecked
  }

  package struct Content: Equatable, Sendable {
    package let format: Int64
    package let integrity: Integrity
  }

  package let path: String
  package let directory: String
  /// nil where it does not exist, or may not be looked at.
  package let directoryAccess: Access?
  /// nil where there is no file, or it may not be looked at.
  package let fileAccess: Access?
  /// Whether it is certain that there is no file.
  package let isAbsent: Bool
  /// In bytes, for an unprivileged process; nil where it is not known.
  package let freeSpace: Int64?

  package init(path: String) throws(StateFailure) {
    let file = try StateFile(path: path)
    self.path = file.path
    directory = file.directory
    directoryAccess = Access(of: file.directory)
    fileAccess = Access(of: file.path)
    isAbsent = file.isAbsent
    var info = statvfs()
    let hasInfo = statvfs(file.directory, &info) == 0
    // A network file system may tell any number of blocks.
    let (bytes, isOver) = UInt64(info.f_bavail).multipliedReportingOverflow(
      by: UInt64(info.f_frsize))
    freeSpace = hasInfo ? (isOver ? .max : Int64(clamping: bytes)) : nil
  }

  /// In bytes. SQLite reads about a gigabyte in ten seconds.
  private static let largestChecked: Int64 = 256 << 20

  /// Reads the file; nil for one that holds nothing yet. Throws when it cannot be used.
  package func content() throws(StateFailure) -> Content? {
    let file = try StateFile(path: path)
    switch try file.presence() {
    case .missing, .empty: return nil
    case .filled: break
    }
    try file.requireAccess(writing: false)
    let isSmall = fileAccess.map { $0.size <= StateInspection.largestChecked } ?? true
    return try file.read { database in
      let format: Int64
      switch try StateFormat.contents(of: database, in: file) {
      case .nothing: return nil
      case .current: format = StateFormat.version
      case .older(let version): throw file.older(version)
      }
      guard isSmall else { return Content(format: format, integrity: .notChecked) }
      let finding = try String.fetchOne(database, sql: "PRAGMA quick_check(1)")
      return Content(
        format: format, integrity: finding == "ok" ? .whole : .broken(finding ?? "no answer"))
    }
  }
}
