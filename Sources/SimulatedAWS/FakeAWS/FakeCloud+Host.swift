import LosslessJSON
import RolloutCore
import Transport

/// The services of a host that hand out credentials.
extension FakeCloud {
  mutating func exchange(_ request: HostRequest, at now: Instant) -> Exchange {
    let awsNow = now + options.clockOffset
    let opportunity = opportunity(
      for: request.operation, in: account(of: request), of: request.object, at: now)
    let fault = fault(for: opportunity)
    var answer = fault.flatMap(HostAnswer.refusal) ?? perform(request, at: awsNow)
    if let fault { answer.corrupt(by: fault) }
    let response = answer.response(at: awsNow)
    let corrupted = fault.map { FaultAnswer.corrupt(response, by: $0) } ?? response
    let exchange = AnswerWriter.exchange(of: corrupted, under: fault)
    let outcome: FakeCall.Outcome
    switch exchange {
    case .answered(let response): outcome = .answered(status: response.status, code: "")
    case .cutShort, .lost: outcome = .lost
    }
    record(
      FakeCall(
        sequence: sequence + 1, at: now, operation: opportunity.operation,
        account: opportunity.account, region: "", object: opportunity.object, certificateARN: "",
        requestID: "", fault: fault, outcome: outcome, hadEffect: false))
    return exchange
  }

  /// The account of the role that the service has keys of; empty without one.
  private func account(of request: HostRequest) -> String {
    switch request.kind {
    case .metadataToken, .metadata: FakeRole.account(of: metadata.role.arn ?? "")
    case .container(let name): FakeRole.account(of: containers[name]?.role.arn ?? "")
    }
  }

  private mutating func perform(_ request: HostRequest, at awsNow: Instant) -> HostAnswer {
    switch request.kind {
    case .metadataToken: return metadataToken(request.request, at: awsNow)
    case .metadata(let path): return metadata(path, request.request, at: awsNow)
    case .container(let name): return container(name, request.request, at: awsNow)
    }
  }

  private mutating func metadataToken(_ request: HTTPRequest, at awsNow: Instant) -> HostAnswer {
    guard request.method == "PUT" else { return .page(405, "Method Not Allowed") }
    // A proxy must not get a token for someone else.
    guard FakeRequest.header("x-forwarded-for", of: request) == nil else {
      return .page(403, "Forbidden")
    }
    let text = FakeRequest.header("x-aws-ec2-metadata-token-ttl-seconds", of: request)
    guard let seconds = text.flatMap({ Int64($0) }),
      FakeMetadata.tokenLifetimes.contains(seconds)
    else { return .page(400, "Bad Request") }
    metadata.issuedTokens += 1
    let token = random.letters(54, "metadata", String(metadata.issuedTokens)) + "=="
    if metadata.tokens.count >= FakeMetadata.maximumTokens {
      metadata.tokens = metadata.tokens.filter { $0.value > awsNow }
    }
    metadata.tokens[token] = awsNow + .seconds(seconds)
    var answer = HostAnswer.text(token)
    answer.headers.append(
      Header("X-Aws-Ec2-Metadata-Token-Ttl-Seconds", String(seconds)))
    return answer
  }

  private mutating func metadata(
    _ path: String, _ request: HTTPRequest, at awsNow: Instant
  ) -> HostAnswer {
    guard request.method == "GET" else { return .page(405, "Method Not Allowed") }
    let token = FakeRequest.header("x-aws-ec2-metadata-token", of: request) ?? ""
    guard !metadata.refusesTokens, let end = metadata.tokens[token], awsNow < end else {
      return .page(401, "Unauthorized")
    }
    guard let arn = metadata.role.arn, let role = roles[arn] else {
      return .page(404, "Not Found")
    }
    switch path {
    case HostRequest.rolesPath, String(HostRequest.rolesPath.dropLast()): return .text(role.name)
    case HostRequest.rolesPath + role.name:
      var host = metadata.role
      let key = renew(&host, role, FakeMetadata.instance, "metadata", at: awsNow)
      metadata.role = host
      return .json(
        .object(
          [
            .init("Code", "Success"), .init("LastUpdated", .string(awsNow.wholeSeconds.rfc3339)),
            .init("Type", "AWS-HMAC"),
          ] + FakeCloud.members(of: key)))
    default: return .page(404, "Not Found")
    }
  }

  private mutating func container(
    _ name: String, _ request: HTTPRequest, at awsNow: Instant
  ) -> HostAnswer {
    guard request.method == "GET" else { return .page(405, "Method Not Allowed") }
    guard var container = containers[name], let arn = container.role.arn, let role = roles[arn]
    else { return .error(404, "InvalidIdInRequest", "Invalid ID in request") }
    let authorization = FakeRequest.header("authorization", of: request)
    guard container.authorization == nil || container.authorization?.text == authorization else {
      return .error(401, "Unauthorized", "the authorization token is missing or wrong")
    }
    let key = renew(&container.role, role, name, "container " + name, at: awsNow)
    containers[name] = container
    return .json(.object([.init("RoleArn", .string(arn))] + FakeCloud.members(of: key)))
  }

