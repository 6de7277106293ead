import LosslessJSON
import RolloutCore
import Transport

@testable import SimulatedAWS

/// Sends requests to a simulated AWS as an SDK does, with its own signer.
struct FakeAWSCaller {
  let aws: FakeAWS
  var keyID = "AKIDEXAMPLE"
  var secret = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
  var token: String?
  var account = "123456789012"

  static let start = Instant(year: 2026, month: 11, day: 23, hour: 21, minute: 36, second: 51)
  static let pool = "eu-west-1_Ab12Cd34E"

  init(_ aws: FakeAWS = FakeAWS(seed: 7)) {
    self.aws = aws
    let key = FakeAccessKey(id: keyID, secret: secret, account: account)
    aws.withCloud { $0.add(key) }
  }

  struct Answer {
    var status: Int
    var json: JSONValue
    var response: HTTPResponse
    /// Without the framework's namespace.
    var code: String {
      (json["__type"]?.string ?? "").split(separator: "#").last.map(String.init) ?? ""
    }
    var message: String { json["message"]?.string ?? json["Message"]?.string ?? "" }
  }

  func acm(_ operation: String, _ body: JSONValue = [:], at now: Instant = start) -> Answer {
    call("CertificateManager." + operation, "acm", "us-east-1", body, at: now)
  }

  func cognito(
    _ operation: String, _ body: JSONValue, region: String = "eu-west-1", at now: Instant = start
  ) -> Answer {
    call("AWSCognitoIdentityProviderService." + operation, "cognito-idp", region, body, at: now)
  }

  func resources(_ body: JSONValue = [:], at now: Instant = start) -> Answer {
    call("ResourceGroupsTaggingAPI_20170126.GetResources", "tagging", "us-east-1", body, at: now)
  }

  func describe(_ domain: String, at now: Instant) -> JSONValue? {
    cognito("DescribeUserPoolDomain", ["Domain": .string(domain)], at: now)
      .json["DomainDescription"]
  }

  func update(
    _ domain: String, to arn: String, config: [JSONValue.Member] = [],
    beside: [JSONValue.Member] = [], pool: String = pool, at now: Instant = start
  ) -> Answer {
    cognito(
      "UpdateUserPoolDomain",
      .object(
        [
          .init("Domain", .string(domain)), .init("UserPoolId", .string(pool)),
          .init(
            "CustomDomainConfig", .object([.init("CertificateArn", .string(arn))] + config)),
        ] + beside), at: now)
  }

  func call(
    _ target: String, _ service: String, _ region: String, _ body: JSONValue, at now: Instant
  ) -> Answer {
    let request = signed(
      url: "https://\(service).\(region).amazonaws.com/", service: service, region: region,
      headers: [
        Header("Content-Type", "application/x-amz-json-1.1"), Header("X-Amz-Target", target),
      ], body: Array(body.encoded.utf8), at: now)
    return answer(aws.handle(request, at: now))
  }

  func answer(_ response: HTTPResponse) -> Answer {
    let json = (try? JSONValue(parsing: response.body)) ?? .null
    return Answer(status: response.status, json: json, response: response)
  }

  func signed(
    url: String, service: String, region: String, headers: [Header], body: [UInt8],
    at now: Instant
  ) -> HTTPRequest {
    let host = url.split(separator: "/")[1]
    let stamp = now.rfc3339.split(separator: ".")[0].filter { $0.isNumber || $0 == "T" }
    let time = stamp.hasSuffix("Z") ? stamp : stamp + "Z"
    var headers = headers + [Header("X-Amz-Date", time)]
    if let token { headers.append(Header("X-Amz-Security-Token", token)) }
    let lines = (headers.map { ($0.name.lowercased(), $0.value) } + [("host", String(host))])
      .sorted { $0.0 < $1.0 }
    let names = lines.map(\.0).joined(separator: ";")
    let canonical =
      "POST\n/\n\n" + lines.map { "\($0.0):\($0.1)\n" }.joined() + "\n\(names)\n"
      + SignatureDigest.sha256(body).hex
    let scope = "\(time.prefix(8))/\(region)/\(service)/aws4_request"
    let text =
      "AWS4-HMAC-SHA256\n\(time)\n\(scope)\n" + SignatureDigest.sha256(Array(canonical.utf8)).hex
    let key = scope.split(separator: "/").reduce(Array(("AWS4" + secret).utf8)) {
      SignatureDigest.keyed($0, $1).bytes
    }
    headers.append(
      Header(
        "Authorization",
        "AWS4-HMAC-SHA256 Credential=\(keyID)/\(scope), SignedHeaders=\(names), "
          + "Signature=\(SignatureDigest.keyed(key, text).hex)"))
    return HTTPRequest(url: url, headers: headers, body: body)
  }
}

extension CertificateMaterial {
  /// Material without real keys, distinguished by a number.
  static func numbered(
    _ number: Int, from notBefore: Instant = FakeAWSCaller.start - .days(10),
    to notAfter: Instant = FakeAWSCaller.start + .days(80), isSelfSigned: Bool = false
  ) -> CertificateMaterial {
    let digits = String(number, radix: 16)
    return CertificateMaterial(
      certificatePEM: "leaf \(number)", chainPEM: isSelfSigned ? "" : "chain \(number)",
      sha256: String(repeating: "0", count: 64 - digits.count) + digits,
      serial: digits.uppercased(), notBefore: notBefore, notAfter: notAfter,
      isSelfSigned: isSelfSigned)
  }
}
