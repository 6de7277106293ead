import Dispatch
import Glibc
import POSIX

/// Replaces a text file for node_exporter, so that a reader sees the former text or the new one whole.
enum MetricsFile {
  struct Failure: Error, Equatable, CustomStringConvertible {
    let path: String
    let action: String
    let cause: SystemError

    var description: String {
      "cannot \(action) \(path): \(cause); \(advice)"
    }

    private var advice: String {
      switch cause.code {
      case ENOENT: "create the directory"
      case EACCES, EPERM, EROFS:
        "let the service write there; under systemd add the directory to ReadWritePaths="
      case ENOSPC, EDQUOT: "make room on the disk"
      case EISDIR, ENOTDIR, EEXIST, ENOTEMPTY: "name a file in metrics.textfile"
      default: "correct metrics.textfile, or remove it"
      }
    }
  }

  /// node_exporter runs as another user.
  private static let mode: mode_t = 0o644

  /// Writes are made on this queue: no cycle waits for a slow disk.
  private static let queue = DispatchQueue(label: "metrics-file")

  static func replace(_ path: String, with text: [UInt8]) async -> Failure? {
    await withCheckedContinuation { continuation in
      queue.async { continuation.resume(returning: write(text, to: path)) }
    }
  }

  static func remove(_ path: String) async {
    await withCheckedContinuation { continuation in
      queue.async {
        // One that is not there need not be removed, and one that cannot be tells its age.
        _ = unlink(path)
        continuation.resume()
      }
    }
  }

  private static func write(_ text: [UInt8], to path: String) -> Failure? {
    // Its name does not end in .prom, so that node_exporter does not read it.
    let draft = path + ".new"
    // One that was left behind; whatever it is, it is not followed.
    _ = unlink(draft)
    let descriptor = open(draft, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode)
    guard descriptor >= 0 else {
      return Failure(path: draft, action: "create", cause: .last)
    }
    var failure = written(text, to: descriptor, draft)
    // The umask of the service is stricter.
    if failure == nil, fchmod(descriptor, mode) != 0 {
      failure = Failure(path: draft, action: "make readable", cause: .last)
    }
    if close(descriptor) != 0, failure == nil {
      failure = Failure(path: draft, action: "write", cause: .last)
    }
    if failure == nil, rename(draft, path) != 0 {
      failure = Failure(path: path, action: "replace", cause: .last)
    }
    if failure != nil { _ = unlink(draft) }
    return failure
  }

  private static func written(
    _ text: [UInt8], to descriptor: Int32, _ path: String
  ) -> Failure? {
    text.withUnsafeBytes { buffer in
      var rest = buffer[...]
      while !rest.isEmpty {
        let count = Glibc.write(
          descriptor, UnsafeRawBufferPointer(rebasing: rest).baseAddress, rest.count)
        if count < 0 && errno == EINTR { continue }
        // A file takes at least a byte, or tells why not.
        guard count > 0 else {
          return Failure(
            path: path, action: "write", cause: count < 0 ? .last : SystemError(code: ENOSPC))
        }
        rest = rest.dropFirst(count)
      }
      return nil
    }
  }
}
