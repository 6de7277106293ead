import Glibc
import Reconciliation

/// The file beside a state file that a daemon locks. It names the daemon in two lines: `pid=123`
/// and `heartbeat=/run/…`.
struct LockFile {
  let path: String

  /// Two lines: a number, and a path of 4,096 bytes at most (PATH_MAX).
  static let maximumSize = 8192

  init(stateFile: String) throws(StateFailure) {
    self.path = try StateFile(path: stateFile).path + ".lock"
  }

  func openOrCreate() throws(StateFailure) -> Int32 {
    let flags = O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK
    let descriptor = Glibc.open(path, flags, StateFile.mode)
    guard descriptor >= 0 else {
      throw StateFailure(errno: errno, path: path, doing: "create the lock file")
    }
    do throws(StateFailure) {
      try requireRegular(descriptor)
      guard fchmod(descriptor, StateFile.mode) == 0 else {
        throw StateFailure(errno: errno, path: path, doing: "set its permissions")
      }
    } catch {
      close(descriptor)
      throw error
    }
    return descriptor
  }

  /// nil when there is none: no daemon ever ran.
  func openIfPresent() throws(StateFailure) -> Int32? {
    let descriptor = Glibc.open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK)
    if descriptor >= 0 { return descriptor }
    let code = errno
    if code == ENOENT { return nil }
    throw StateFailure(errno: code, path: path, doing: "read the lock file")
  }

  /// Writes over the former text before the file is shortened, so that a full disk is no obstacle
  /// where the file has a block already. If that fails, the file is left empty: a wrong process
  /// id is worse than none.
  func write(_ holder: ProcessLock.Holder, to descriptor: Int32) {
    let pid = holder.pid.map { "pid=\($0)\n" } ?? ""
    let heartbeat = holder.heartbeat.map { "heartbeat=\($0)\n" } ?? ""
    let bytes = Array((pid + heartbeat).utf8)
    let isWritten = pwrite(descriptor, bytes, bytes.count, 0) == bytes.count
    _ = ftruncate(descriptor, isWritten ? bytes.count : 0)
  }

  /// What the file says; lines that cannot be understood count as absent.
  func holder(in descriptor: Int32) -> ProcessLock.Holder {
    var bytes = [UInt8](repeating: 0, count: LockFile.maximumSize)
    let count = pread(descriptor, &bytes, bytes.count, 0)
    let text = String(decoding: bytes.prefix(max(0, count)), as: UTF8.self)
    var pid: Int32?
    var heartbeat: String?
    for line in text.split(separator: "\n") {
      let parts = line.split(separator: "=", maxSplits: 1)
      guard parts.count == 2 else { continue }
      switch parts[0] {
      case "pid": pid = Int32(parts[1])
      case "heartbeat": heartbeat = String(parts[1])
      default: continue
      }
    }
    return ProcessLock.Holder(pid: pid, heartbeat: heartbeat)
  }

  private func requireRegular(_ descriptor: Int32) throws(StateFailure) {
    var info = stat()
    guard fstat(descriptor, &info) == 0, info.st_mode & S_IFMT == S_IFREG else {
      throw StateFailure(
        .io, path: path, message: "is not a regular file; remove it and start again")
    }
  }
}
