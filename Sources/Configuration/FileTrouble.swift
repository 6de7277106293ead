internal import Glibc
internal import POSIX

/// Why a file cannot be read and what to do, as the rest of a sentence that begins with the
/// file: `does not exist; create it`.
enum FileTrouble {
  /// What keeps the file from being read now; nil when nothing does.
  static func with(_ path: String) -> String? {
    do throws(RegularFile.Failure) {
      try RegularFile.check(path)
      return nil
    } catch {
      return words(for: error, path)
    }
  }

  static func words(for failure: RegularFile.Failure, _ path: String) -> String {
    switch failure {
    case .invalidPath: "has no valid name; correct the path"
    case .isDirectory: "is a directory; name a file in it"
    case .isSpecial: "is a pipe or a device; name an ordinary file"
    case .isLarger(let limit): "is larger than \(limit) bytes; is it the right file?"
    case .cannotOpen(let error), .cannotRead(let error): words(for: error, path)
    }
  }

  private static func words(for error: SystemError, _ path: String) -> String {
    switch error.code {
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
    default: "cannot be read: \(error)"
    }
  }

  private static func isSymbolicLink(_ path: String) -> Bool {
    var status = stat()
    return lstat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFLNK
  }
}
