import Transport

/// A request to a service of the host that hands out credentials: the instance metadata service, or
/// the agent of a container.
struct HostRequest {
  let kind: Kind
  let request: HTTPRequest

  enum Kind: Equatable {
    case metadataToken
    /// Any other path of the metadata service, without `/latest/`.
    case metadata(String)
    case container(String)
  }

  static let metadataPrefix = "/latest/"
  static let tokenPath = "api/token"
  static let rolesPath = "meta-data/iam/security-credentials/"
  static let containerPrefix = "/v2/credentials/"

  /// nil for a request to AWS itself.
  init?(_ request: HTTPRequest) {
    let path = CanonicalRequest.Location(request).path
    if path.hasPrefix(HostRequest.metadataPrefix) {
      let rest = String(path.dropFirst(HostRequest.metadataPrefix.count))
      kind = rest == HostRequest.tokenPath ? .metadataToken : .metadata(rest)
    } else if path.hasPrefix(HostRequest.containerPrefix) {
      kind = .container(String(path.dropFirst(HostRequest.containerPrefix.count)))
    } else {
      return nil
    }
    self.request = request
  }

  /// The name with which faults, delays and the record of calls refer to the request.
  var operation: String {
    switch kind {
    case .metadataToken: "PutMetadataToken"
    case .metadata(let path):
      path.hasPrefix(HostRequest.rolesPath) && path != HostRequest.rolesPath
        ? "GetMetadataCredentials" : "GetMetadata"
    case .container: "GetContainerCredentials"
    }
  }

  /// The path or the name of the container.
  var object: String {
    switch kind {
    case .metadataToken: HostRequest.tokenPath
    case .metadata(let text), .container(let text): text
    }
  }
}