  /// The present keys of the role, or new ones when these are due.
  private mutating func renew(
    _ host: inout HostRole, _ role: FakeRole, _ session: String, _ purpose: String,
    at awsNow: Instant
  ) -> FakeAccessKey {
    if let key = host.accessKeyID.flatMap({ keys[$0] }), let end = key.expiresAt,
      !host.isDue(end, at: awsNow)
    {
      return key
    }
    host.renewals += 1
    let key = openSession(
      of: role, named: session, lifetime: host.lifetime,
      purpose: "\(purpose) \(host.renewals)", at: awsNow)
    host.accessKeyID = key.id
    return key
  }

  private static func members(of key: FakeAccessKey) -> [JSONValue.Member] {
    [
      .init("AccessKeyId", .string(key.id)), .init("SecretAccessKey", .string(key.secret.text)),
      .init("Token", .string(key.sessionToken?.text ?? "")),
      .init("Expiration", JSONValue(key.expiresAt?.rfc3339)),
    ]
  }

  /// Every text that no one but its holder may see: keys and tokens of sessions, tokens of the host's
  /// services, and what a role requires.
  package var secrets: [String] {
    let sessions = keys.values.filter { $0.role != nil }
      .flatMap { [$0.secret.text, $0.sessionToken?.text ?? ""] }
    let required = roles.values.flatMap {
      [$0.externalID?.text, $0.webIdentityToken?.text].compactMap(\.self)
        + $0.expiredTokens.map(\.text)
    }
    let host = containers.values.compactMap { $0.authorization?.text } + metadata.tokens.keys
    return (sessions + required + host).filter { !$0.isEmpty }.sorted()
  }
}

/// The answer of a service of the host.
private struct HostAnswer {
  var status = 200
  var headers: [Header]
  var content: Content

  enum Content {
    case text(String)
    case json(JSONValue)
  }

  static func text(_ text: String) -> HostAnswer {
    HostAnswer(headers: [Header("Content-Type", "text/plain")], content: .text(text))
  }

  static func json(_ value: JSONValue) -> HostAnswer {
    HostAnswer(headers: [Header("Content-Type", "application/json")], content: .json(value))
  }

  static func error(_ status: Int, _ code: String, _ message: String) -> HostAnswer {
    var answer = json(["code": .string(code), "message": .string(message)])
    answer.status = status
    return answer
  }

  static func page(_ status: Int, _ title: String) -> HostAnswer {
    var answer = HostAnswer(
      headers: [Header("Content-Type", "text/html")],
      content: .text(
        """
        <?xml version="1.0" encoding="iso-8859-1"?>
        <html xmlns="http://www.w3.org/1999/xhtml"><head><title>\(status) - \(title)</title></head>
        <body><h1>\(status) - \(title)</h1></body></html>

        """))
    answer.status = status
    return answer
  }

  /// The answer of a fault that prevents the operation; nil for every other fault.
  static func refusal(_ fault: Fault) -> HostAnswer? {
    switch fault {
    case .throttled: page(429, "Too Many Requests")
    case .internalError, .unreachable, .requestLost, .unanswered: page(500, "Internal Server Error")
    case .unavailable: page(503, "Service Unavailable")
    case .proxyUnavailable: proxyPage(503, "503 Service Unavailable")
    case .expiredCredentials, .wrongSignature: page(401, "Unauthorized")
    case .accessDenied, .distributionDenied: page(403, "Forbidden")
    case .concurrentModification, .answerLost, .halfAnswer, .hangs, .internalErrorAfterwards,
      .truncated, .proxyPage, .emptyObject, .missingMembers, .unknownValues, .oversized,
      .endlessPages, .emptyDescription, .staysUpdating, .endsFailed, .staleEdges, .oneStaleEdge:
      nil
    }
  }

  private static func proxyPage(_ status: Int, _ title: String) -> HostAnswer {
    HostAnswer(
      status: status, headers: [Header("Content-Type", "text/html")],
      content: .text(FaultAnswer.proxyPage(title)))
  }

  /// Applies a fault of the answer. The faults of its bytes come later.
  mutating func corrupt(by fault: Fault) {
    if fault == .internalErrorAfterwards {
      self = .page(500, "Internal Server Error")
    } else if fault == .proxyPage {
      self = HostAnswer.proxyPage(200, "Sign in to the network")
    } else if case .json(let value) = content {
      content = .json(FaultAnswer.corrupt(value, by: fault))
    } else if fault == .emptyObject {
      content = .text("")
    }
  }

  func response(at awsNow: Instant) -> HTTPResponse {
    let body: String
    switch content {
    case .text(let text): body = text
    case .json(let value): body = value.encoded
    }
    let bytes = Array(body.utf8)
    let own = [
      Header("Date", HTTPDate.text(awsNow)), Header("Content-Length", String(bytes.count)),
    ]
    return HTTPResponse(status: status, headers: own + headers, body: bytes)
  }
}
