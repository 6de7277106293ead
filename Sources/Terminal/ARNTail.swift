package import RolloutCore

/// The end of a certificate's ARN, by which a person tells certificates apart: `…12345678`.
package enum ARNTail {
  /// How many characters are shown. ARNs end in a random UUID.
  static let length = 8
  /// The most ARNs in one text that are shortened.
  private static let maximumInText = 100

  package static func of(_ arn: CertificateARN) -> String {
    of(arn.text)
  }

  private static func of(_ arn: some StringProtocol) -> String {
    let id = String(arn.lastIndex(of: "/").map { arn[arn.index(after: $0)...] } ?? arn[...])
    return id.count <= length ? id : DisplayText.ellipsis + id.suffix(length)
  }

  /// The text with the tail in place of each ARN of a certificate.
  package static func shortening(_ text: String) -> String {
    var result = ""
    var rest = text[...]
    for _ in 0..<maximumInText {
      guard let start = rest.firstRange(of: "arn:") else { break }
      result += rest[..<start.lowerBound]
      let word = rest[start.lowerBound...].prefix(while: isPart)
      result += word.contains(":acm:") && word.contains(":certificate/") ? of(word) : String(word)
      rest = rest[word.endIndex...]
    }
    return result + rest
  }

  private static func isPart(_ character: Character) -> Bool {
    character.isASCII && (character.isLetter || character.isNumber || ":/-_*".contains(character))
  }
}
