import POSIX
package import RolloutCore

/// Finds credentials in the environment and the shared AWS files, in the order of the SDKs.
///
/// An identity with a profile uses only the files, as with `--profile` of the AWS CLI. Another one
/// uses the keys in the environment, then the profile in `AWS_PROFILE`, then `default`.
///
/// The shared credentials file is the first of these: `AWS_SHARED_CREDENTIALS_FILE`;
/// `$CREDENTIALS_DIRECTORY/aws-credentials` if it exists, where systemd's
/// `LoadCredential=aws-credentials:…` puts a file for the service only; `~/.aws/credentials`.
package struct CredentialChain: CredentialSource {
  private let environment: [String: String]

  package init(environment: [String: String]) {
    self.environment = environment
  }

  package func credentials(for identity: Identity) async throws(Failure) -> Credentials {
    do throws(CredentialProblem) {
      if let role = identity.roleARN {
        throw CredentialProblem("role_arn \(role) is not supported yet: use keys of that account")
      }
      if let profile = identity.profile { return try fromFiles(profile) }
      if let credentials = try fromEnvironment() { return credentials }
      return try fromFiles(variable("AWS_PROFILE") ?? "default")
    } catch {
      throw Failure(
        .credentials, operation: "credentials", object: identity.description,
        message: error.description)
    }
  }

  /// The value of a variable. An empty one counts as unset, as in the SDKs.
  private func variable(_ name: String) -> String? {
    environment[name].flatMap { $0.isEmpty ? nil : $0 }
  }

  private func fromEnvironment() throws(CredentialProblem) -> Credentials? {
    let secret = variable("AWS_SECRET_ACCESS_KEY")
    guard let key = variable("AWS_ACCESS_KEY_ID") else {
      if secret == nil { return nil }
      throw CredentialProblem(
        "AWS_SECRET_ACCESS_KEY is set without AWS_ACCESS_KEY_ID: set both, or neither")
    }
    guard let secret else {
      throw CredentialProblem(
        "AWS_ACCESS_KEY_ID is set without AWS_SECRET_ACCESS_KEY: set both, or neither")
    }
    return try StaticKeys(key: key, secret: secret, token: variable("AWS_SESSION_TOKEN"))
      .credentials(origin: "the environment")
  }

  private func fromFiles(_ name: String) throws(CredentialProblem) -> Credentials {
    let config = try profiles(at: configPath)
    let shared = try profiles(at: sharedCredentialsPath)
    let configured = SharedProfile(in: config, named: name, asConfig: true)
    let credentials = SharedProfile(in: shared, named: name, asConfig: false)
    // A role has priority over a key of its profile, because that key is for assuming the role.
    if let unsupported = configured?.assumedRole ?? credentials?.assumedRole { throw unsupported }
    if let found = try credentials?.credentials() { return found }
    if let other = configured?.otherSource ?? credentials?.otherSource { throw other }
    if let found = try configured?.credentials() { return found }
    let isNamed = configured != nil || credentials != nil
    throw CredentialProblem(notFound(profile: name, isNamed: isNamed))
  }

  private func notFound(profile: String, isNamed: Bool) -> String {
    let places = [sharedCredentialsPath, configPath].compactMap { $0 }
    let files = places.isEmpty ? "no file (HOME is not set)" : places.joined(separator: " and ")
    let problem =
      isNamed ? "profile \(profile) has no aws_access_key_id" : "there is no profile \(profile)"
    return "\(problem) in \(files): set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, "
      + "or write the profile"
  }

  // MARK: Files

  private func profiles(at path: String?) throws(CredentialProblem) -> SharedFile? {
    guard let path else { return nil }
    do throws(UnreadableFile) {
      guard let bytes = try SharedAWSFile.read(path) else { return nil }
      return SharedFile(path: path, content: try INIFile(parsing: bytes, path: path))
    } catch {
      throw CredentialProblem(error.description)
    }
  }

  package var version: String {
    [configPath, sharedCredentialsPath].map { $0.map(RegularFile.version) ?? "" }
      .joined(separator: " ")
  }

  private var configPath: String? {
    variable("AWS_CONFIG_FILE").map(expanded) ?? home("/.aws/config")
  }

  private var sharedCredentialsPath: String? {
    if let path = variable("AWS_SHARED_CREDENTIALS_FILE") { return expanded(path) }
    if let directory = variable("CREDENTIALS_DIRECTORY") {
      let path = directory + "/aws-credentials"
      if SharedAWSFile.exists(path) { return path }
    }
    return home("/.aws/credentials")
  }

  private func expanded(_ path: String) -> String {
    guard path.hasPrefix("~/") else { return path }
    return home(String(path.dropFirst())) ?? path
  }

  private func home(_ path: String) -> String? {
    variable("HOME").map { $0 + path }
  }
}

/// Why an identity has no credentials, for people. It contains no value of a variable or file.
struct CredentialProblem: Error, CustomStringConvertible {
  let description: String

  init(_ description: String) { self.description = description }
}
