import Glibc
import Reconciliation

/// The path of a state file, and what the file system tells of it before SQLite opens it.
///
/// An existing file is not opened here: closing it would drop the locks that SQLite holds on it
/// in this process, because POSIX locks belong to the process.
struct StateFile: Equatable, Sendable {
  let path: String

  enum Presence: Equatable {
    case missing
    case empty
    case filled
  }

  /// Bytes of SQLite's smallest page.
  static let smallestPage = 512

  /// For the owner alone: the file tells which certificates and pools an organisation has.
  static let mode: mode_t = 0o600

  init(path: String) throws(StateFailure) {
    if path.isEmpty || path.utf8.contains(0) {
      throw StateFailure(
        .io, path: path, message: "is not a path; name a file by its absolute path")
    }
    // SQLite and GRDB read a meaning into names such as ":memory:" and "file:…".
    self.path = path.hasPrefix("/") ? path : "./" + path
  }

  /// Whether there is no file, or not even its directory; false where that cannot be seen.
  var isAbsent: Bool {
    var info = stat()
    return lstat(path, &info) != 0 && [ENOENT, ENOTDIR].contains(errno)
  }

  /// What is at the path. A symbolic link is refused, because SQLite would create -wal and -shm
  /// beside its target; so is anything that is not a regular file, because opening a FIFO may
  /// never return.
  func presence() throws(StateFailure) -> Presence {
    var info = stat()
    guard lstat(path, &info) == 0 else {
      let code = errno
      guard code == ENOENT else { throw StateFailure(errno: code, path: path, doing: "look at it") }
      try requireDirectory()
      return .missing
    }
    switch info.st_mode & S_IFMT {
    case S_IFREG where info.st_size == 0: return .empty
    case S_IFREG where info.st_size < StateFile.smallestPage:
      // SQLite takes a file of one byte for an empty one, and would write to it.
      throw damaged("it is shorter than any database")
    case S_IFREG: return .filled
    case S_IFLNK:
      throw StateFailure(
        .io, path: path,
        message: "is a symbolic link; name the file that it leads to, or a new one")
    case S_IFDIR:
      throw StateFailure(
        .io, path: path, message: "is a directory; name a file in it, such as \(path)/state.sqlite")
    default:
      throw StateFailure(
        .io, path: path, message: "is a device, a pipe or a socket; name a regular file")
    }
  }

  /// Creates the file with its final permissions and makes its name durable. SQLite gives the
  /// -wal and -shm files the permissions of this one.
  func create() throws(StateFailure) {
    let flags = O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC
    let descriptor = Glibc.open(path, flags, StateFile.mode)
    guard descriptor >= 0 else {
      throw StateFailure(errno: errno, path: path, doing: "create it")
    }
    defer { close(descriptor) }
    guard fchmod(descriptor, StateFile.mode) == 0 else {
      throw StateFailure(errno: errno, path: path, doing: "set its permissions")
    }
    try syncDirectory()
  }

  /// Removes the permissions of everyone but the owner, which a copy may have given.
  func restrictPermissions() throws(StateFailure) {
    for name in [path, path + "-wal", path + "-shm"] {
      var info = stat()
      guard lstat(name, &info) == 0, info.st_mode & S_IFMT == S_IFREG,
        info.st_mode & 0o077 != 0
      else { continue }
      guard chmod(name, StateFile.mode) == 0 else {
        throw StateFailure(errno: errno, path: name, doing: "restrict it to its owner (0600)")
      }
    }
  }

  /// SQLite opens a file that it may not write for reading alone, and fails at the first write.
  /// This fails at once.
  func requireAccess(writing: Bool) throws(StateFailure) {
    guard access(path, writing ? R_OK | W_OK : R_OK) == 0 else {
      throw StateFailure(errno: errno, path: path, doing: writing ? "write it" : "read it")
    }
    guard writing, access(directory, W_OK | X_OK) != 0 else { return }
    throw StateFailure(
      errno: errno, path: path, doing: "create its -wal file in the directory \(directory)")
  }

  var directory: String {
    guard let slash = path.lastIndex(of: "/") else { return "." }
    return slash == path.startIndex ? "/" : String(path[..<slash])
  }

  /// Whether the file system has no block or no inode left for this process. Some file systems
  /// count no inodes at all.
  var isDiskFull: Bool {
    var info = statvfs()
    guard statvfs(directory, &info) == 0 else { return false }
    return info.f_bavail == 0 || (info.f_files > 0 && info.f_favail == 0)
  }

  func exists(_ suffix: String) -> Bool {
    var info = stat()
    return lstat(path + suffix, &info) == 0
  }

  private func requireDirectory() throws(StateFailure) {
    var info = stat()
    guard stat(directory, &info) == 0 else {
      throw StateFailure(
        errno: errno, path: path,
        doing: "use its directory \(directory) (create it for the daemon's user, or correct "
          + "state_file)")
    }
    guard info.st_mode & S_IFMT == S_IFDIR else {
      throw StateFailure(
        .io, path: path, message: "\(directory) is not a directory; correct state_file")
    }
  }

  private func syncDirectory() throws(StateFailure) {
    let descriptor = Glibc.open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard descriptor >= 0 else {
      throw StateFailure(errno: errno, path: path, doing: "open its directory")
    }
    defer { close(descriptor) }
    guard fsync(descriptor) == 0 else {
      throw StateFailure(errno: errno, path: path, doing: "make its name durable")
    }
  }
}
