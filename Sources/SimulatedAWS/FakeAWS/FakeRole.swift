import RolloutCore

/// A role of the simulated AWS.
package struct FakeRole: Hashable, Sendable {
  /// `arn:aws:iam::123456789012:role/NAME`.
  package var arn: String
  /// The accounts, and the ARNs of users and roles, that may assume it; nil: every known key may.
  package var trusted: Set<String>?
  /// If set, a request without it, or with another, is refused.
  package var externalID: SimulatedSecret?
  /// If set, a caller with this token may assume it without a key.
  package private(set) var webIdentityToken: SimulatedSecret?
  /// Tokens that another one has replaced.
  private(set) var expiredTokens: Set<SimulatedSecret> = []
  /// The longest session that a caller may request. AWS's default is an hour.
  package var maximumDuration: Duration = .hours(1)
  /// How long a session really lasts, whatever was requested: AWS's shortest is 15 minutes. Negative:
  /// it has ended before it began. nil: as requested.
  package var sessionLifetime: Duration?

  package init(arn: String, externalID: String? = nil) {
    self.arn = arn
    self.externalID = externalID.map(SimulatedSecret.init)
  }

  /// Sets the token, and lets the one before expire.
  package mutating func replaceToken(by token: String?) {
    if let webIdentityToken { expiredTokens.insert(webIdentityToken) }
    webIdentityToken = token.map(SimulatedSecret.init)
  }

  /// The account within an ARN; empty when the ARN is malformed.
  static func account(of arn: String) -> String {
    let parts = arn.split(separator: ":", omittingEmptySubsequences: false)
    return parts.count > 5 ? String(parts[4]) : ""
  }

  /// Whether the ARN is one of a role in an account.
  static func isRole(_ arn: String) -> Bool {
    let parts = arn.split(separator: ":", omittingEmptySubsequences: false)
    guard parts.count == 6, parts[0] == "arn", parts[1].hasPrefix("aws"), parts[2] == "iam",
      parts[3].isEmpty, parts[5].hasPrefix("role/"), parts[5].utf8.count > "role/".utf8.count
    else { return false }
    return parts[4].utf8.count == 12 && parts[4].utf8.allSatisfy { (0x30...0x39).contains($0) }
  }

  var account: String { FakeRole.account(of: arn) }
  var name: String { arn.split(separator: "/").last.map(String.init) ?? "" }

  /// Whether its trust policy allows the caller.
  func trusts(_ key: FakeAccessKey) -> Bool {
    guard let trusted else { return true }
    return trusted.contains(key.account) || trusted.contains(key.principal)
      || key.role.map(trusted.contains) ?? false
  }
}
