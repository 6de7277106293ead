import RolloutCore

/// How to get keys: the last step and, for a role, the keys that it is assumed with.
///
/// Equal recipes give equal keys. So the cache keeps keys by their recipe, and what many roles are
/// assumed with is obtained once.
indirect enum CredentialRecipe: Hashable, Sendable {
  /// Keys that are written down.
  case fixed(Credentials)
  case role(AssumedRole, with: CredentialRecipe)
  case webIdentity(WebIdentity)
  case process(CredentialProcess)
  case container(ContainerEndpoint)
  case instanceMetadata(InstanceMetadata)

  /// The secrets in the recipe itself, which last as long as it does.
  var writtenSecrets: [Secret] {
    switch self {
    case .fixed(let keys): return keys.secrets
    case .role(_, let source): return source.writtenSecrets
    case .container(let endpoint):
      guard case .token(let token) = endpoint.authorization else { return [] }
      return [token]
    case .webIdentity, .process, .instanceMetadata: return []
    }
  }

  /// The source of the keys, for people.
  var origin: String {
    switch self {
    case .fixed(let keys): keys.origin
    case .role(let role, _): "role \(role.arn)"
    case .webIdentity(let identity): "role \(identity.arn) by web identity"
    case .process(let process): process.place
    case .container(let endpoint): "the container credentials of \(endpoint.url)"
    case .instanceMetadata(let metadata): "the instance metadata of \(metadata.endpoint)"
    }
  }
}

/// A role that STS is asked for, with keys of another identity.
struct AssumedRole: Hashable, Sendable {
  let arn: String
  let externalID: Secret?
  let sessionName: String
  /// In seconds; nil for the default of STS, one hour.
  var duration: Int?
  let region: Region
  /// Whose endpoint settings are used for the request.
  let identity: Identity
  /// Where the role is written; nil for a mapping's.
  var place: String?
}

/// A role that STS is asked for, with the token of another provider.
struct WebIdentity: Hashable, Sendable {
  let arn: String
  let tokenFile: String
  let sessionName: String
  let duration: Int?
  let region: Region
  let identity: Identity
  /// Where the token file is named.
  let place: String
}

/// A program that prints keys.
struct CredentialProcess: Hashable, Sendable {
  let arguments: [String]
  /// Where it is written.
  let place: String
}

/// The endpoint of a container's credentials, which the platform of the container sets.
struct ContainerEndpoint: Hashable, Sendable {
  let url: String
  let authorization: Authorization

  enum Authorization: Hashable, Sendable {
    case none
    case token(Secret)
    /// Read at each request.
    case file(String)
  }
}

/// The metadata service of an EC2 instance, version 2.
struct InstanceMetadata: Hashable, Sendable {
  /// Without a slash at its end.
  let endpoint: String
  /// What has no keys, so that the instance is asked: for errors. nil where a profile names the
  /// instance.
  let searched: String?
}
