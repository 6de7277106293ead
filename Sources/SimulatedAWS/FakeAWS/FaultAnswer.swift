import LosslessJSON
import Transport

/// The answers of faults.
enum FaultAnswer {
  /// More than any caller of these services accepts.
  static let oversizedBytes = 9 << 20
  static let endlessTokenPrefix = "endless."

  static func internalError(_ service: FakeRequest.Service?) -> ServiceError {
    switch service {
    case .cognito: ServiceError("InternalErrorException", "Internal server error", status: 500)
    case .tagging:
      ServiceError("InternalServiceException", "Internal service error", status: 500)
    case .acm, .sts, .iam, nil:
      ServiceError(
        "InternalFailure",
        "The request processing has failed because of an unknown error, exception or failure.",
        status: 500)
    }
  }

  static func proxyPage(_ title: String) -> String {
    """
    <!DOCTYPE html>
    <html><head><title>\(title)</title></head>
    <body><h1>\(title)</h1><p>proxy.example.net</p></body></html>

    """
  }

  /// The value of an answer after the fault. Most faults do not change it.
  static func corrupt(_ value: JSONValue, by fault: Fault) -> JSONValue {
    switch fault {
    case .emptyObject: return [:]
    case .emptyDescription:
      return value["DomainDescription"] == nil ? value : ["DomainDescription": [:]]
    case .missingMembers: return without(missing, value)
    case .unknownValues: return replacing(value)
    case .endlessPages: return endless(value)
    case .throttled, .internalError, .unavailable, .proxyUnavailable, .expiredCredentials,
      .wrongSignature, .accessDenied, .distributionDenied, .concurrentModification,
      .unreachable, .requestLost, .unanswered, .answerLost, .halfAnswer, .hangs,
      .internalErrorAfterwards,
      .truncated, .proxyPage, .oversized, .staysUpdating, .endsFailed, .staleEdges,
      .oneStaleEdge:
      return value
    }
  }

  /// An XML answer after the fault. Each element is on a line of its own.
  static func corrupt(_ xml: String, by fault: Fault) -> String {
    let lines = xml.split(separator: "\n", omittingEmptySubsequences: false)
    if fault == .missingMembers {
      return lines.filter { line in
        !["<Account>", "<SecretAccessKey>", "<SessionToken>"].contains { line.contains($0) }
      }.joined(separator: "\n")
    }
    guard fault == .emptyObject,
      let start = lines.firstIndex(where: { $0.hasPrefix("  <") && $0.hasSuffix("Result>") }),
      let end = lines.firstIndex(where: { $0.hasPrefix("  </") && $0.hasSuffix("Result>") }),
      start < end
    else { return xml }
    return (lines[...start] + lines[end...]).joined(separator: "\n")
  }

  /// The bytes of an answer after the fault. Most faults do not change them.
  static func corrupt(_ response: HTTPResponse, by fault: Fault) -> HTTPResponse {
    var response = response
    if fault == .truncated {
      response.body = Array(response.body.prefix(response.body.count / 2))
    } else if fault == .oversized {
      let padding = max(0, oversizedBytes - response.body.count)
      response.body += [UInt8](repeating: 0x20, count: padding)
    } else {
      return response
    }
    response.headers.removeAll { $0.name == "Content-Length" }
    response.headers.append(Header("Content-Length", String(response.body.count)))
    return response
  }

  /// The members that `missingMembers` removes.
  private static let missing: Set<String> = [
    "Status", "Type", "KeyAlgorithm", "NotBefore", "NotAfter", "CreatedAt",
    "SubjectAlternativeNameSummaries", "HasAdditionalSubjectAlternativeNames",
    "CustomDomainConfig", "CertificateChain", "CloudFrontDomain", "Tags", "Serial",
    "SecretAccessKey", "Token", "Id",
  ]

  private static func without(_ names: Set<String>, _ value: JSONValue) -> JSONValue {
    switch value {
    case .object(let members):
      .object(
        members.filter { !names.contains($0.name) }
          .map { .init($0.name, without(names, $0.value)) })
    case .array(let elements): .array(elements.map { without(names, $0) })
    case .null, .bool, .number, .string: value
    }
  }

  /// The value with unknown words in place of the values of enumerations.
  private static func replacing(_ value: JSONValue) -> JSONValue {
    switch value {
    case .object(let members):
      .object(
        members.map { member in
          switch member.name {
          case "Status": .init(member.name, "REBALANCING")
          case "Type": .init(member.name, "QUANTUM")
          case "KeyAlgorithm": .init(member.name, "ML_DSA_65")
          default: .init(member.name, replacing(member.value))
          }
        })
    case .array(let elements): .array(elements.map(replacing))
    case .null, .bool, .number, .string: value
    }
  }

  /// Adds a token that leads to the same page. The list derives the next token from it.
  private static func endless(_ value: JSONValue) -> JSONValue {
    guard case .object(var members) = value else { return value }
    let name: String
    if value["CertificateSummaryList"] != nil || value["UserPools"] != nil {
      name = "NextToken"
    } else if value["ResourceTagMappingList"] != nil {
      name = "PaginationToken"
    } else {
      return value
    }
    // A page that was requested with such a token has the next one already.
    if value[name]?.string?.hasPrefix(endlessTokenPrefix) ?? false { return value }
    members.removeAll { $0.name == name }
    members.append(.init(name, .string(endlessTokenPrefix + "1")))
    return .object(members)
  }

  /// The token that follows an endless one; nil for another token.
  static func endlessToken(after token: String) -> String? {
    guard token.hasPrefix(endlessTokenPrefix) else { return nil }
    let count = UInt64(token.dropFirst(endlessTokenPrefix.count)) ?? 0
    return endlessTokenPrefix + String(count &+ 1)
  }
}
