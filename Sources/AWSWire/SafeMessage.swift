import Redaction

/// Makes a text from outside safe to log, to store and to compare. The result has no credentials,
/// signatures or control characters, and a limited length. It has no request ids either, so that equal
/// errors have equal texts.
enum SafeMessage {
  /// The characters of a result.
  static let maximumLength = 2000
  private static let maximumTokenLength = 128
  /// The characters of the input that are processed.
  private static let maximumInput = 4096
  /// Shorter secrets are not replaced, because they would match ordinary words.
  private static let minimumSecretLength = 8

  /// A message of AWS. `secrets` are those that signed the request; they are replaced wherever the
  /// message quotes them.
  static func text(_ raw: String, hiding secrets: [Secret]) -> String {
    var text = hide(secrets, in: raw)
    text = withoutSignatureDump(text)
    text = withoutRequestIDs(text)
    text = withoutCredentials(withoutAuthorization(text))
    return finished(text)
  }

  /// A message of a local library. It may contain long paths, and nothing that AWS wrote.
  static func local(_ raw: String, hiding secrets: [Secret]) -> String {
    finished(hide(secrets, in: raw))
  }

  /// A short token such as an error code or a request id; nil when the text is anything else.
  static func token(_ raw: String, hiding secrets: [Secret] = []) -> String? {
    if hide(secrets, in: raw) != raw { return nil }
    let isPlain = raw.utf8.allSatisfy { byte in
      switch byte {
      case 0x30...0x39, 0x41...0x5a, 0x61...0x7a: true
      case UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."), UInt8(ascii: "="): true
      default: false
      }
    }
    return isPlain && !raw.isEmpty && raw.utf8.count <= maximumTokenLength ? raw : nil
  }

  /// Hides the given secrets and every one that the process holds.
  private static func hide(_ secrets: [Secret], in raw: String) -> String {
    var text = raw
    for secret in secrets where secret.revealed.utf8.count >= minimumSecretLength {
      text = text.replacing(secret.revealed, with: Secret.placeholder)
    }
    return String(Redaction.foreignText(text).prefix(maximumInput))
  }

  /// The text of SignatureDoesNotMatch quotes the canonical request, which has the session token.
  private static func withoutSignatureDump(_ text: String) -> String {
    let lowered = text.lowercased()
    let marks = [
      "the canonical string", "canonical request", "the string-to-sign", "string to sign",
    ]
    let cut = marks.compactMap { lowered.firstRange(of: $0)?.lowerBound }.min()
    guard let cut else { return text }
    return String(text.prefix(lowered.distance(from: lowered.startIndex, to: cut)))
  }

  /// Removes `; Request ID: 1-2-3` from an error that wraps the error of another service.
  private static func withoutRequestIDs(_ text: String) -> String {
    var remaining = Substring(text)
    var kept = ""
    let isEnd: (Character) -> Bool = { ";,)]".contains($0) || $0.isNewline }
    while let mark = nextRequestID(in: remaining) {
      var before = remaining[..<mark.lowerBound]
      while let last = before.last, last.isWhitespace || last == ";" || last == "," {
        before = before.dropLast()
      }
      kept += before
      remaining = remaining[mark.upperBound...].drop { $0.isWhitespace }
      remaining = remaining.drop { !isEnd($0) && !$0.isWhitespace }
    }
    return kept + remaining
  }

  private static func nextRequestID(in text: Substring) -> Range<Substring.Index>? {
    ["Extended Request ID:", "Request ID:", "Request Id:", "RequestId:", "RequestID:"]
      .compactMap { text.firstRange(of: $0) }
      .min { $0.lowerBound < $1.lowerBound }
  }

  // MARK: Credentials

  private static let signatureAlgorithm = "AWS4-HMAC-SHA256"

