import LosslessJSON
import RolloutCore
import Transport

/// One AWS operation on one object, as it will be sent.
struct WireCall: Sendable {
  let service: AWSService
  let region: Region
  let identity: Identity
  let operation: String
  /// The object of the operation, for errors: a domain, an ARN, an identity.
  let object: String
  let payload: Payload
  let effect: Effect
  let maximumBodySize: Int
  /// A shorter limit than that of other reads.
  var timeout: Duration?
  var signer = Signer.identity
  /// Values in the payload that must not appear in a text, besides the signer's keys.
  var secrets: [Secret] = []

  enum Signer: Sendable {
    /// The keys of `identity`, which are found first.
    case identity
    case keys(Credentials)
    /// The request has no signature.
    case nobody
  }

  enum Payload: Sendable {
    /// JSON 1.1.
    case json(JSONValue)
    /// The query protocol: a form with the operation and its version.
    case form(String)

    static func form(_ pairs: [(name: String, value: String)]) -> Payload {
      .form(pairs.map { "\($0.name)=\(percentEncoded($0.value))" }.joined(separator: "&"))
    }

    private static func percentEncoded(_ text: String) -> String {
      var encoded: [UInt8] = []
      for byte in text.utf8 {
        switch byte {
        case 0x30...0x39, 0x41...0x5a, 0x61...0x7a, UInt8(ascii: "-"), UInt8(ascii: "."),
          UInt8(ascii: "_"), UInt8(ascii: "~"):
          encoded.append(byte)
        default: encoded += Array("%\(Digest.hex([byte]).uppercased())".utf8)
        }
      }
      return String(decoding: encoded, as: UTF8.self)
    }
  }

  enum Effect: Sendable {
    /// It may be sent again.
    case read
    /// It is sent once, on a new connection, so that libcurl does not send it again.
    case change
  }

  /// In bytes. A page of ListCertificates has up to 1,000 summaries of up to 100 names.
  static let maximumPage = 8 << 20
  static let maximumSingle = 1 << 20

  /// Cognito calls CloudFront before it answers an update. Both include the time to connect.
  private static let timeoutOfChange = Duration.seconds(90)
  private static let timeoutOfRead = Duration.seconds(30)

  var quotaScope: RetryQuota.Scope {
    RetryQuota.Scope(service: service, region: region, identity: identity)
  }

  func failure(
    _ kind: Failure.Kind, _ message: String, code: String? = nil, requestID: String? = nil,
    retryAfter: Duration? = nil
  ) -> Failure {
    Failure(
      kind, operation: operation, object: object, code: code,
      message: advising(message, kind, code),
      requestID: requestID, retryAfter: retryAfter)
  }

  /// AWS's text, with what to do where the text does not say it.
  private func advising(_ message: String, _ kind: Failure.Kind, _ code: String?) -> String {
    switch kind {
    case .accessDenied: namingAction(message, of: code)
    case .refused(.cnameInUse), .refused(.dnsPointsElsewhere):
      "\(message) (\(kind.reason.sentence))"
    case .unreachable, .answerLost, .server, .malformedAnswer, .throttled, .conflict,
      .certificateRejected, .credentials, .notFound, .quotaExceeded, .notReady, .refused:
      message
    }
  }

  /// The message with the IAM action that is missing, unless AWS's text names it.
  private func namingAction(_ message: String, of code: String?) -> String {
    // Cognito's own refusal has a code for that. With another one it quotes CloudFront's.
    let isOwnRefusal = code.flatMap(ErrorClassification.kind(ofCode:)) == .accessDenied
    if !isOwnRefusal, WrappedError(in: message)?.isCloudFronts == false { return message }
    let isCloudFronts = !isOwnRefusal || message.lowercased().contains("cloudfront")
    let action =
      effect == .change && isCloudFronts
      ? "cloudfront:updateDistribution" : "\(service.actionPrefix):\(operation)"
    if message.contains(action) { return message }
    let named = message.split(separator: "to perform:").dropFirst().first?
      .split { $0.isWhitespace || "\"',;".contains($0) }.first
    if let named, named.lowercased() != action.lowercased() { return message }
    return "\(message) (the missing IAM action is \(action))"
  }

  /// The request without its signature.
  func request(to url: String, userAgent: String, caBundle: String?) -> HTTPRequest {
    let isChange = effect == .change
    return HTTPRequest(
      url: url, headers: headers + [Header("User-Agent", userAgent)], body: body,
      timeout: timeout ?? (isChange ? WireCall.timeoutOfChange : WireCall.timeoutOfRead),
      maximumBodySize: maximumBodySize, usesFreshConnection: isChange, caBundle: caBundle)
  }

  private var headers: [Header] {
    switch payload {
    case .json:
      [
        Header("Content-Type", "application/x-amz-json-1.1"),
        Header("X-Amz-Target", "\(service.targetPrefix).\(operation)"),
      ]
    case .form:
      [Header("Content-Type", "application/x-www-form-urlencoded; charset=utf-8")]
    }
  }

  private var body: [UInt8] {
    switch payload {
    case .json(let value): Array(value.encoded.utf8)
    case .form(let text): Array(text.utf8)
    }
  }
}
