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
  /// From this time on the answer is ExpiredTokenException.
  package var expiresAt: Instant?
  /// The role of a session; nil for the key of a user.
  package var role: String?

  package init(
    id: String, secret: String, sessionToken: String? = nil, account: String,
    principal: String? = nil, expiresAt: Instant? = nil, role: String? = nil
  ) {
    self.id = id
    self.secret = SimulatedSecret(secret)
    self.sessionToken = sessionToken.map(SimulatedSecret.init)
    self.account = account
    self.principal = principal ?? "arn:aws:iam::\(account):user/cert-rotator"
    self.expiresAt = expiresAt
    self.role = role
  }
}
