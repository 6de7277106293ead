import RolloutCore
import Transport

/// Keys of roles, from STS.
extension CredentialFetch {
  func keys(
    of role: AssumedRole, with source: CredentialRecipe
  ) async throws(Failure) -> Credentials {
    let first = try await client.credentials.keys(by: source, over: client)
    do throws(Failure) {
      return try await keys(of: role, signedBy: first)
    } catch {
      guard error.kind == .credentials else { throw failure(error, of: role, with: first) }
      client.credentials.invalidate(source, refused: first)
      let second = try await client.credentials.keys(by: source, over: client)
      if second == first { throw failure(error, of: role, with: first) }
      do throws(Failure) {
        return try await keys(of: role, signedBy: second)
      } catch {
        throw failure(error, of: role, with: second)
      }
    }
  }

  private func keys(
    of role: AssumedRole, signedBy signer: Credentials
  ) async throws(Failure) -> Credentials {
    var parameters = [
      (name: "RoleArn", value: role.arn), (name: "RoleSessionName", value: role.sessionName),
    ]
    if let id = role.externalID { parameters.append((name: "ExternalId", value: id.revealed)) }
    if let duration = role.duration {
      parameters.append((name: "DurationSeconds", value: String(duration)))
    }
    var call = call("AssumeRole", role.arn, role.region, role.identity, parameters)
    call.signer = .keys(signer)
    call.secrets = role.externalID.map { [$0] } ?? []
    return try await keys(answering: call, origin: "role \(role.arn)")
  }

  func keys(of identity: WebIdentity, _ origin: String) async throws(Failure) -> Credentials {
    let token = try token(in: identity.tokenFile, for: origin)
    var parameters = [
      (name: "RoleArn", value: identity.arn),
      (name: "RoleSessionName", value: identity.sessionName),
      (name: "WebIdentityToken", value: token.revealed),
    ]
    if let duration = identity.duration {
      parameters.append((name: "DurationSeconds", value: String(duration)))
    }
    var call = call(
      "AssumeRoleWithWebIdentity", identity.arn, identity.region, identity.identity, parameters)
    call.signer = .nobody
    call.secrets = [token]
    do throws(Failure) {
      return try await keys(answering: call, origin: origin)
    } catch {
      let advice =
        error.kind == .accessDenied
        ? "; the trust policy of the role must allow the provider and the subject of the token" : ""
      throw described(
        error,
        "sts:AssumeRoleWithWebIdentity of \(identity.arn), with the token in "
          + "\(identity.tokenFile) (\(identity.place)),", advice)
    }
  }

  // MARK: STS

  /// In bytes. An answer has two or three thousand.
  private static let maximumAnswer = 64 << 10

  private func call(
    _ operation: String, _ arn: String, _ region: Region, _ identity: Identity,
    _ parameters: [(name: String, value: String)]
  ) -> WireCall {
    WireCall(
      service: .sts, region: region, identity: identity, operation: operation, object: arn,
      payload: .form(
        [(name: "Action", value: operation), (name: "Version", value: "2011-06-15")] + parameters),
      effect: .read, maximumBodySize: CredentialFetch.maximumAnswer)
  }

  private func keys(
    answering call: WireCall, origin: String
  ) async throws(Failure) -> Credentials {
    let response = try await client.answer(to: call)
    let answer = QueryAnswer(response.body)
    guard let key = answer?.element("AccessKeyId"), let secret = answer?.element("SecretAccessKey"),
      let token = answer?.element("SessionToken"),
      let end = answer?.element("Expiration").flatMap(AnswerTime.iso8601)
    else {
      throw call.failure(
        .malformedAnswer, "the answer has no credentials (HTTP \(response.status))",
        requestID: JSONClient.requestID(of: response))
    }
    do throws(CredentialProblem) {
      return try ReadKeys(key: key, secret: secret, token: token, expiration: end)
        .credentials(origin: origin)
    } catch {
      throw call.failure(.malformedAnswer, error.description)
    }
  }

  // MARK: Failures

  private func failure(
    _ failure: Failure, of role: AssumedRole, with keys: Credentials
  ) -> Failure {
    let external = role.externalID == nil ? "without an external id" : "with an external id"
    let place = role.place.map { " (\($0))" } ?? ""
    var advice = ""
    if failure.kind == .accessDenied {
      let condition =
        role.externalID == nil ? "may ask for an external id" : "may ask for another external id"
      advice =
        "; the role's trust policy must allow the principal of these keys, and a policy of theirs "
        + "sts:AssumeRole of the role; the trust policy \(condition)"
    }
    return described(
      failure,
      "sts:AssumeRole of \(role.arn)\(place), \(external) and with the keys of "
        + "\(keys.origin),", advice)
  }

  /// A failure of the request to STS as a failure of the credentials. Its nature stays visible.
  private func described(_ failure: Failure, _ what: String, _ advice: String) -> Failure {
    var described = failure
    described.kind = .credentials
    let nature: String
    switch failure.kind {
    case .credentials: nature = "AWS does not accept the keys or the token"
    case .refused, .certificateRejected, .notReady, .notFound, .quotaExceeded, .conflict:
      nature = "STS refuses it"
    case .unreachable, .answerLost, .server, .malformedAnswer, .throttled, .accessDenied:
      nature = failure.kind.reason.sentence
    }
    described.message = "\(what) failed: \(nature): \(failure.message)\(advice)"
    return described
  }
}
