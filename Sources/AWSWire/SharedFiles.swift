import POSIX

/// The shared AWS files that the environment names. A file is parsed once for each version of it.
///
/// The shared credentials file is the first of these: `AWS_SHARED_CREDENTIALS_FILE`;
/// `$CREDENTIALS_DIRECTORY/aws-credentials` if it exists, where systemd's
/// `LoadCredential=aws-credentials:…` puts a file for the service only; `~/.aws/credentials`.
final class SharedFiles: Sendable {
  private let environment: Variables
  private let parsed = Guarded<[String: (version: String, file: SharedFile?)]>([:])

  init(environment: Variables) { self.environment = environment }

  var configPath: String? {
    environment["AWS_CONFIG_FILE"].map(expanded) ?? home("/.aws/config")
  }

  var credentialsPath: String? {
    if let path = environment["AWS_SHARED_CREDENTIALS_FILE"] { return expanded(path) }
    if let directory = environment["CREDENTIALS_DIRECTORY"] {
      let path = directory + "/aws-credentials"
      if SharedAWSFile.exists(path) { return path }
    }
    return home("/.aws/credentials")
  }

  /// nil when there is no such file.
  func config() throws(UnreadableFile) -> SharedFile? { try file(at: configPath) }

  func credentials() throws(UnreadableFile) -> SharedFile? { try file(at: credentialsPath) }

  /// Whether the path of a file is the one below the home directory, which no variable names.
  func isDefault(_ path: String?) -> Bool {
    path == home("/.aws/config") || path == home("/.aws/credentials")
  }

  /// The profile of an identity that names none.
  var defaultProfile: String { environment["AWS_PROFILE"] ?? "default" }

  /// A value that changes when a file changes.
  var version: String {
    [configPath, credentialsPath].map { $0.map(RegularFile.version) ?? "" }
      .joined(separator: " ")
  }

  private func file(at path: String?) throws(UnreadableFile) -> SharedFile? {
    guard let path else { return nil }
    // Before the file is read, so that a later change makes another version.
    let version = RegularFile.version(of: path)
    let known = parsed.withLock { $0[path] }
    if let known, known.version == version { return known.file }
    let bytes = try SharedAWSFile.read(path)
    var file: SharedFile?
    if let bytes { file = SharedFile(path: path, content: try INIFile(parsing: bytes, path: path)) }
    parsed.withLock { [file] in $0[path] = (version, file) }
    return file
  }

  private func expanded(_ path: String) -> String {
    guard path.hasPrefix("~/") else { return path }
    return home(String(path.dropFirst())) ?? path
  }

  private func home(_ path: String) -> String? {
    environment["HOME"].map { $0 + path }
  }
}

/// The variables of the environment. An empty one counts as unset, as in the SDKs.
struct Variables: Sendable {
  private let values: [String: String]

  init(_ values: [String: String]) { self.values = values }

  subscript(name: String) -> String? { values[name].flatMap { $0.isEmpty ? nil : $0 } }
}
