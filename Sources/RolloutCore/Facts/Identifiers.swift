/// What is wrong with a text that should have been an identifier.
package struct MalformedIdentifier: Error, Equatable, Sendable, CustomStringConvertible {
  /// What the text should have been, in a few words: `an ACM certificate ARN`.
  package let kind: String
  package let value: String
  /// What is wrong, and what would be right.
  package let problem: String

  package init(_ kind: String, _ value: String, _ problem: String) {
    self.kind = kind
    self.value = value
    self.problem = problem
  }

  package var description: String { "\"\(value)\" is not \(kind): \(problem)" }
}

/// The ARN of an ACM certificate: `arn:aws:acm:us-east-1:123456789012:certificate/…`.
package struct CertificateARN: Hashable, Sendable, CustomStringConvertible {
  package let text: String
  package let partition: String
  package let region: String
  package let account: String

  /// Accepts every region, since what AWS answers may name any; the checks judge it.
  package init(parsing text: String) throws(MalformedIdentifier) {
    func wrong(_ problem: String) -> MalformedIdentifier {
      MalformedIdentifier("the ARN of an ACM certificate", text, problem)
    }
    let parts = text.split(separator: ":", maxSplits: 5, omittingEmptySubsequences: false)
    guard parts.count == 6, parts[0] == "arn" else {
      throw wrong("write arn:aws:acm:us-east-1:ACCOUNT:certificate/ID")
    }
    guard parts[2] == "acm" else {
      throw wrong("it names the service \"\(parts[2])\", and only acm has the certificates")
    }
    guard !parts[1].isEmpty, !parts[3].isEmpty else {
      throw wrong("the partition and the region must not be empty")
    }
    guard parts[4].utf8.count == 12, parts[4].utf8.allSatisfy(isDigit) else {
      throw wrong("the account \"\(parts[4])\" is not 12 digits")
    }
    let resource = parts[5]
    guard resource.hasPrefix("certificate/"), resource.utf8.count > "certificate/".utf8.count
    else { throw wrong("the resource \"\(resource)\" is not certificate/ID") }
    guard text.utf8.count <= 2048, text.utf8.allSatisfy({ (0x21...0x7e).contains($0) }) else {
      throw wrong("it must be printable ASCII of 2,048 characters at most")
    }
    self.text = text
    self.partition = String(parts[1])
    self.region = String(parts[3])
    self.account = String(parts[4])
  }

  package var description: String { text }

  /// The end of the ARN, by which a person tells certificates apart: `…1a2b3c4d`.
  package var tail: String { CertificateARN.tail(of: text) }

  /// The same of an ARN within another text.
  package static func tail(of arn: some StringProtocol) -> String {
    let id = String(arn.lastIndex(of: "/").map { arn[arn.index(after: $0)...] } ?? arn[...])
    return id.count <= tailLength ? id : "…" + id.suffix(tailLength)
  }

  /// ARNs end in a random UUID.
  private static let tailLength = 8
}

/// A custom domain of Cognito: a DNS name in lower case with at least two labels.
package struct DomainName: Hashable, Comparable, Sendable, CustomStringConvertible {
  package let text: String

  package init(parsing text: String) throws(MalformedIdentifier) {
    func wrong(_ problem: String) -> MalformedIdentifier {
      MalformedIdentifier("a custom domain", text, problem)
    }
    if text.utf8.contains(where: { (0x41...0x5a).contains($0) }) {
      throw wrong("write it in lower case")
    }
    switch DNSName.problem(with: text, underscores: .refused) {
    case nil: break
    case .empty: throw wrong("it is empty")
    case .tooLong: throw wrong("it is longer than \(DNSName.maximumLength) characters")
    case .emptyLabel: throw wrong("it has an empty label (two dots, or a dot at an end)")
    case .labelTooLong(let label):
      throw wrong("the label \"\(label)\" is over \(DNSName.maximumLabelLength) characters")
    case .labelCharacters(let label):
      throw wrong("the label \"\(label)\" may hold only a-z, 0-9 and hyphens")
    case .labelHyphen(let label):
      throw wrong("the label \"\(label)\" begins or ends with a hyphen")
    }
    guard text.utf8.contains(UInt8(ascii: ".")) else {
      throw wrong("a name without a dot is a prefix domain, and AWS holds its certificate")
    }
    self.text = text
  }

  package static func < (left: DomainName, right: DomainName) -> Bool { left.text < right.text }
  package var description: String { text }
}

/// The id of a Cognito user pool: `eu-west-1_Ab12Cd34E`.
package struct UserPoolID: Hashable, Sendable, CustomStringConvertible {
  package let text: String
  /// The region that the id begins with. A replica in another region keeps the id of its
  /// primary, so this is a default and no more.
  package let regionPrefix: String

  package init(parsing text: String) throws(MalformedIdentifier) {
    func wrong(_ problem: String) -> MalformedIdentifier {
      MalformedIdentifier("the id of a user pool", text, problem)
    }
    let parts = text.split(separator: "_", omittingEmptySubsequences: false)
    guard parts.count == 2, !parts[0].isEmpty else {
      throw wrong("it has no region prefix; write it as eu-west-1_Ab12Cd34E")
    }
    guard isRegion(parts[0]) else {
      throw wrong("\"\(parts[0])\" is not a region; write it as eu-west-1_Ab12Cd34E")
    }
    let isAlphanumeric: (UInt8) -> Bool = {
      isDigit($0) || isLowercase($0) || (0x41...0x5a).contains($0)
    }
    guard !parts[1].isEmpty, parts[1].utf8.allSatisfy(isAlphanumeric) else {
      throw wrong("after the underscore come letters and digits only")
    }
    guard text.utf8.count <= 55 else { throw wrong("it is longer than 55 characters") }
    self.text = text
    self.regionPrefix = String(parts[0])
  }

  package var description: String { text }
}

/// An AWS region: `eu-west-1`.
package struct Region: Hashable, Sendable, CustomStringConvertible {
  package let text: String

  /// CloudFront, which serves the domains, takes certificates from here alone.
  package static let usEast1 = Region(trusted: "us-east-1")
  /// What every account of China and of GovCloud reaches.
  package static let cnNorth1 = Region(trusted: "cn-north-1")
  package static let usGovWest1 = Region(trusted: "us-gov-west-1")

  package init(parsing text: String) throws(MalformedIdentifier) {
    guard isRegion(text[...]) else {
      throw MalformedIdentifier("an AWS region", text, "write it as eu-west-1")
    }
    self.text = text
  }

  private init(trusted text: String) { self.text = text }

  package var description: String { text }
}

private func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }
private func isLowercase(_ byte: UInt8) -> Bool { (0x61...0x7a).contains(byte) }

/// Two or more hyphenated words of letters, then a number: `us-gov-west-1`.
private func isRegion(_ text: Substring) -> Bool {
  let words = text.split(separator: "-", omittingEmptySubsequences: false)
  guard words.count >= 3, text.utf8.count <= 32, let number = words.last else { return false }
  return !number.isEmpty && number.utf8.allSatisfy(isDigit)
    && words.dropLast().allSatisfy { !$0.isEmpty && $0.utf8.allSatisfy(isLowercase) }
}
