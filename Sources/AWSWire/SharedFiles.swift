import POSIX

/// The shared AWS files that the environment names. A file is parsed once for each version of it.
///
/// The shared credentials file is the first of these: `AWS_SHARED_CREDENTIALS_FILE`;
/// `$CREDENTIALS_DIRECTORY/aws-credentials` if it exists, where systemd's
/// `LoadCredential=aws-credentials:…` puts a file for the service only; `~/.aws/credentials`.
final class SharedFiles: Sendable {
  private let environment: Variables
  private let state = Guarded(State())

  private struct State {
    var current: Content?
    /// The uptime at which the versions of the files are looked at again.
    var nextLook: Duration?
  }

  /// How long a file is taken to be unchanged. Every request of every identity asks.
  static let lookInterval = Duration.seconds(1)

  init(environment: Variables) { self.environment = environment }

  /// The content of both files at one time. Another object means that something may have changed.
  final class Content: Sendable {
    fileprivate let configVersion: String
    fileprivate let credentialsVersion: String
    fileprivate let configResult: Result<SharedFile?, UnreadableFile>
    fileprivate let credentialsResult: Result<SharedFile?, UnreadableFile>
    let configPath: String?
    let credentialsPath: String?

    /// - Parameter former: what was read before. A file of the same version is not read again.
    fileprivate init(
      configPath: String?, credentialsPath: String?, former: Content?
    ) {
      self.configPath = configPath
      self.credentialsPath = credentialsPath
      // Before the files are read, so that a later change makes another version.
      let configVersion = Content.version(of: configPath)
      let credentialsVersion = Content.version(of: credentialsPath)
      let isSameConfig = former?.configVersion == configVersion
      let areSameCredentials = former?.credentialsVersion == credentialsVersion
      configResult =
        (isSameConfig ? former?.configResult.ifRead : nil) ?? Content.read(configPath)
      credentialsResult =
        (areSameCredentials ? former?.credentialsResult.ifRead : nil)
        ?? Content.read(credentialsPath)
      self.configVersion = configVersion
      self.credentialsVersion = credentialsVersion
    }

    /// nil when there is no such file.
    func config() throws(UnreadableFile) -> SharedFile? { try configResult.get() }

    func credentials() throws(UnreadableFile) -> SharedFile? { try credentialsResult.get() }

    /// The first line of the file that cannot be read and that belongs to no section.
    var configStray: String? { Content.stray(configResult) }
    var credentialsStray: String? { Content.stray(credentialsResult) }

    private static func stray(_ result: Result<SharedFile?, UnreadableFile>) -> String? {
      switch result {
      case .success(let file): file?.content.strayProblem
      case .failure: nil
      }
    }

    /// Whether both files were read, in the versions that they have now.
    fileprivate func isCurrent(configPath: String?, credentialsPath: String?) -> Bool {
      configResult.ifRead != nil && credentialsResult.ifRead != nil
        && self.configPath == configPath && self.credentialsPath == credentialsPath
        && configVersion == Content.version(of: configPath)
        && credentialsVersion == Content.version(of: credentialsPath)
    }

    private static func version(of path: String?) -> String {
      path.map { "\($0) \(RegularFile.version(of: $0))" } ?? ""
    }

    private static func read(_ path: String?) -> Result<SharedFile?, UnreadableFile> {
      guard let path else { return .success(nil) }
      do throws(UnreadableFile) {
        guard let bytes = try SharedAWSFile.read(path) else { return .success(nil) }
        return .success(
          SharedFile(path: path, content: try INIFile(parsing: bytes, path: path)))
      } catch {
        return .failure(error)
      }
    }
  }

  /// What the files contain, as of at most `lookInterval` ago.
  func content(at uptime: Duration) -> Content {
    state.withLock { state in
      if let current = state.current, let next = state.nextLook, uptime < next { return current }
      state.nextLook = uptime + SharedFiles.lookInterval
      let (configPath, credentialsPath) = (configPath, credentialsPath)
      if let current = state.current,
        current.isCurrent(configPath: configPath, credentialsPath: credentialsPath)
      {
        return current
      }
      let content = Content(
        configPath: configPath, credentialsPath: credentialsPath, former: state.current)
      state.current = content
      return content
    }
  }

  /// Makes the next question look at the files.
  func lookAgain() { state.withLock { $0.nextLook = nil } }

  private var configPath: String? {
    environment["AWS_CONFIG_FILE"].map(expanded) ?? home("/.aws/config")
  }

  private var credentialsPath: String? {
    if let path = environment["AWS_SHARED_CREDENTIALS_FILE"] { return expanded(path) }
    if let directory = environment["CREDENTIALS_DIRECTORY"] {
      let path = directory + "/aws-credentials"
      if SharedAWSFile.exists(path) { return path }
    }
    return home("/.aws/credentials")
  }

  /// Whether the path of a file is the one below the home directory, which no variable names.
  func isDefault(_ path: String?) -> Bool {
    path == home("/.aws/config") || path == home("/.aws/credentials")
  }

  /// The profile of an identity that names none.
  var defaultProfile: String { environment["AWS_PROFILE"] ?? "default" }

  private func expanded(_ path: String) -> String {
    guard path.hasPrefix("~/") else { return path }
    return home(String(path.dropFirst())) ?? path
  }

  private func home(_ path: String) -> String? {
    environment["HOME"].map { $0 + path }
  }
}

extension Result {
  /// nil when the file was not read.
  fileprivate var ifRead: Self? {
    switch self {
    case .success: self
    case .failure: nil
    }
  }
}

/// The variables of the environment. An empty one counts as unset, as in the SDKs.
struct Variables: Sendable {
  let values: [String: String]

  init(_ values: [String: String]) { self.values = values }

  subscript(name: String) -> String? { values[name].flatMap { $0.isEmpty ? nil : $0 } }
}
