import COpenSSL
import Transport

/// The canonical form of a request by Signature Version 4. It shares no code with the daemon's signer,
/// so that a mistake in one is found by the other.
struct CanonicalRequest {
  let text: String

  init(_ request: HTTPRequest, signedHeaders: [String]) {
    let location = Location(request)
    var lines = [
      request.method.uppercased(), CanonicalRequest.path(location.path),
      CanonicalRequest.query(location.query),
    ]
    for name in signedHeaders {
      var values = request.headers.filter { $0.name.lowercased() == name }.map(\.value)
      if name == "host", values.isEmpty { values = [location.host] }
      lines.append(name + ":" + values.map(CanonicalRequest.collapsed).joined(separator: ","))
    }
    lines += ["", signedHeaders.joined(separator: ";"), SignatureDigest.sha256(request.body).hex]
    text = lines.joined(separator: "\n")
  }

  /// The host, path and query of a request.
  struct Location {
    let host: String
    let path: String
    let query: String

    init(_ request: HTTPRequest) {
      var location = request.url[...]
      for scheme in ["https://", "http://"] where location.lowercased().hasPrefix(scheme) {
        location = location.dropFirst(scheme.count)
      }
      let end = location.firstIndex { $0 == "/" || $0 == "?" } ?? location.endIndex
      let authority = String(location[..<end])
      host = FakeRequest.header("host", of: request) ?? authority
      let halves = location[end...].split(
        separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
      path = halves.first.map(String.init) ?? ""
      query = halves.count > 1 ? String(halves[1]) : ""
    }
  }

  /// The value without leading and trailing spaces, and with runs of spaces as one.
  private static func collapsed(_ value: String) -> String {
    if !value.utf8.contains(where: { $0 == 0x20 || $0 == 0x09 }) { return value }
    return value.split { $0 == " " || $0 == "\t" }.joined(separator: " ")
  }

  /// The path with each segment encoded again, as for every service except S3.
  private static func path(_ path: String) -> String {
    var segments: [Substring] = []
    for segment in path.split(separator: "/", omittingEmptySubsequences: true) {
      switch segment {
      case ".": continue
      case "..": _ = segments.popLast()
      case let other: segments.append(other)
      }
    }
    let tail = path.hasSuffix("/") && !segments.isEmpty ? "/" : ""
    return "/" + segments.map { PercentText.encode($0) }.joined(separator: "/") + tail
  }

  private static func query(_ query: String) -> String {
    let pairs = query.split(separator: "&").map { pair in
      let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      let value = parts.count > 1 ? parts[1] : ""
      return (
        PercentText.encode(PercentText.decode(parts[0])),
        PercentText.encode(PercentText.decode(value))
      )
    }
    return pairs.sorted { $0 < $1 }.map { $0.0 + "=" + $0.1 }.joined(separator: "&")
  }
}

/// Percent encoding with the unreserved characters of RFC 3986.
enum PercentText {
  static func encode(_ text: some StringProtocol) -> String {
    var encoded = ""
    for byte in text.utf8 {
      switch byte {
      case 0x30...0x39, 0x41...0x5a, 0x61...0x7a, 0x2d, 0x2e, 0x5f, 0x7e:
        encoded.unicodeScalars.append(Unicode.Scalar(byte))
      default:
        let digits = String(byte, radix: 16, uppercase: true)
        encoded += digits.count == 1 ? "%0" + digits : "%" + digits
      }
    }
    return encoded
  }

  /// Decodes a text. An invalid escape is kept.
  static func decode(_ text: some StringProtocol, plusIsSpace: Bool = false) -> String {
    let bytes = Array(text.utf8)
    var decoded: [UInt8] = []
    var index = 0
    while index < bytes.count {
      let byte = bytes[index]
      if byte == UInt8(ascii: "%"), index + 2 < bytes.count,
        let high = Character(Unicode.Scalar(bytes[index + 1])).hexDigitValue,
        let low = Character(Unicode.Scalar(bytes[index + 2])).hexDigitValue
      {
        decoded.append(UInt8(high << 4 | low))
        index += 3
      } else {
        decoded.append(plusIsSpace && byte == UInt8(ascii: "+") ? 0x20 : byte)
        index += 1
      }
    }
    return String(decoding: decoded, as: UTF8.self)
  }
}

/// SHA-256 and HMAC-SHA-256.
struct SignatureDigest {
  let bytes: [UInt8]

  static func sha256(_ message: [UInt8]) -> SignatureDigest {
    var output = [UInt8](repeating: 0, count: Int(SHA256_DIGEST_LENGTH))
    _ = SHA256(message, message.count, &output)
    return SignatureDigest(bytes: output)
  }

  static func keyed(_ key: [UInt8], _ message: some StringProtocol) -> SignatureDigest {
    let text = Array(message.utf8)
    var output = [UInt8](repeating: 0, count: Int(SHA256_DIGEST_LENGTH))
    var length: UInt32 = 0
    _ = HMAC(EVP_sha256(), key, Int32(clamping: key.count), text, text.count, &output, &length)
    return SignatureDigest(bytes: output)
  }

  var hex: String {
    let alphabet = Array("0123456789abcdef".utf8)
    var digits: [UInt8] = []
    digits.reserveCapacity(bytes.count * 2)
    for byte in bytes {
      digits.append(alphabet[Int(byte >> 4)])
      digits.append(alphabet[Int(byte & 15)])
    }
    return String(decoding: digits, as: UTF8.self)
  }
}
