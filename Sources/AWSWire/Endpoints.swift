import RolloutCore

/// Where to send the requests of each identity: to AWS's hosts, or to the ones that the variables and
/// the shared AWS files set for the SDKs.
package struct Endpoints: Sendable {
  private let environment: Variables
  private let files: SharedFiles

  /// Throws for a malformed variable, before anything is sent to a wrong host.
  package init(environment: [String: String] = [:]) throws(MalformedEndpoint) {
    self.environment = Variables(environment)
    files = SharedFiles(environment: self.environment)
    _ = try EndpointSettings(environment: self.environment, profile: EndpointProfile())
  }

  /// The settings of an identity. A variable has priority over the identity's profile.
  func settings(for identity: Identity) throws(MalformedEndpoint) -> EndpointSettings {
    let profile = try EndpointProfile(identity.profile ?? files.defaultProfile, in: files)
    return try EndpointSettings(environment: environment, profile: profile)
  }
}

/// A setting of an endpoint that is not obeyed. The value is not shown, because a URL may contain a
/// password.
package struct MalformedEndpoint: Error, Equatable, Sendable, CustomStringConvertible {
  /// The name of a variable, or of a setting with its profile and file.
  package let setting: String
  /// What is wrong and what to do.
  package let problem: String

  package var description: String { "\(setting): \(problem)" }
}
