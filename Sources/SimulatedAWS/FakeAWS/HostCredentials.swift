import RolloutCore

/// Keys of a role that a service of the host renews by itself.
package struct HostRole: Sendable {
  /// The ARN of the role; nil: there is none.
  package var arn: String?
  /// How long new keys last. Negative: they have expired.
  package var lifetime: Duration
  /// The keys of the last answer.
  var accessKeyID: String?
  var renewals = 0

  package init(arn: String? = nil, lifetime: Duration = .hours(6)) {
    self.arn = arn
    self.lifetime = lifetime
  }

  /// AWS has new keys at least five minutes before the old ones expire; keys that last for a shorter
  /// time are renewed after half of it.
  static let renewalMargin: Duration = .minutes(5)

  /// Whether keys with this end must be renewed.
  func isDue(_ expiresAt: Instant, at awsNow: Instant) -> Bool {
    expiresAt <= awsNow + min(HostRole.renewalMargin, lifetime / 2)
  }

  /// Changes the role or the lifetime. The next answer has new keys.
  package mutating func change(arn: String?, lifetime: Duration) {
    self.arn = arn
    self.lifetime = lifetime
    accessKeyID = nil
  }
}

/// The instance metadata service, version 2.
package struct FakeMetadata: Sendable {
  package var role = HostRole()
  /// Whether every token is answered with 401, also a valid one.
  package var refusesTokens = false
  /// When each token expires.
  var tokens: [String: Instant] = [:]
  var issuedTokens = 0

  /// The lifetimes that a request for a token may ask for, in seconds.
  static let tokenLifetimes: ClosedRange<Int64> = 1...21_600
  /// When as many tokens are stored, expired ones are removed.
  static let maximumTokens = 10_000
  /// The name of the session.
  static let instance = "i-0123456789abcdef0"

  package mutating func invalidateTokens() { tokens = [:] }
}

/// The credentials that an agent gives to one container.
package struct FakeContainer: Sendable {
  package var name: String
  package var role: HostRole
  /// What the `Authorization` header must be; nil: nothing is required.
  package var authorization: SimulatedSecret?

  package init(name: String, role: HostRole, authorization: String? = nil) {
    self.name = name
    self.role = role
    self.authorization = authorization.map(SimulatedSecret.init)
  }
}
