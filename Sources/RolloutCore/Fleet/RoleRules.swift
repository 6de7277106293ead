/// What AWS accepts as the parameters of AssumeRole. The problems say what is wrong and what to
/// write, without the value.
package enum RoleRules {
  /// AWS's limit of the ARN of a role.
  private static let maximumARN = 2048

  package static func problem(withARN text: String) -> String? {
    let parts = text.split(separator: ":", maxSplits: 5, omittingEmptySubsequences: false)
    let isRole =
      parts.count == 6 && parts[0] == "arn" && parts[1].hasPrefix("aws") && parts[2] == "iam"
      && parts[3].isEmpty && parts[4].utf8.count == 12 && parts[4].utf8.allSatisfy(isDigit)
      && parts[5].hasPrefix("role/") && parts[5].utf8.count > "role/".utf8.count
      && !parts[5].hasSuffix("/") && text.utf8.count <= maximumARN
      && text.utf8.allSatisfy { (0x21...0x7e).contains($0) }
    return isRole ? nil : "write arn:aws:iam::ACCOUNT:role/NAME"
  }

  package static func problem(withExternalID text: String) -> String? {
    problem(with: text, length: 2...1224, signs: "_+=,.@:/-")
  }

  package static func problem(withSessionName text: String) -> String? {
    problem(with: text, length: 2...64, signs: "_+=,.@-")
  }

  private static func problem(
    with text: String, length: ClosedRange<Int>, signs: String
  ) -> String? {
    guard length.contains(text.utf8.count) else {
      return "write \(length.lowerBound) to \(length.upperBound) characters"
    }
    let isAllowed = text.utf8.allSatisfy { byte in
      switch byte {
      case 0x30...0x39, 0x41...0x5a, 0x61...0x7a: true
      default: signs.utf8.contains(byte)
      }
    }
    return isAllowed ? nil : "write letters, digits and the signs \(signs) only"
  }

  private static func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }
}
