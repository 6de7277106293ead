import Glibc

/// Reads regular files completely, up to a limit.
///
/// Other files are refused, because reading a pipe or a device may never end.
package enum RegularFile {
  /// Why a file was not read. The caller words the message, because it knows the purpose of the file.
  package enum Failure: Error, Equatable, Sendable {
    /// The path is empty or contains a NUL byte.
    case invalidPath
    case isDirectory
    /// A pipe, a socket or a device.
    case isSpecial
    case isLarger(thanBytes: Int)
    case cannotOpen(SystemError)
    case cannotRead(SystemError)
  }

  /// How a path that ends in a symbolic link is treated.
  package enum FinalLink: Sendable {
    case followed
    case refused
  }

  /// The content, of at most `limit` bytes.
  package static func read(
    _ path: String, limit: Int, finalLink: FinalLink = .followed
  ) throws(Failure) -> [UInt8] {
    let descriptor = try open(path, finalLink)
    defer { close(descriptor) }
    return try readToEnd(of: descriptor, limit: limit)
  }

  /// Throws the failure with which a read would fail now.
  package static func check(_ path: String) throws(Failure) {
    close(try open(path, .followed))
  }

  /// A text that changes when the file is written, replaced or removed.
  package static func version(of path: String) -> String {
    var status = stat()
    guard stat(path, &status) == 0 else { return "none" }
    let written = status.st_mtim
    let changed = status.st_ctim
    return "\(status.st_dev).\(status.st_ino).\(status.st_size)"
      + ".\(written.tv_sec).\(written.tv_nsec).\(changed.tv_sec).\(changed.tv_nsec)"
  }

  /// What all names of one file have in common.
  package struct Identity: Hashable, Sendable {
    let device: dev_t
    let number: ino_t
  }

  /// nil when there is no file of this name, or when it cannot be seen.
  package static func identity(of path: String) -> Identity? {
    var status = stat()
    guard stat(path, &status) == 0 else { return nil }
    return Identity(device: status.st_dev, number: status.st_ino)
  }

  /// Reads the remaining content of an open file, of at most `limit` bytes.
  package static func readToEnd(of descriptor: Int32, limit: Int) throws(Failure) -> [UInt8] {
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: chunkSize)
    while bytes.count <= limit {
      let count = Glibc.read(descriptor, &chunk, chunk.count)
      if count == 0 { return bytes }
      if count < 0 && errno == EINTR { continue }
      guard count > 0 else { throw .cannotRead(.last) }
      bytes += chunk[..<count]
    }
    throw .isLarger(thanBytes: limit)
  }

  private static func open(_ path: String, _ finalLink: FinalLink) throws(Failure) -> Int32 {
    if path.isEmpty || path.utf8.contains(0) { throw .invalidPath }
    // Non-blocking, because opening a pipe without a writer would block.
    var flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY
    switch finalLink {
    case .followed: break
    case .refused: flags |= O_NOFOLLOW
    }
    let descriptor = Glibc.open(path, flags)
    guard descriptor >= 0 else { throw .cannotOpen(.last) }
    do throws(Failure) {
      try requireRegular(descriptor)
    } catch {
      close(descriptor)
      throw error
    }
    return descriptor
  }

  private static func requireRegular(_ descriptor: Int32) throws(Failure) {
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { throw .cannotRead(.last) }
    switch status.st_mode & S_IFMT {
    case S_IFREG: return
    case S_IFDIR: throw .isDirectory
    default: throw .isSpecial
    }
  }

  /// In bytes. Most files are smaller.
  private static let chunkSize = 64 << 10
}
