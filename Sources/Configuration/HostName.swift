internal import Glibc

/// Names and addresses of hosts.
enum HostName {
  /// RFC 1035.
  static let maximumLength = 253
  static let maximumLabelLength = 63

  /// What is wrong with a DNS name in lower case; nil when nothing is. Names of certificates
  /// have no underscores, names that are only resolved may.
  static func problem(with text: String, allowsUnderscore: Bool) -> String? {
    if text.isEmpty { return "it is empty" }
    if text.utf8.count > maximumLength { return "it is longer than \(maximumLength) characters" }
    for label in text.split(separator: ".", omittingEmptySubsequences: false) {
      let shown = String(label).quoted(limit: maximumLabelLength)
      if label.isEmpty { return "it has an empty label (two dots, or a dot at an end)" }
      if label.utf8.count > maximumLabelLength {
        return "the label \(shown) is over \(maximumLabelLength) characters"
      }
      if !label.utf8.allSatisfy({ isLabelByte($0, allowsUnderscore: allowsUnderscore) }) {
        return label.utf8.allSatisfy { $0 < 0x80 }
          ? "the label \(shown) may hold only letters, digits and hyphens"
          : "write the label \(shown) in its ASCII form (xn--…)"
      }
      if label.utf8.first == UInt8(ascii: "-") || label.utf8.last == UInt8(ascii: "-") {
        return "the label \(shown) begins or ends with a hyphen"
      }
    }
    return nil
  }

  /// A to Z in lower case and nothing else changed: Unicode's rules would make an ASCII k of
  /// the Kelvin sign.
  static func lowercased(_ text: String) -> String {
    String(
      decoding: text.utf8.map { (0x41...0x5a).contains($0) ? $0 + 0x20 : $0 }, as: UTF8.self)
  }

  static func isIPv4(_ text: String) -> Bool {
    var address = in_addr()
    return inet_pton(AF_INET, text, &address) == 1
  }

  static func isIPv6(_ text: String) -> Bool {
    var address = in6_addr()
    return inet_pton(AF_INET6, text, &address) == 1
  }

  private static func isLabelByte(_ byte: UInt8, allowsUnderscore: Bool) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
      UInt8(ascii: "-"):
      true
    case UInt8(ascii: "_"): allowsUnderscore
    default: false
    }
  }
}
