/// A secret in every form in which a text may quote it.
struct SecretForms: Equatable {
  /// Long enough to be removed anywhere.
  private(set) var long: Set<[UInt8]> = []
  /// Short ones, and user names: removed only where they are whole words.
  private(set) var words: Set<[UInt8]> = []

  /// In bytes. A shorter secret might match a part of an ordinary word.
  static let minimumLength = 8
  /// In bytes. A shorter part of a password would match too many words.
  private static let minimumPart = 2

  init(secret: String) {
    // A key of AWS has 16 characters at least.
    guard secret.utf8.count >= SecretForms.minimumLength else { return }
    add(secret)
  }

  /// What is secret in the URL of a proxy or an endpoint, well-formed or not; nil when nothing is. Before
  /// the last @ everything may be a part of the password.
  init?(url: String) {
    let bytes = Array(url.utf8)
    let start = bytes.firstRange(of: "://".utf8)?.upperBound ?? 0
    let at = bytes.lastIndex(of: UInt8(ascii: "@"))
    if let at, at >= start {
      let userInfo = text(bytes[start..<at])
      let parts = userInfo.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
      let user = String(parts.first ?? "")
      let password = parts.count > 1 ? String(parts[1]) : ""
      add(userInfo)
      add(password)
      for form in SecretForms.spellings(of: user) { words.insert(Array(form.utf8)) }
      for form in SecretForms.spellings(of: userInfo) {
        add(SecretForms.base64(form))
      }
      // A parser that meets an unescaped character in the password takes parts of it for a host, a port
      // or a path, and quotes these.
      for part in userInfo.split(whereSeparator: { "/?#@: \\".contains($0) })
      where part.utf8.count >= SecretForms.minimumPart {
        words.insert(Array(part.utf8))
      }
    }
    let host = (at ?? start - 1) + 1
    if let query = bytes[host...].firstIndex(of: UInt8(ascii: "?")) {
      for part in text(bytes[(query + 1)...]).split(whereSeparator: { "&=#".contains($0) }) {
        add(String(part))
      }
    }
    words.remove([])
    if long.isEmpty && words.isEmpty { return nil }
  }

  private mutating func add(_ secret: String) {
    for spelling in SecretForms.spellings(of: secret) where !spelling.isEmpty {
      let bytes = Array(spelling.utf8)
      if bytes.count >= SecretForms.minimumLength {
        long.insert(bytes)
      } else {
        words.insert(bytes)
      }
    }
  }

  /// The text itself, percent-decoded, percent-encoded with digits of both cases, and with the slashes
  /// as JSON may write them.
  private static func spellings(of text: String) -> Set<String> {
    let decoded = percentDecoded(text)
    return [
      text, decoded, percentEncoded(decoded, digits: "0123456789ABCDEF"),
      percentEncoded(decoded, digits: "0123456789abcdef"),
      text.split(separator: "/", omittingEmptySubsequences: false).joined(separator: "\\/"),
    ]
  }

  private static func percentDecoded(_ text: String) -> String {
    var decoded: [UInt8] = []
    var rest = Array(text.utf8)[...]
    while let byte = rest.popFirst() {
      if byte == UInt8(ascii: "%"), rest.count >= 2,
        let value = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16)
      {
        decoded.append(value)
        rest = rest.dropFirst(2)
      } else {
        decoded.append(byte)
      }
    }
    return String(decoding: decoded, as: UTF8.self)
  }

  private static func percentEncoded(_ text: String, digits: String) -> String {
    let digits = Array(digits.utf8)
    var encoded: [UInt8] = []
    for byte in text.utf8 {
      switch byte {
      case 0x30...0x39, 0x41...0x5a, 0x61...0x7a, UInt8(ascii: "-"), UInt8(ascii: "."),
        UInt8(ascii: "_"), UInt8(ascii: "~"):
        encoded.append(byte)
      default: encoded += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
      }
    }
    return String(decoding: encoded, as: UTF8.self)
  }

  /// As in the header Proxy-Authorization. Without padding, which some servers remove.
  private static func base64(_ text: String) -> String {
    let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
    var encoded: [UInt8] = []
    var rest = Array(text.utf8)[...]
    while !rest.isEmpty {
      let chunk = rest.prefix(3)
      rest = rest.dropFirst(3)
      let bits = chunk.reduce(UInt32(0)) { $0 << 8 | UInt32($1) } << UInt32(8 * (3 - chunk.count))
      for index in 0...chunk.count {
        encoded.append(alphabet[Int(bits >> UInt32(18 - 6 * index) & 63)])
      }
    }
    return String(decoding: encoded, as: UTF8.self)
  }
}

private func text(_ bytes: ArraySlice<UInt8>) -> String { String(decoding: bytes, as: UTF8.self) }
