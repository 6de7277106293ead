/// One of the shared AWS files, parsed.
struct SharedFile {
  let path: String
  let content: INIFile
}

/// One profile in one of the shared files.
struct SharedProfile {
  let name: String
  let path: String
  private let values: [String: String]

  /// The profile in the config file: `[profile x]`. The default profile may also be `[default]`.
  /// Returns nil when the file has no such profile, and throws when it cannot be read.
  static func config(
    _ name: String, in file: SharedFile?
  ) throws(UnreadableFile) -> SharedProfile? {
    let headers = ["profile \(name)"] + (name == "default" ? [name] : [])
    return try SharedProfile(name, at: headers, in: file)
  }

  /// The profile in the credentials file: `[x]`.
  static func credentials(
    _ name: String, in file: SharedFile?
  ) throws(UnreadableFile) -> SharedProfile? {
    try SharedProfile(name, at: [name], in: file)
  }

  private init?(
    _ name: String, at headers: [String], in file: SharedFile?
  ) throws(UnreadableFile) {
    guard let file, let section = headers.lazy.compactMap({ file.content.sections[$0] }).first
    else { return nil }
    if let problem = section.problem { throw UnreadableFile(problem) }
    self.name = name
    values = section.values
    path = file.path
  }

  /// An empty value counts as absent.
  func value(_ key: String) -> String? {
    values[key].flatMap { $0.isEmpty ? nil : $0 }
  }

  /// The static keys; nil when the profile has none.
  func credentials() throws(CredentialProblem) -> Credentials? {
    let key = value("aws_access_key_id")
    let secret = value("aws_secret_access_key")
    if key == nil && secret == nil { return nil }
    guard let key, let secret else {
      let missing = key == nil ? "aws_access_key_id" : "aws_secret_access_key"
      throw CredentialProblem("profile \(name) in \(path) has no \(missing): add it")
    }
    return try StaticKeys(key: key, secret: secret, token: value("aws_session_token"))
      .credentials(origin: "profile \(name) of \(path)")
  }

  /// Set when the profile assumes a role.
  var assumedRole: CredentialProblem? {
    firstOf(["role_arn", "web_identity_token_file"])
  }

  /// Set when the profile takes its keys from elsewhere.
  var otherSource: CredentialProblem? {
    firstOf(["credential_process", "sso_session", "sso_start_url", "login_session"])
  }

  private func firstOf(_ keys: [String]) -> CredentialProblem? {
    keys.first { value($0) != nil }.map { key in
      CredentialProblem(
        "\(key) of profile \(name) in \(path) is not supported yet: "
          + "use aws_access_key_id and aws_secret_access_key")
    }
  }
}

/// A key pair that was read and is not checked yet.
struct StaticKeys {
  let key: String
  let secret: String
  let token: String?

  /// Throws when a value contains characters that a header cannot have.
  func credentials(origin: String) throws(CredentialProblem) -> Credentials {
    for (name, text) in [
      ("access key id", key), ("secret access key", secret), ("session token", token ?? "-"),
    ] where !text.utf8.allSatisfy({ (0x21...0x7e).contains($0) }) {
      throw CredentialProblem(
        "the \(name) of \(origin) contains a space or a character beyond ASCII")
    }
    return Credentials(
      accessKeyID: key, secretAccessKey: secret, sessionToken: token, origin: origin)
  }
}
