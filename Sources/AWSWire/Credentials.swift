package import RolloutCore

/// The keys that sign a request.
package struct Credentials: Equatable, Sendable {
  /// No secret by AWS's reckoning, but a credential all the same, and no log shows it.
  package let accessKeyID: Secret
  package let secretAccessKey: Secret
  /// Present with temporary keys.
  package let sessionToken: Secret?
  /// Where they were found, for a person: `the environment`, `profile prod of /etc/aws/…`.
  package let origin: String

  package init(
    accessKeyID: String, secretAccessKey: String, sessionToken: String? = nil, origin: String
  ) {
    self.accessKeyID = Secret(accessKeyID)
    self.secretAccessKey = Secret(secretAccessKey)
    self.sessionToken = sessionToken.map(Secret.init)
    self.origin = origin
  }

  /// All that must not appear in any text.
  var secrets: [Secret] { [accessKeyID, secretAccessKey] + (sessionToken.map { [$0] } ?? []) }
}

/// A place where credentials are found, read anew at every call. `CredentialCache` remembers.
package protocol CredentialSource: Sendable {
  /// Throws a `Failure` of kind `credentials` that says what to set where.
  func credentials(for identity: Identity) async throws(Failure) -> Credentials
  /// Changes when the source does, so that what was read from it must be read again.
  var version: String { get }
}

extension CredentialSource {
  package var version: String { "" }
}
