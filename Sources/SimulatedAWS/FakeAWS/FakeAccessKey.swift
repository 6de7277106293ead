package import RolloutCore

/// A text that must not be in a log, an error or a snapshot.
package struct SimulatedSecret: Hashable, Sendable, CustomStringConvertible,
  CustomDebugStringConvertible, CustomReflectable
{
  package let text: String

  package init(_ text: String) {
    self.text = text
  }

  package var description: String { "‹redacted›" }
  package var debugDescription: String { description }
  package var customMirror: Mirror { Mirror(self, children: []) }
}

/// An access key of the simulated AWS.
package struct FakeAccessKey: Hashable, Sendable {
  package var id: String
  package var secret: SimulatedSecret
  /// Set for temporary credentials. A request without it, or with another, is refused.
  package var sessionToken: SimulatedSecret?
  /// 12 digits.
  package var account: String
  /// The ARN of the caller in GetCallerIdentity and in refusals.
  package var principal: String
  /// After this time the answer is ExpiredTokenException.
  package var expiresAt: Instant?

  package init(
    id: String, secret: String, sessionToken: String? = nil, account: String,
    principal: String? = nil, expiresAt: Instant? = nil
  ) {
    self.id = id
    self.secret = SimulatedSecret(secret)
    self.sessionToken = sessionToken.map(SimulatedSecret.init)
    self.account = account
    self.principal = principal ?? "arn:aws:iam::\(account):user/cert-rotator"
    self.expiresAt = expiresAt
  }
}

/// A role that any known key may assume.
package struct FakeRole: Hashable, Sendable {
  /// `arn:aws:iam::123456789012:role/NAME`.
  package var arn: String
  /// If set, a request without it, or with another, is refused.
  package var externalID: SimulatedSecret?

  package init(arn: String, externalID: String? = nil) {
    self.arn = arn
    self.externalID = externalID.map(SimulatedSecret.init)
  }

  /// The account within the ARN; empty when the ARN is malformed.
  var account: String {
    let parts = arn.split(separator: ":", omittingEmptySubsequences: false)
    return parts.count > 5 ? String(parts[4]) : ""
  }

  var name: String { arn.split(separator: "/").last.map(String.init) ?? "" }
}
