import COpenSSL
import Glibc
import POSIX

/// The trusted root certificates.
///
/// OpenSSL locks a store itself, so any number of threads may use one.
final class TrustRoots: @unchecked Sendable {
  /// An `X509_STORE`.
  let store: OpaquePointer

  private init(owning store: OpaquePointer) { self.store = store }

  deinit { X509_STORE_free(store) }

  /// The roots of a PEM file, which must contain at least one.
  static func reading(file path: String) throws(EdgeProbeError) -> TrustRoots {
    do throws(EdgeProbeError) {
      let bytes = try readFile(path, limit: maximumFileSize)
      let list = try CertificateList(
        readingPEM: bytes,
        limits: CertificateList.Limits(bytes: maximumFileSize, blocks: maximumBlocks),
        otherBlocks: .skip)
      guard list.count > 0 else { throw EdgeProbeError("it contains no PEM certificate") }
      guard let store = X509_STORE_new() else { throw .openSSL() }
      let roots = TrustRoots(owning: store)
      for index in 0..<Int32(clamping: list.count) {
        guard X509_STORE_add_cert(store, cossl_certificate_at(list.stack, index)) == 1 else {
          throw .openSSL()
        }
      }
      return withExtendedLifetime(list) { roots }
    } catch {
      throw EdgeProbeError("the roots in \(path) cannot be read: \(error.text)")
    }
  }

  /// The roots of this system, from OpenSSL's default places or those that SSL_CERT_FILE and
  /// SSL_CERT_DIR name.
  static func system() throws(EdgeProbeError) -> TrustRoots {
    let file = systemFile
    let directory = systemDirectory
    guard FileIdentity(of: file) != nil || !isEmptyDirectory(directory) else {
      throw EdgeProbeError(
        "there are no roots in \(file) or \(directory); install ca-certificates, "
          + "or name a file of roots with ca_file")
    }
    guard let store = X509_STORE_new() else {
      throw EdgeProbeError(EdgeProbeError.openSSL().text)
    }
    let roots = TrustRoots(owning: store)
    // Not X509_STORE_set_default_paths: it also adds a lookup that reads the whole directory at each
    // question for a root that is not there.
    let hasFile = FileIdentity(of: file) != nil && X509_STORE_load_file(store, file) == 1
    guard X509_STORE_load_path(store, directory) == 1 || hasFile else {
      throw EdgeProbeError(
        "the system's roots cannot be read: \(EdgeProbeError.openSSL().text)")
    }
    ERR_clear_error()
    return roots
  }

  /// How many roots are loaded. Those of a directory are loaded when they are needed.
  var count: Int { Int(cossl_count_objects(store)) }

  /// The roots in the system's file and directory. In the directory OpenSSL finds a root by a name that
  /// is made from its subject: `4042bcee.0`.
  static func countOfSystem() throws(EdgeProbeError) -> Int {
    let inFile = try system().count
    guard let directory = opendir(systemDirectory) else { return inFile }
    defer { closedir(directory) }
    var names = 0
    while names < maximumBlocks, let entry = readdir(directory) {
      let parts = String(decoding: name(ofEntry: entry), as: UTF8.self)
        .split(separator: ".", omittingEmptySubsequences: false)
      if parts.count == 2, parts[0].utf8.count == 8, parts[0].allSatisfy(\.isHexDigit),
        Int(parts[1]) != nil
      {
        names += 1
      }
    }
    return max(inFile, names)
  }

  static var systemFile: String {
    environment(X509_get_default_cert_file_env()) ?? text(X509_get_default_cert_file())
  }

  private static var systemDirectory: String {
    environment(X509_get_default_cert_dir_env()) ?? text(X509_get_default_cert_dir())
  }

  /// In bytes. Debian's file of all public roots has 220 kB.
  private static let maximumFileSize = 16 << 20
  private static let maximumBlocks = 10_000

  private static func environment(_ name: UnsafePointer<CChar>?) -> String? {
    guard let name, let value = getenv(name) else { return nil }
    return String(cString: value)
  }

  private static func text(_ characters: UnsafePointer<CChar>?) -> String {
    characters.map { String(cString: $0) } ?? ""
  }
}

/// A value that changes when a file is replaced or written.
struct FileIdentity: Equatable {
  private let device: UInt
  private let inode: UInt
  private let size: Int
  private let modified: [Int]
  /// Changes also when the time of modification is set to an earlier one.
  private let changed: [Int]

  init?(of path: String) {
    var facts = stat()
    guard stat(path, &facts) == 0 else { return nil }
    device = facts.st_dev
    inode = facts.st_ino
    size = facts.st_size
    modified = [facts.st_mtim.tv_sec, facts.st_mtim.tv_nsec]
    changed = [facts.st_ctim.tv_sec, facts.st_ctim.tv_nsec]
  }
}

private func isEmptyDirectory(_ path: String) -> Bool {
  guard let directory = opendir(path) else { return true }
  defer { closedir(directory) }
  // "." and ".." always exist.
  return readdir(directory) == nil || readdir(directory) == nil || readdir(directory) == nil
}

private func readFile(_ path: String, limit: Int) throws(EdgeProbeError) -> [UInt8] {
  do throws(RegularFile.Failure) {
    return try RegularFile.read(path, limit: limit)
  } catch {
    switch error {
    case .invalidPath: throw EdgeProbeError("its path is not valid")
    case .isDirectory, .isSpecial: throw EdgeProbeError("it is not a regular file")
    case .isLarger(let limit): throw EdgeProbeError("it is over the limit of \(limit) bytes")
    case .cannotOpen(let cause), .cannotRead(let cause): throw EdgeProbeError(cause.description)
    }
  }
}
