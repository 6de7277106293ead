import RolloutCore

/// Shortens ARNs of certificates in texts for people.
package enum ARNTail {
  /// The most ARNs in one text that are shortened.
  private static let maximumInText = 100

  /// The text with the tail in place of each ARN of a certificate.
  package static func shortening(_ text: String) -> String {
    var result = ""
    var rest = text[...]
    for _ in 0..<maximumInText {
      guard let start = rest.firstRange(of: "arn:") else { break }
      result += rest[..<start.lowerBound]
      let word = rest[start.lowerBound...].prefix(while: isPart)
      let isCertificate = word.contains(":acm:") && word.contains(":certificate/")
      result += isCertificate ? CertificateARN.tail(of: word) : String(word)
      rest = rest[word.endIndex...]
    }
    return result + rest
  }

  private static func isPart(_ character: Character) -> Bool {
    character.isASCII && (character.isLetter || character.isNumber || ":/-_*".contains(character))
  }
}
