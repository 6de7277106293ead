import Glibc

/// Why a file of settings could not be read, without anything of its content.
struct UnreadableFile: Error, Equatable, CustomStringConvertible {
  let description: String

  init(_ description: String) { self.description = description }
}

/// Reads the shared AWS files, which people write and other programs replace.
enum SmallFile {
  /// In bytes; far more than any such file has.
  static let maximumSize = 1 << 20

  static func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }

  /// The whole content; nil when there is no such file. Something that is no regular file is
  /// refused, since reading a pipe or a device may never end.
  static func read(_ path: String) throws(UnreadableFile) -> [UInt8]? {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    if descriptor < 0 {
      if errno == ENOENT || errno == ENOTDIR { return nil }
      throw UnreadableFile("\(path) cannot be opened: \(words(for: errno))")
    }
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
      throw UnreadableFile("\(path) is not a regular file")
    }
    var content: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 16 << 10)
    while content.count <= maximumSize {
      let count = Glibc.read(descriptor, &chunk, chunk.count)
      if count == 0 { return content }
      if count < 0 && errno == EINTR { continue }
      guard count > 0 else {
        throw UnreadableFile("\(path) cannot be read: \(words(for: errno))")
      }
      content += chunk[..<count]
    }
    throw UnreadableFile("\(path) is over \(maximumSize >> 20) MiB")
  }

  private static func words(for code: Int32) -> String {
    switch code {
    case EACCES, EPERM: "permission denied"
    case EISDIR: "it is a directory"
    case ELOOP: "too many symbolic links"
    case ENAMETOOLONG: "the path is too long"
    case let other: "error \(other)"
    }
  }
}
