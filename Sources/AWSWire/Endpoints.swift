import POSIX
import RolloutCore

/// Where to send the requests of each identity: to AWS's hosts, or to the ones that the variables and
/// the shared AWS files set for the SDKs.
package final class Endpoints: Sendable {
  private let environment: Variables
  private let files: SharedFiles
  private let known = Guarded<Known?>(nil)

  /// The settings of each profile that was asked for, in one version of the files.
  private struct Known {
    let content: SharedFiles.Content
    var settings: [String: Result<EndpointSettings, MalformedEndpoint>] = [:]
  }

  /// Throws for a malformed variable, before anything is sent to a wrong host.
  package init(environment: [String: String] = [:]) throws(MalformedEndpoint) {
    self.environment = Variables(environment)
    files = SharedFiles(environment: self.environment)
    _ = try EndpointSettings(environment: self.environment, profile: EndpointProfile())
  }

  /// The settings of an identity. A variable has priority over the identity's profile.
  func settings(
    for identity: Identity, at uptime: Duration
  ) throws(MalformedEndpoint) -> EndpointSettings {
    let content = files.content(at: uptime)
    let name = identity.profile ?? files.defaultProfile
    return try known.withLock { known in
      if known?.content !== content { known = Known(content: content) }
      if let result = known?.settings[name] { return result }
      let result = read(name, in: content)
      known?.settings[name] = result
      return result
    }.get()
  }

  private func read(
    _ name: String, in content: SharedFiles.Content
  ) -> Result<EndpointSettings, MalformedEndpoint> {
    do throws(MalformedEndpoint) {
      let profile = try EndpointProfile(name, in: content, of: files)
      return .success(try EndpointSettings(environment: environment, profile: profile))
    } catch {
      return .failure(error)
    }
  }

  /// Makes the next request look at the files.
  func lookAgain() { files.lookAgain() }
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
