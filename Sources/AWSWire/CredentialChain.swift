import POSIX
package import RolloutCore

/// Finds credentials in the environment and the shared AWS files, in the order of the SDKs.
///
/// An identity with a profile uses only the files, as with `--profile` of the AWS CLI. Another one
/// uses the keys in the environment, then the profile in `AWS_PROFILE`, then `default`.
package struct CredentialChain: CredentialSource {
  private let environment: Variables
  private let files: SharedFiles

  package init(environment: [String: String]) {
    self.environment = Variables(environment)
    files = SharedFiles(environment: self.environment)
  }

  package func credentials(for identity: Identity) async throws(Failure) -> Credentials {
    do throws(CredentialProblem) {
      if let role = identity.roleARN {
        throw CredentialProblem("role_arn \(role) is not supported yet: use keys of that account")
      }
      if let profile = identity.profile { return try fromFiles(profile) }
      if let credentials = try fromEnvironment() { return credentials }
      return try fromFiles(files.defaultProfile)
    } catch {
      throw Failure(
        .credentials, operation: "credentials", object: identity.description,
        message: error.description)
    }
  }

  private func fromEnvironment() throws(CredentialProblem) -> Credentials? {
    let secret = environment["AWS_SECRET_ACCESS_KEY"]
    guard let key = environment["AWS_ACCESS_KEY_ID"] else {
      if secret == nil { return nil }
      throw CredentialProblem(
        "AWS_SECRET_ACCESS_KEY is set without AWS_ACCESS_KEY_ID: set both, or neither")
    }
    guard let secret else {
      throw CredentialProblem(
        "AWS_ACCESS_KEY_ID is set without AWS_SECRET_ACCESS_KEY: set both, or neither")
    }
    return try StaticKeys(key: key, secret: secret, token: environment["AWS_SESSION_TOKEN"])
      .credentials(origin: "the environment")
  }

  private func fromFiles(_ name: String) throws(CredentialProblem) -> Credentials {
    let configured: SharedProfile?
    let credentials: SharedProfile?
    do throws(UnreadableFile) {
      configured = try SharedProfile.config(name, in: files.config())
      credentials = try SharedProfile.credentials(name, in: files.credentials())
    } catch {
      throw CredentialProblem(error.description)
    }
    // A role has priority over a key of its profile, because that key is for assuming the role.
    if let unsupported = configured?.assumedRole ?? credentials?.assumedRole { throw unsupported }
    if let found = try credentials?.credentials() { return found }
    if let other = configured?.otherSource ?? credentials?.otherSource { throw other }
    if let found = try configured?.credentials() { return found }
    let isNamed = configured != nil || credentials != nil
    throw CredentialProblem(notFound(profile: name, isNamed: isNamed))
  }

  private func notFound(profile: String, isNamed: Bool) -> String {
    let places = [files.credentialsPath, files.configPath].compactMap { $0 }
    let searched = places.isEmpty ? "no file (HOME is not set)" : places.joined(separator: " and ")
    let problem =
      isNamed ? "profile \(profile) has no aws_access_key_id" : "there is no profile \(profile)"
    let advice = "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or write the profile"
    // The profile may be behind a line that cannot be read.
    let strays = isNamed ? "" : strayProblems.map { "; \($0)" }.joined()
    return "\(problem) in \(searched): \(advice)\(strays)"
  }

  private var strayProblems: [String] {
    [try? files.credentials(), try? files.config()].compactMap { $0?.content.strayProblem }
  }

  package var version: String { files.version }
}

/// Why an identity has no credentials, for people. It contains no value of a variable or file.
struct CredentialProblem: Error, CustomStringConvertible {
  let description: String

  init(_ description: String) { self.description = description }
}
