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
    return try ReadKeys(key: key, secret: secret, token: value("aws_session_token"))
      .credentials(origin: "profile \(name) of \(path)")
  }
}

/// A value of a profile and where it is, for errors.
struct ProfileSetting {
  let text: String
  /// `role_arn of profile x in /etc/aws/config`
  let place: String
}

/// One profile in both shared files. As in botocore, a key in the credentials file has priority over
/// the one in the config file.
struct MergedProfile {
  let name: String
  let config: SharedProfile?
  let credentials: SharedProfile?

  /// nil when neither file has the profile.
  init?(_ name: String, in content: SharedFiles.Content) throws(UnreadableFile) {
    config = try SharedProfile.config(name, in: content.config())
    credentials = try SharedProfile.credentials(name, in: content.credentials())
    self.name = name
    if config == nil && credentials == nil { return nil }
  }

  subscript(key: String) -> ProfileSetting? {
    for profile in [credentials, config].compactMap({ $0 }) {
      if let text = profile.value(key) {
        return ProfileSetting(text: text, place: "\(key) of profile \(name) in \(profile.path)")
      }
    }
    return nil
  }

  var hasStaticKeys: Bool { self["aws_access_key_id"] != nil }
}
