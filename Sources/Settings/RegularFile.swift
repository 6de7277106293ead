internal import Glibc

/// Why a file cannot be read and what to do, as the rest of a sentence that begins with the
/// file: `does not exist; create it`.
struct UnreadableFile: Error, Equatable {
  let reason: String
}

/// Reading of ordinary files, whole and bounded.
enum RegularFile {
  /// The content, of at most `limit` bytes.
  static func read(_ path: String, limit: Int) throws(UnreadableFile) -> [UInt8] {
    let descriptor = try open(path)
    defer { close(descriptor) }
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 1 << 16)
    while bytes.count <= limit {
      let count = Glibc.read(descriptor, &chunk, chunk.count)
      if count < 0, errno == EINTR { continue }
      if count < 0 { throw UnreadableFile(reason: reason(errno, path)) }
      if count == 0 { return bytes }
      bytes += chunk[..<count]
    }
    throw UnreadableFile(reason: "is larger than \(limit) bytes; is it the right file?")
  }

  /// What keeps the file from being read now; nil when nothing does.
  static func trouble(with path: String) -> String? {
    do throws(UnreadableFile) {
      let descriptor = try open(path)
      close(descriptor)
      return nil
    } catch {
      return error.reason
    }
  }

  private static func open(_ path: String) throws(UnreadableFile) -> CInt {
    if path.isEmpty || path.utf8.contains(0) {
      throw UnreadableFile(reason: "has no valid name; correct the path")
    }
    // Non-blocking, so that a pipe without a writer cannot hold the program up.
    let descriptor = Glibc.open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else { throw UnreadableFile(reason: reason(errno, path)) }
    var status = stat()
    guard fstat(descriptor, &status) == 0 else {
      let code = errno
      close(descriptor)
      throw UnreadableFile(reason: reason(code, path))
    }
    switch status.st_mode & S_IFMT {
    case S_IFREG: return descriptor
    case S_IFDIR:
      close(descriptor)
      throw UnreadableFile(reason: "is a directory; name a file in it")
    default:
      close(descriptor)
      throw UnreadableFile(reason: "is a pipe or a device; name an ordinary file")
    }
  }

  private static func reason(_ code: CInt, _ path: String) -> String {
    switch code {
    case ENOENT:
      isSymbolicLink(path)
        ? "is a symbolic link to nothing; correct the link"
        : "does not exist; create it, or correct the path"
    case EACCES, EPERM:
      "may not be read by this user; correct its permissions or those of its directories"
    case ENOTDIR: "cannot be there: a part of its path is no directory; correct the path"
    case ELOOP: "is a symbolic link in a circle; correct the link"
    case ENAMETOOLONG: "has too long a name; correct the path"
    case EISDIR: "is a directory; name a file in it"
    case EIO: "cannot be read: the disk reports an error; check the disk"
    default: "cannot be read: the system says error \(code)"
    }
  }

  private static func isSymbolicLink(_ path: String) -> Bool {
    var status = stat()
    return lstat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFLNK
  }
}
