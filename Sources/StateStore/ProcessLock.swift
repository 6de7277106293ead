import Glibc
package import Reconciliation

/// The lock that makes a daemon the only one with its state file: `<state>.lock`, held until it is
/// released or its process ends.
///
/// It is an open-file-description lock (fcntl), so that it also holds within one process, and
/// another opening and closing of the file does not release it. The file holds the daemon's
/// process id and the path of its heartbeat, and remains when the daemon ends: if it were
/// removed, two daemons could lock two files of one name.
package final class ProcessLock: Sendable {
  /// The daemon that holds a state file, as far as its lock file names it.
  package struct Holder: Equatable, Sendable {
    package let pid: Int32?
    /// The path of its heartbeat.
    package let heartbeat: String?

    package init(pid: Int32?, heartbeat: String?) {
      self.pid = pid
      self.heartbeat = heartbeat
    }
  }

  private let descriptor: Int32
  private let file: LockFile
  private let contents: Holder

  /// Takes the lock at once or throws `.locked` with the holder's process id.
  package static func acquire(
    stateFile: String, heartbeat: String?, pid: Int32 = getpid()
  ) throws(StateFailure) -> ProcessLock {
    // Reports what is wrong with the path before a lock file is created beside it.
    _ = try StateFile(path: stateFile).presence()
    let file = try LockFile(stateFile: stateFile)
    let descriptor = try file.openOrCreate()
    var request = wholeFile
    guard fcntl(descriptor, setLock, &request) == 0 else {
      let code = errno
      defer { close(descriptor) }
      guard code == EAGAIN || code == EACCES else {
        throw StateFailure(errno: code, path: file.path, doing: "lock it")
      }
      let holder = file.holder(in: descriptor)
      let name = holder.pid.map { "process \($0)" } ?? "another process"
      throw StateFailure(
        .locked(pid: holder.pid), path: stateFile,
        message: "\(name) runs with it already; stop that one, or name another state_file")
    }
    let lock = ProcessLock(
      descriptor: descriptor, file: file, contents: Holder(pid: pid, heartbeat: heartbeat))
    lock.writeHolder()
    return lock
  }

  /// The daemon that holds the state file now, or nil. No lock is taken, so that a daemon that
  /// is about to start is not disturbed.
  package static func holder(ofStateFile stateFile: String) throws(StateFailure) -> Holder? {
    let file = try LockFile(stateFile: stateFile)
    guard let descriptor = try file.openIfPresent() else { return nil }
    defer { close(descriptor) }
    var question = wholeFile
    guard fcntl(descriptor, getLock, &question) == 0 else {
      throw StateFailure(errno: errno, path: file.path, doing: "ask for its lock")
    }
    return question.l_type == Int16(F_UNLCK) ? nil : file.holder(in: descriptor)
  }

  private init(descriptor: Int32, file: LockFile, contents: Holder) {
    self.descriptor = descriptor
    self.file = file
    self.contents = contents
  }

  /// Writes who holds the lock. On a full disk it may fail: the lock then holds all the same, and
  /// others see a holder without a process id.
  func writeHolder() { file.write(contents, to: descriptor) }

  deinit {
    release()
    close(descriptor)
  }

  /// Releases the lock. A second time does nothing.
  package func release() {
    var request = ProcessLock.wholeFile
    request.l_type = Int16(F_UNLCK)
    _ = fcntl(descriptor, ProcessLock.setLock, &request)
  }

  /// Linux's F_OFD_GETLK and F_OFD_SETLK (`<bits/fcntl-linux.h>`): Swift does not import them,
  /// because they need `_GNU_SOURCE`.
  private static let getLock: Int32 = 36
  private static let setLock: Int32 = 37

  /// An exclusive lock on the whole file, however long it becomes.
  private static var wholeFile: flock {
    var lock = flock()
    lock.l_type = Int16(F_WRLCK)
    lock.l_whence = Int16(SEEK_SET)
    lock.l_start = 0
    lock.l_len = 0
    // The kernel requires 0 for these locks.
    lock.l_pid = 0
    return lock
  }
}