  /// Removes what is quoted of an Authorization or Proxy-Authorization header.
  private static func withoutAuthorization(_ text: String) -> String {
    var rest = text[...]
    var kept = ""
    while let mark = nextAuthorization(in: rest) {
      let isName = rest[mark].hasSuffix(":")
      kept += rest[..<(isName ? mark.upperBound : mark.lowerBound)] + Secret.placeholder
      rest = rest[mark.upperBound...]
      let isEnd: (Character) -> Bool = { $0.isNewline || "'|;".contains($0) || $0 == "\"" }
      if isName {
        rest = rest.drop { !isEnd($0) }
        continue
      }
      while let part = rest.drop(while: \.isWhitespace).firstRange(of: "="),
        ["Credential", "SignedHeaders", "Signature"]
          .contains(rest[..<part.lowerBound].drop(while: \.isWhitespace))
      {
        rest = rest[part.upperBound...].drop { $0 == ";" || (!isEnd($0) && !$0.isWhitespace) }
      }
    }
    return kept + rest
  }

  private static func nextAuthorization(in text: Substring) -> Range<Substring.Index>? {
    ["Authorization:", "authorization:", "AUTHORIZATION:", signatureAlgorithm]
      .compactMap { text.firstRange(of: $0) }
      .min { $0.lowerBound < $1.lowerBound }
  }

  private static func withoutCredentials(_ text: String) -> String {
    var safe = ""
    var word = ""
    for character in text {
      if character.isWhitespace || "\"'(),;<>[]{}&?".contains(character) {
        safe += redacted(word)
        word = ""
        safe.append(character)
      } else {
        word.append(character)
      }
    }
    return safe + redacted(word)
  }

  private static let secretNames = [
    "credential", "signature", "signedheaders", "token", "secret", "password", "authorization",
    "accesskey", "access_key", "x-amz-",
  ]

  private static func redacted(_ word: String) -> String {
    if let equals = word.firstIndex(of: "="), word.index(after: equals) < word.endIndex {
      let name = word[..<equals].lowercased()
      if secretNames.contains(where: { name.contains($0) }) {
        return word[...equals] + Secret.placeholder
      }
    }
    return isOpaque(word) ? Secret.placeholder : word
  }

  /// Whether a word looks like a credential: an access key id, a web token, or a run of letters and
  /// digits as long as a key, a signature or a session token. Hyphens and colons end a run, so that
  /// ARNs do not match, and in a URL the slashes of its path do.
  private static func isOpaque(_ word: String) -> Bool {
    let isAccessKey = ["AKIA", "ASIA", "ABIA", "ACCA"].contains { word.contains($0) }
    if isAccessKey && word.utf8.count >= 16 { return true }
    if word.hasPrefix("eyJ") && word.utf8.count >= 20 { return true }
    let isURL = ["https://", "http://"].contains { word.hasPrefix($0) }
    var run = 0
    var longestRun = 0
    var isURLSafe = true
    for byte in word.utf8 {
      switch byte {
      case UInt8(ascii: "/") where isURL: run = 0
      case 0x30...0x39, 0x41...0x5a, 0x61...0x7a, UInt8(ascii: "+"), UInt8(ascii: "/"),
        UInt8(ascii: "="):
        run += 1
        longestRun = max(longestRun, run)
      case UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "%"): run = 0
      default:
        run = 0
        isURLSafe = false
      }
    }
    return longestRun >= 40 || (isURLSafe && word.utf8.count >= 100)
  }

  // MARK: Layout

  private static func finished(_ text: String) -> String {
    let isSpace: (Character) -> Bool = { $0.isWhitespace }
    let trimmed = text.drop(while: isSpace)
    let end = trimmed.lastIndex { !isSpace($0) }.map { trimmed.index(after: $0) }
    var safe = ""
    for scalar in trimmed[..<(end ?? trimmed.startIndex)].unicodeScalars {
      switch scalar.properties.generalCategory {
      case .control, .format, .lineSeparator, .paragraphSeparator, .privateUse, .surrogate,
        .unassigned:
        safe += escaped(scalar)
      default: safe.unicodeScalars.append(scalar)
      }
    }
    if safe.isEmpty { return "no message" }
    return safe.count > maximumLength ? safe.prefix(maximumLength - 1) + "…" : safe
  }

  private static func escaped(_ scalar: Unicode.Scalar) -> String {
    switch scalar {
    case "\n": "\\n"
    case "\r": "\\r"
    case "\t": "\\t"
    default: "\\u{\(String(scalar.value, radix: 16))}"
    }
  }
}
