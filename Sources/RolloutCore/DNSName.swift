/// The rules for DNS names, for everything that reads or compares one.
package enum DNSName {
  /// In bytes (RFC 1035, 2.3.4, without the length bytes and the root).
  package static let maximumLength = 253
  /// In bytes (RFC 1035, 2.3.4).
  package static let maximumLabelLength = 63

  /// What is wrong with a name. The caller words it: it knows what the name is for.
  package enum Problem: Error, Equatable, Sendable {
    case empty
    case tooLong
    /// Two dots, or a dot at an end.
    case emptyLabel
    case labelTooLong(String)
    /// It has a character other than a-z, 0-9, the hyphen and, where allowed, the underscore.
    case labelCharacters(String)
    case labelHyphen(String)
  }

  /// Names that are only resolved may have underscores; those of certificates and of custom
  /// domains have none.
  package enum Underscores: Sendable {
    case allowed
    case refused
  }

  /// Returns the first thing that is wrong with a name in lower case; nil when nothing is.
  package static func problem(with text: String, underscores: Underscores) -> Problem? {
    if text.isEmpty { return .empty }
    if text.utf8.count > maximumLength { return .tooLong }
    for label in text.split(separator: ".", omittingEmptySubsequences: false) {
      if label.isEmpty { return .emptyLabel }
      if label.utf8.count > maximumLabelLength { return .labelTooLong(String(label)) }
      guard label.utf8.allSatisfy({ isAllowed($0, underscores) }) else {
        return .labelCharacters(String(label))
      }
      let hyphen = UInt8(ascii: "-")
      if label.utf8.first == hyphen || label.utf8.last == hyphen {
        return .labelHyphen(String(label))
      }
    }
    return nil
  }

  /// Changes A to Z and nothing else: Unicode's rules would make an ASCII k of the Kelvin sign.
  package static func lowercased(_ text: String) -> String {
    String(
      decoding: text.utf8.map { (0x41...0x5a).contains($0) ? $0 + 0x20 : $0 }, as: UTF8.self)
  }

  /// Whether a certificate of this name serves `domain`: the names are equal without regard to
  /// case, or `*.` stands in the place of exactly one label (RFC 6125, 6.4.3).
  package static func name(_ name: String, covers domain: DomainName) -> Bool {
    let name = lowercased(name)
    guard name.hasPrefix("*.") else { return name == domain.text }
    guard let dot = domain.text.firstIndex(of: ".") else { return false }
    return domain.text[dot...] == name.dropFirst()
  }

  private static func isAllowed(_ byte: UInt8, _ underscores: Underscores) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
      UInt8(ascii: "-"):
      return true
    case UInt8(ascii: "_"):
      switch underscores {
      case .allowed: return true
      case .refused: return false
      }
    default: return false
    }
  }
}
