import RolloutCore
import Transport

/// Verifies, as AWS does, that a request is signed with a known key.
struct SignatureCheck {
  let service: FakeRequest.Service
  /// nil: any region is accepted.
  let hostRegion: String?
  let now: Instant
  /// AWS accepts a signature for five minutes before and after its time.
  var tolerance: Duration = .minutes(5)

  struct Caller {
    let key: FakeAccessKey
    let region: String
  }

  /// The parts of an `Authorization` header.
  struct Claim {
    let accessKeyID: String
    let date: String
    let region: String
    let service: String
    let signedHeaders: [String]
    let signature: String

    var scope: String { "\(date)/\(region)/\(service)/aws4_request" }
  }

  static let algorithm = "AWS4-HMAC-SHA256"
  static let maximumSignedHeaders = 64

  func verify(
    _ request: HTTPRequest, key: FakeAccessKey?
  ) throws(ServiceError) -> Caller {
    let claim = try SignatureCheck.claim(of: request)
    guard let stamp = FakeRequest.header("x-amz-date", of: request) else {
      throw .incompleteSignature(
        "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header.")
    }
    guard let time = SignatureCheck.instant(stamp) else {
      throw .incompleteSignature(
        "Date must be in ISO-8601 'basic format'. Got '\(stamp)'. See "
          + "http://en.wikipedia.org/wiki/ISO_8601")
    }
    guard let key else { throw .unknownKey }
    let token = FakeRequest.header("x-amz-security-token", of: request)
    guard token == key.sessionToken?.text else { throw .unknownKey }
    try checkScope(claim, stamp: stamp)
    try checkHeaders(claim, request)
    try checkTime(time, stamp: stamp)
    let expected = SignatureCheck.signature(request, claim, stamp: stamp, key: key)
    guard expected == claim.signature else { throw .wrongSignature }
    if let expiresAt = key.expiresAt, expiresAt <= now { throw .expiredToken }
    return Caller(key: key, region: claim.region)
  }

  /// Parses the header. It is also read before the verification, to find the account.
  static func claim(of request: HTTPRequest) throws(ServiceError) -> Claim {
    guard let header = FakeRequest.header("authorization", of: request) else {
      throw .missingToken
    }
    let halves = header.split(separator: " ", maxSplits: 1)
    guard halves.count == 2, halves[0] == algorithm else {
      throw .incompleteSignature("Unsupported AWS 'algorithm': '\(halves.first ?? "")'.")
    }
    var fields: [String: String] = [:]
    for part in halves[1].split(separator: ",", maxSplits: 8) {
      let pair = part.split(separator: "=", maxSplits: 1)
      if pair.count == 2 {
        fields[FakeRequest.trimmed(pair[0])] = FakeRequest.trimmed(pair[1])
      }
    }
    for name in ["Credential", "SignedHeaders", "Signature"] where fields[name] == nil {
      throw .incompleteSignature("Authorization header requires '\(name)' parameter.")
    }
    let credential = (fields["Credential"] ?? "")
      .split(separator: "/", omittingEmptySubsequences: false).map(String.init)
    guard credential.count == 5, credential[4] == "aws4_request" else {
      throw .incompleteSignature(
        "Credential must have exactly 5 slash-delimited elements, e.g. "
          + "keyid/date/region/service/term.")
    }
    let names = (fields["SignedHeaders"] ?? "")
      .split(separator: ";", maxSplits: maximumSignedHeaders).map(String.init)
    return Claim(
      accessKeyID: credential[0], date: credential[1], region: credential[2],
      service: credential[3], signedHeaders: names, signature: fields["Signature"] ?? "")
  }

  private func checkScope(_ claim: Claim, stamp: String) throws(ServiceError) {
    guard claim.service == service.rawValue else {
      throw .invalidSignature(
        "Credential should be scoped to correct service: '\(service.rawValue)'. ")
    }
    let isRegion = (try? Region(parsing: claim.region)) != nil
    guard isRegion, claim.region == hostRegion ?? claim.region else {
      throw .invalidSignature("Credential should be scoped to a valid region. ")
    }
    guard stamp.hasPrefix(claim.date), claim.date.utf8.count == 8 else {
      throw .invalidSignature(
        "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from "
          + "HTTP: '\(claim.date)' != '\(stamp.prefix(8))', from '\(stamp)'.")
    }
  }

  /// The host and every `x-amz-` header must be signed, and every signed header must be present. Names
  /// must be in lower case and sorted.
  private func checkHeaders(_ claim: Claim, _ request: HTTPRequest) throws(ServiceError) {
    let present = Set(request.headers.map { $0.name.lowercased() })
    let required = ["host"] + present.filter { $0.hasPrefix("x-amz-") }.sorted()
    for name in required where !claim.signedHeaders.contains(name) {
      throw .invalidSignature(
        "'\(name)' must be a 'SignedHeader' in the AWS Authorization.")
    }
    let isOrdered = claim.signedHeaders == claim.signedHeaders.map { $0.lowercased() }.sorted()
    let isThere = claim.signedHeaders.allSatisfy { $0 == "host" || present.contains($0) }
    guard isOrdered, isThere else { throw .wrongSignature }
  }

  private func checkTime(_ time: Instant, stamp: String) throws(ServiceError) {
    var here: String { SignatureCheck.stamp(now) }
    let minutes = tolerance.inMilliseconds / 60_000
    if time < now - tolerance {
      throw .invalidSignature(
        "Signature expired: \(stamp) is now earlier than "
          + "\(SignatureCheck.stamp(now - tolerance)) (\(here) - \(minutes) min.)")
    }
    if time > now + tolerance {
      throw .invalidSignature(
        "Signature not yet current: \(stamp) is still later than "
          + "\(SignatureCheck.stamp(now + tolerance)) (\(here) + \(minutes) min.)")
    }
  }

  private static func signature(
    _ request: HTTPRequest, _ claim: Claim, stamp: String, key: FakeAccessKey
  ) -> String {
    let canonical = CanonicalRequest(request, signedHeaders: claim.signedHeaders).text
    let text = [
      algorithm, stamp, claim.scope, SignatureDigest.sha256(Array(canonical.utf8)).hex,
    ].joined(separator: "\n")
    var secret = Array("AWS4".utf8) + Array(key.secret.text.utf8)
    for part in [claim.date, claim.region, claim.service, "aws4_request"] {
      secret = SignatureDigest.keyed(secret, part).bytes
    }
    return SignatureDigest.keyed(secret, text).hex
  }

  /// `20261123T213651Z`.
  static func instant(_ stamp: String) -> Instant? {
    let bytes = Array(stamp.utf8)
    guard bytes.count == 16, bytes[8] == UInt8(ascii: "T"), bytes[15] == UInt8(ascii: "Z") else {
      return nil
    }
    func number(_ range: Range<Int>) -> Int64? {
      let digits = bytes[range]
      guard digits.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
      return Int64(String(decoding: digits, as: UTF8.self))
    }
    guard let year = number(0..<4), let month = number(4..<6), let day = number(6..<8),
      let hour = number(9..<11), let minute = number(11..<13), let second = number(13..<15),
      (1...12).contains(month), (1...31).contains(day), hour < 24, minute < 60, second < 61
    else { return nil }
    return Instant(
      year: year, month: month, day: day, hour: hour, minute: minute, second: second)
  }

  static func stamp(_ instant: Instant) -> String {
    instant.wholeSeconds.rfc3339.filter { $0 != "-" && $0 != ":" }
  }
}
