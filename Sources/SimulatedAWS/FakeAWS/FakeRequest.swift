import LosslessJSON
import RolloutCore
import Transport

/// A parsed request: its service, operation and object.
struct FakeRequest {
  let service: Service
  let operation: String
  let body: JSONValue
  /// The form fields of a request in the query protocol.
  let form: [String: String]
  /// The region in the host name; nil for a host without one.
  let hostRegion: String?
  /// The domain, ARN or user pool of the request; empty for a list.
  let object: String

  enum Service: String {
    case acm, tagging, sts, iam
    case cognito = "cognito-idp"

    static func target(_ prefix: String) -> Service? {
      switch prefix {
      case "CertificateManager": .acm
      case "AWSCognitoIdentityProviderService": .cognito
      case "ResourceGroupsTaggingAPI_20170126": .tagging
      default: nil
      }
    }
  }

  /// Whether AWS expects no signature.
  var isUnsigned: Bool { service == .sts && operation == "AssumeRoleWithWebIdentity" }

  /// nil for a request that does not ask for a session of a role.
  var sessionOrder: SessionOrder? {
    guard service == .sts, operation.hasPrefix("AssumeRole") else { return nil }
    return SessionOrder(
      name: form["RoleSessionName"] ?? "", sendsExternalID: form["ExternalId"] != nil,
      seconds: form["DurationSeconds"])
  }

  static let contentType = "application/x-amz-json-1.1"
  static let formType = "application/x-www-form-urlencoded"
  /// In bytes. AWS refuses larger requests with 413; the daemon's are far smaller.
  static let maximumBodySize = 1 << 20
  static let maximumFormFields = 64

  /// Parses a request before its signature is verified. The service refuses unknown operations later.
  static func read(_ request: HTTPRequest) throws(ServiceError) -> FakeRequest {
    guard request.method == "POST" else { throw .unknownPage }
    guard request.body.count <= maximumBodySize else { throw .tooLarge }
    let type = (header("content-type", of: request) ?? "")
      .split(separator: ";").first.map { trimmed($0).lowercased() }
    let location = CanonicalRequest.Location(request)
    if type == formType { return try readForm(request, host: location.host) }
    guard type == contentType else { throw .unknownPage }
    let target = (header("x-amz-target", of: request) ?? "")
      .split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
    guard target.count == 2, let service = Service.target(String(target[0])) else {
      throw .unknownOperation
    }
    let region = try hostRegion(of: location.host, for: service)
    var body = JSONValue.object([])
    if !request.body.isEmpty {
      guard let parsed = try? JSONValue(parsing: request.body), parsed.members != nil else {
        throw .serialization
      }
      body = parsed
    }
    let object =
      body["Domain"]?.string ?? body["CertificateArn"]?.string ?? body["UserPoolId"]?.string ?? ""
    return FakeRequest(
      service: service, operation: String(target[1]), body: body, form: [:],
      hostRegion: region, object: object)
  }

  private static func readForm(
    _ request: HTTPRequest, host: String
  ) throws(ServiceError) -> FakeRequest {
    let pairs = String(decoding: request.body, as: UTF8.self)
      .split(separator: "&", maxSplits: maximumFormFields)
    var form: [String: String] = [:]
    for pair in pairs {
      let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      let value = parts.count > 1 ? parts[1] : ""
      form[PercentText.decode(parts[0], plusIsSpace: true)] =
        PercentText.decode(value, plusIsSpace: true)
    }
    guard let action = form["Action"] else { throw .unknownOperation }
    // The endpoints of a simulator have no names, but each service has another version.
    let service: Service = form["Version"] == IAMInput.version ? .iam : .sts
    return FakeRequest(
      service: service, operation: action, body: .object([]), form: form,
      hostRegion: service == .iam ? nil : try hostRegion(of: host, for: service),
      object: form["RoleArn"] ?? form["PolicySourceArn"] ?? "")
  }

  /// The region in the host name `SERVICE(-fips).REGION.amazonaws.com`. Throws if the host is that of
  /// another service.
  private static func hostRegion(
    of host: String, for service: Service
  ) throws(ServiceError) -> String? {
    let labels = host.lowercased().split(separator: ".").map(String.init)
    guard let suffix = labels.firstIndex(of: "amazonaws"), suffix > 0 else { return nil }
    guard labels[0] == service.rawValue || labels[0] == service.rawValue + "-fips" else {
      throw .unknownOperation
    }
    return suffix > 1 ? labels[1] : nil
  }

  static func header(_ name: String, of request: HTTPRequest) -> String? {
    request.headers.first { $0.name.lowercased() == name }?.value
  }

  static func trimmed(_ text: some StringProtocol) -> String {
    let isSpace: (Character) -> Bool = { $0 == " " || $0 == "\t" }
    guard let start = text.firstIndex(where: { !isSpace($0) }),
      let end = text.lastIndex(where: { !isSpace($0) })
    else { return "" }
    return String(text[start...end])
  }
}
