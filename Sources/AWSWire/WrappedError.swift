import RolloutCore

/// The error of another service that a message quotes. Cognito answers an update with CloudFront's:
/// `… (Service: AmazonCloudFront; Status Code: 400; Error Code: X; Request ID: …)`. The fields may be
/// absent or in another order, and `,` may separate them.
struct WrappedError {
  let kind: Kind
  /// Whether it is CloudFront's. An update makes Cognito call no other service that may deny it
  /// something, so an error without the name of a service is CloudFront's, too.
  let isCloudFronts: Bool

  enum Kind: Equatable {
    case known(Failure.Kind)
    /// The code and the status do not tell. The text may.
    case unknown
  }

  /// Returns nil when the message quotes no error.
  init?(in message: String) {
    let service = WrappedError.field("service", of: message)
    let status = WrappedError.field("statuscode", of: message).flatMap { Int($0) }
    let code = WrappedError.field("errorcode", of: message) ?? WrappedError.codeInText(message)
    if status == nil && code == nil { return nil }
    isCloudFronts = service?.lowercased().contains("cloudfront") ?? true
    kind =
      (code.flatMap(WrappedError.kind(ofCode:)) ?? status.flatMap(WrappedError.kind(ofStatus:)))
      .map(Kind.known) ?? .unknown
  }

  private static func kind(ofStatus status: Int) -> Failure.Kind? {
    switch status {
    case 429: .throttled
    case 412: .conflict
    case 408, 500...: .server
    default: nil
    }
  }

  /// SDKs write some codes with `Exception` at the end, and some without.
  private static func kind(ofCode code: String) -> Failure.Kind? {
    let suffix = "Exception"
    let stem = code.hasSuffix(suffix) ? String(code.dropLast(suffix.count)) : code
    let kind = [code, stem, stem + suffix].lazy
      .compactMap { cloudFront[$0] ?? ErrorClassification.kind(ofCode: $0) }.first
    // What the other service does not find is not the object of the request.
    return kind == .notFound || kind == .notReady ? nil : kind
  }

  private static let cloudFront: [String: Failure.Kind] = [
    // Someone changed the distribution after Cognito had read it.
    "PreconditionFailed": .conflict, "InvalidIfMatchVersion": .conflict,
    "InvalidViewerCertificate": .certificateRejected,
  ]

  /// The value of a field. `name` is in lower case and without spaces.
  private static func field(_ name: String, of message: String) -> String? {
    for part in message.split(whereSeparator: { ";,()".contains($0) || $0.isNewline }) {
      let pieces = part.split { $0 == ":" || $0 == "=" }
      for (label, value) in zip(pieces, pieces.dropFirst())
      where label.lowercased().filter(\.isLetter).hasSuffix(name) {
        let word = value.split { $0.isWhitespace || $0 == "\"" || $0 == "'" }.first
        if let word, word != "null" { return String(word) }
      }
    }
    return nil
  }

  /// A code that stands in the text: `AccessDenied: …`, `An error occurred (AccessDenied) …`. Only
  /// a known one with a capital inside, because `Throttling` may be an ordinary word.
  private static func codeInText(_ message: String) -> String? {
    message.split { !$0.isLetter && !$0.isNumber }.lazy.map(String.init).first { word in
      word.dropFirst().contains(where: \.isUppercase) && word.contains(where: \.isLowercase)
        && kind(ofCode: word) != nil
    }
  }
}
