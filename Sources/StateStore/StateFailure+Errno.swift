import Glibc
import POSIX
package import Reconciliation

extension StateFailure {
  /// A system call on `path` failed with `errno`; `doing` completes "cannot …".
  package init(errno code: Int32, path: String, doing: String) {
    let reason = SystemError(code: code)
    switch code {
    case EACCES, EPERM, EROFS:
      self.init(
        .permission, path: path,
        message: "cannot \(doing): \(reason); run as the daemon's user or root, and see who owns "
          + "it and its directory")
    case ENOSPC, EDQUOT:
      self.init(.full, path: path, message: "cannot \(doing): \(reason); free some space")
    default:
      self.init(.io, path: path, message: "cannot \(doing): \(reason)")
    }
  }
}
