import Glibc
import POSIX

/// Why a shared AWS file could not be read. It contains nothing of the file's content.
struct UnreadableFile: Error, Equatable, CustomStringConvertible {
  let description: String
  /// The process lacks the permission to open it.
  let isInaccessible: Bool

  init(_ description: String, isInaccessible: Bool = false) {
    self.description = description
    self.isInaccessible = isInaccessible
  }
}

/// Reads the shared AWS files.
enum SharedAWSFile {
  /// In bytes, far above the size of a real file.
  static let maximumSize = 1 << 20

  static func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }

  /// The whole content; nil when there is no such file.
  static func read(_ path: String) throws(UnreadableFile) -> [UInt8]? {
    do throws(RegularFile.Failure) {
      return try RegularFile.read(path, limit: maximumSize)
    } catch {
      switch error {
      case .cannotOpen(SystemError(code: ENOENT)), .cannotOpen(SystemError(code: ENOTDIR)):
        return nil
      case .cannotOpen(let cause):
        throw UnreadableFile(
          "\(path) cannot be opened: \(cause)",
          isInaccessible: cause == SystemError(code: EACCES) || cause == SystemError(code: EPERM))
      case .cannotRead(let cause): throw UnreadableFile("\(path) cannot be read: \(cause)")
      case .invalidPath: throw UnreadableFile("\(path) is not a valid path")
      case .isSpecial where path == "/dev/null": return nil
      case .isDirectory, .isSpecial: throw UnreadableFile("\(path) is not a regular file")
      case .isLarger: throw UnreadableFile("\(path) is over \(maximumSize >> 20) MiB")
      }
    }
  }
}
