internal import Glibc
internal import POSIX

/// Why a file cannot be read and what to do, as a predicate whose subject is the file:
/// `does not exist; create it`.
enum UnreadableReason {
  /// nil when the file can be read now.
  static func of(_ path: String) -> String? {
    do throws(RegularFile.Failure) {
      try RegularFile.check(path)
      return nil
    } catch {
      return text(for: error, path)
    }
  }

  static func text(for failure: RegularFile.Failure, _ path: String) -> String {
    switch failure {
    case .invalidPath: "has no valid name; correct the path"
    case .isDirectory: "is a directory; name a file in it"
    case .isSpecial: "is a pipe or a device; name a regular file"
    case .isLarger(let limit): "is larger than \(limit) bytes; check that it is the right file"
    case .cannotOpen(let error), .cannotRead(let error): text(for: error, path)
    }
  }

  static func text(for error: SystemError, _ path: String) -> String {
    switch error.code {
    case ENOENT:
      isSymbolicLink(path)
        ? "is a symbolic link whose target does not exist; correct the link"
        : "does not exist; create it, or correct the path"
    case EACCES, EPERM:
      """
      cannot be read by this user; correct its permissions, or those of the directories above it
      """
    case ENOTDIR: "cannot exist: a part of its path is not a directory; correct the path"
    case ELOOP: "is a symbolic link that leads back to itself; correct the link"
    case ENAMETOOLONG: "has a name that is too long; correct the path"
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
