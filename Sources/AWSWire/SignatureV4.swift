package import RolloutCore
package import Transport

/// Signs requests with AWS's Signature Version 4.
///
/// The time is a parameter, so that the error of a clock can be corrected and signatures can be
/// compared with those of botocore.
package struct SignatureV4: Sendable {
  private let credentials: Credentials
  private let region: String
  private let service: String

  package init(credentials: Credentials, region: String, service: String) {
    self.credentials = credentials
    self.region = region
    self.service = service
  }

  private static let algorithm = "AWS4-HMAC-SHA256"

  /// Headers that a proxy may change, or that describe only the connection.
  private static let unsigned: Set<String> = [
    "authorization", "connection", "expect", "keep-alive", "proxy-authenticate",
    "proxy-authorization", "te", "trailer", "transfer-encoding", "upgrade", "user-agent",
    "x-amzn-trace-id",
  ]

  /// The headers to add to the request: `X-Amz-Date`, `Authorization` and, for temporary keys,
  /// `X-Amz-Security-Token`.
  package func headers(signing request: HTTPRequest, at date: Instant) -> [Header] {
    let time = SignatureV4.timestamp(date)
    var added = [Header("X-Amz-Date", time)]
    if let token = credentials.sessionToken {
      added.append(Header("X-Amz-Security-Token", token.revealed))
    }
    let signed = signedHeaders(of: request, adding: added)
    let names = signed.map(\.name).joined(separator: ";")
    let url = URLParts(request.url)
    let canonicalRequest = [
      request.method.uppercased(), SignatureV4.canonicalPath(url.path),
      SignatureV4.canonicalQuery(url.query),
      signed.map { "\($0.name):\($0.value)\n" }.joined(), names,
      Digest.hex(Digest.sha256(request.body)),
    ].joined(separator: "\n")
    let day = String(time.prefix(8))
    let scope = "\(day)/\(region)/\(service)/aws4_request"
    let toSign = [
      SignatureV4.algorithm, time, scope, Digest.hex(Digest.sha256(canonicalRequest.utf8)),
    ].joined(separator: "\n")
    let signature = Digest.hex(Digest.hmacSHA256(key: signingKey(day), toSign.utf8))
    added.append(
      Header(
        "Authorization",
        "\(SignatureV4.algorithm) Credential=\(credentials.accessKeyID.revealed)/\(scope), "
          + "SignedHeaders=\(names), Signature=\(signature)"))
    return added
  }

  private func signingKey(_ day: String) -> [UInt8] {
    let secret = Array("AWS4".utf8) + Array(credentials.secretAccessKey.revealed.utf8)
    return [day, region, service, "aws4_request"].reduce(secret) { key, part in
      Digest.hmacSHA256(key: key, part.utf8)
    }
  }

  /// The headers with lower-case names, sorted, and the values of equal names joined by commas.
  private func signedHeaders(of request: HTTPRequest, adding added: [Header]) -> [Header] {
    var values: [String: [String]] = [:]
    for header in request.headers + added {
      let name = header.name.lowercased()
      if SignatureV4.unsigned.contains(name) { continue }
      values[name, default: []].append(SignatureV4.singleSpaced(header.value))
    }
    if values["host"] == nil { values["host"] = [URLParts(request.url).hostHeader] }
    return values.map { Header($0.key, $0.value.joined(separator: ",")) }
      .sorted { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
  }

  private static func singleSpaced(_ value: String) -> String {
    if value.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x80 }) { return value }
    return value.split { $0.isWhitespace }.joined(separator: " ")
  }

  // MARK: Canonical forms

  /// `20261123T213651Z`.
  private static func timestamp(_ date: Instant) -> String {
    let (year, month, day) = date.civilDate
    let second = date.millisecondOfDay / 1000
    let time = padded(second / 3600) + padded(second / 60 % 60) + padded(second % 60)
    return "\(padded(year, 4))\(padded(month))\(padded(day))T\(time)Z"
  }

  private static func padded(_ number: Int64, _ width: Int = 2) -> String {
    let digits = String(number)
    return String(repeating: "0", count: max(0, width - digits.count)) + digits
  }

  /// The path without dot segments and repeated slashes, percent-encoded again.
  private static func canonicalPath(_ path: Substring) -> String {
    var segments: [Substring] = []
    for segment in path.split(separator: "/") where segment != "." {
      if segment == ".." { _ = segments.popLast() } else { segments.append(segment) }
    }
    let end = path.hasSuffix("/") && !segments.isEmpty ? "/" : ""
    let plain = "/" + segments.joined(separator: "/") + end
    var encoded: [UInt8] = []
    for byte in plain.utf8 {
      if isUnreserved(byte) || byte == UInt8(ascii: "/") {
        encoded.append(byte)
      } else {
        encoded += Array("%\(Digest.hex([byte]).uppercased())".utf8)
      }
    }
    return String(decoding: encoded, as: UTF8.self)
  }

  private static func isUnreserved(_ byte: UInt8) -> Bool {
    switch byte {
    case 0x30...0x39, 0x41...0x5a, 0x61...0x7a: true
    case UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."), UInt8(ascii: "~"): true
    default: false
    }
  }

  /// The pairs of an encoded query, sorted by name, then value.
  private static func canonicalQuery(_ query: Substring) -> String {
    let pairs = query.split(separator: "&", omittingEmptySubsequences: false).map { pair in
      let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      return (name: parts[0], value: parts.count > 1 ? parts[1] : "")
    }
    if query.isEmpty { return "" }
    return pairs.sorted { left, right in
      left.name == right.name
        ? left.value.utf8.lexicographicallyPrecedes(right.value.utf8)
        : left.name.utf8.lexicographicallyPrecedes(right.name.utf8)
    }.map { "\($0.name)=\($0.value)" }.joined(separator: "&")
  }
}

/// The parts of a URL that a signature needs.
struct URLParts {
  /// Host and port as in the `Host` header: in lower case, without the default port of the scheme.
  let hostHeader: String
  let path: Substring
  let query: Substring

  init(_ url: String) {
    let scheme = url.hasPrefix("http://") ? "http://" : "https://"
    let location = url.hasPrefix(scheme) ? url.dropFirst(scheme.count) : url[...]
    let authority = location.prefix { $0 != "/" && $0 != "?" && $0 != "#" }
    let target = location.dropFirst(authority.count).prefix { $0 != "#" }
    path = target.prefix { $0 != "?" }
    query = target.dropFirst(path.count).dropFirst()
    let implied = scheme == "https://" ? ":443" : ":80"
    let host = authority.hasSuffix(implied) ? authority.dropLast(implied.count) : authority
    hostHeader = host.lowercased()
  }
}
