import POSIX
import Redaction
import RolloutCore

/// Finds out where an identity's keys come from, by the environment and the shared AWS files, in the
/// order of the SDKs.
///
/// An identity with a profile uses the files, and the keys in the environment do not count, as with
/// `--profile` of the AWS CLI. Another one uses the keys in the environment, then the profile in
/// `AWS_PROFILE` or `default`, and a web identity. Where these have nothing, both use the credentials
/// of the container or of the instance.
final class CredentialChain: Sendable {
  let environment: Variables
  private let files: SharedFiles
  private let known = Guarded<Known?>(nil)

  /// What was found out in one version of the files.
  private struct Known {
    let content: SharedFiles.Content
    var recipes: [Identity: Result<CredentialRecipe, CredentialProblem>] = [:]
  }

  init(environment: [String: String]) {
    self.environment = Variables(environment)
    files = SharedFiles(environment: self.environment)
  }

  func recipe(
    for identity: Identity, at uptime: Duration
  ) throws(CredentialProblem) -> CredentialRecipe {
    let content = files.content(at: uptime)
    return try known.withLock { known in
      if known?.content !== content { known = Known(content: content) }
      if let result = known?.recipes[identity] { return result }
      let result = find(identity, in: content)
      for secret in (try? result.get())?.writtenSecrets ?? [] {
        Redaction.learn(secret: secret.revealed)
      }
      known?.recipes[identity] = result
      return result
    }.get()
  }

  /// The region that the variables or the identity's profile set; nil where none is set.
  func region(
    of identity: Identity, at uptime: Duration
  ) throws(CredentialProblem) -> Region? {
    let profiles = ProfileRecipes(
      environment: environment, content: files.content(at: uptime))
    return try profiles.configuredRegion(of: identity.profile ?? files.defaultProfile)
  }

  /// Makes the next question look at the files.
  func lookAgain() { files.lookAgain() }

  private func find(
    _ identity: Identity, in content: SharedFiles.Content
  ) -> Result<CredentialRecipe, CredentialProblem> {
    let profiles = ProfileRecipes(environment: environment, content: content)
    do throws(CredentialProblem) {
      let source = try source(of: identity, profiles)
      guard let arn = identity.roleARN else { return .success(source) }
      let profile = identity.profile ?? files.defaultProfile
      let role = AssumedRole(
        arn: arn, externalID: identity.externalID.map(Secret.init),
        sessionName: identity.roleSessionName ?? Identity.defaultSessionName,
        region: try profiles.region(of: profile, for: arn), identity: identity)
      return .success(.role(role, with: source))
    } catch {
      return .failure(error)
    }
  }

  private func source(
    of identity: Identity, _ profiles: ProfileRecipes
  ) throws(CredentialProblem) -> CredentialRecipe {
    if let name = identity.profile {
      guard let profile = try profiles.profile(name) else { throw notFound(name, profiles.content) }
      if let role = try profiles.role(of: profile) { return role }
      if let web = try profiles.webIdentity(of: profile) { return web }
      if let keys = try profiles.ownKeys(of: profile) { return keys }
      return try platform(profile, searched: hasNoKeys(name, profiles.content))
    }
    if let keys = try fromEnvironment() { return keys }
    let name = files.defaultProfile
    let profile = try profiles.profile(name)
    if profile == nil, environment["AWS_PROFILE"] != nil {
      throw notFound(name, profiles.content)
    }
    if let role = try profiles.role(of: profile) { return role }
    if let web = try profiles.webIdentity(of: profile, usingEnvironment: true) { return web }
    if let profile, let keys = try profiles.ownKeys(of: profile) { return keys }
    let searched =
      profile == nil
      ? notFound(name, profiles.content).description : hasNoKeys(name, profiles.content)
    return try platform(profile, searched: searched)
  }

  private func fromEnvironment() throws(CredentialProblem) -> CredentialRecipe? {
    try CredentialChain.environmentKeys(environment).map { keys in .fixed(keys) }
  }

  /// The keys in the variables; nil when there are none.
  static func environmentKeys(_ environment: Variables) throws(CredentialProblem) -> Credentials? {
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
    return try ReadKeys(key: key, secret: secret, token: environment["AWS_SESSION_TOKEN"])
      .credentials(origin: "the environment")
  }

  /// What the platform gives to each of its containers or instances.
  private func platform(
    _ profile: MergedProfile?, searched: String
  ) throws(CredentialProblem) -> CredentialRecipe {
    if let endpoint = try ContainerEndpoint(environment: environment) {
      return .container(endpoint)
    }
    do throws(CredentialProblem) {
      return .instanceMetadata(
        try InstanceMetadata(environment: environment, profile: profile, searched: searched))
    } catch {
      throw CredentialProblem("\(searched); \(error)")
    }
  }

  // MARK: Words

  private func notFound(_ profile: String, _ content: SharedFiles.Content) -> CredentialProblem {
    // The profile may be behind a line that cannot be read.
    let strays = [content.credentialsStray, content.configStray].compactMap { $0 }
    return CredentialProblem(
      "there is no profile \(profile) in \(places(content)): \(advice)"
        + strays.map { "; \($0)" }.joined())
  }

  private func hasNoKeys(_ profile: String, _ content: SharedFiles.Content) -> String {
    "profile \(profile) has no aws_access_key_id in \(places(content)): \(advice)"
  }

  private func places(_ content: SharedFiles.Content) -> String {
    let places = [content.credentialsPath, content.configPath].compactMap { $0 }
    return places.isEmpty ? "any file (HOME is not set)" : places.joined(separator: " and ")
  }

  private let advice = "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or write the profile"
}
