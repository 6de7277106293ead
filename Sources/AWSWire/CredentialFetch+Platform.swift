import Redaction
import RolloutCore
import Transport

/// Keys that the platform gives to its containers and instances.
extension CredentialFetch {
  func keys(
    of endpoint: ContainerEndpoint, _ origin: String
  ) async throws(Failure) -> Credentials {
    let token: Secret?
    switch endpoint.authorization {
    case .none: token = nil
    case .file(let path): token = try self.token(in: path, for: origin)
    case .token(let given):
      guard isPrintable(given.revealed.filter { $0 != " " }) else {
        throw failure(
          origin,
          "AWS_CONTAINER_AUTHORIZATION_TOKEN contains a line break or a character beyond ASCII")
      }
      token = given
    }
    let headers = token.map { [Header("Authorization", $0.revealed)] } ?? []
    let response = try await platformAnswer("GET", endpoint.url, headers, for: origin)
    return try platformKeys(in: response, origin)
  }

  /// In seconds: six hours, as the SDKs ask for.
  private static let metadataTokenLifetime = "21600"
  private static let credentialsPath = "/latest/meta-data/iam/security-credentials/"

  /// Only by version 2, whose token a forged request through a proxy or an application cannot get.
  func keys(
    of metadata: InstanceMetadata, _ origin: String
  ) async throws(Failure) -> Credentials {
    do throws(Failure) {
      return try await instanceKeys(of: metadata, origin)
    } catch {
      var failure = error
      if let searched = metadata.searched { failure.message = "\(searched); \(error.message)" }
      throw failure
    }
  }

  private func instanceKeys(
    of metadata: InstanceMetadata, _ origin: String
  ) async throws(Failure) -> Credentials {
    var token = try await metadataToken(of: metadata, origin)
    var isRenewed = false
    func answer(_ path: String) async throws(Failure) -> HTTPResponse {
      while true {
        let response = try await platformAnswer(
          "GET", metadata.endpoint + path,
          [Header("X-aws-ec2-metadata-token", token.revealed)], for: origin)
        // A token ends when its instance is stopped.
        guard response.status == 401, !isRenewed else { return response }
        isRenewed = true
        token = try await metadataToken(of: metadata, origin)
      }
    }
    let list = try await answer(CredentialFetch.credentialsPath)
    if list.status == 404 {
      throw failure(origin, "the instance has no role: attach an instance profile to it")
    }
    guard list.status == 200 else {
      throw failure(origin, refusal(list, of: "the request for the instance's role"))
    }
    let text = String(decoding: list.body, as: UTF8.self)
    guard let role = text.split(whereSeparator: \.isNewline).first.map(String.init),
      role.utf8.count <= 64, SafeMessage.token(role.filter { !"+,@".contains($0) }) != nil
    else {
      throw failure(
        origin,
        "the name of the instance's role cannot be read: "
          + ErrorAnswer.describeUnexpectedBody(of: list))
    }
    return try platformKeys(in: try await answer(CredentialFetch.credentialsPath + role), origin)
  }

  private func metadataToken(
    of metadata: InstanceMetadata, _ origin: String
  ) async throws(Failure) -> Secret {
    let lifetime = Header(
      "X-aws-ec2-metadata-token-ttl-seconds", CredentialFetch.metadataTokenLifetime)
    let response: HTTPResponse
    do throws(Failure) {
      response = try await platformAnswer(
        "PUT", metadata.endpoint + "/latest/api/token", [lifetime], for: origin)
    } catch {
      var failure = error
      failure.message +=
        " (in a container the instance's hop limit of the metadata must be 2; "
        + "elsewhere set AWS_EC2_METADATA_DISABLED=true)"
      throw failure
    }
    let token = String(decoding: response.body, as: UTF8.self)
    Redaction.learn(secret: token, isTemporary: true)
    guard response.status == 200 else {
      throw failure(origin, refusal(response, of: "the request for a token of version 2"))
    }
    guard isPrintable(token), !token.hasPrefix("<") else {
      throw failure(
        origin,
        "the token of version 2 cannot be read: "
          + ErrorAnswer.describeUnexpectedBody(of: response))
    }
    return Secret(token)
  }
}
