package import RolloutCore

/// The keys that sign a request.
package struct Credentials: Equatable, Sendable {
  /// AWS does not treat it as a secret. It is still kept out of every log.
  package let accessKeyID: Secret
  package let secretAccessKey: Secret
  /// Set for temporary keys.
  package let sessionToken: Secret?
  /// Where the keys were found, for people: `the environment`, `profile prod of /etc/aws/…`.
  package let origin: String

  package init(
    accessKeyID: String, secretAccessKey: String, sessionToken: String? = nil, origin: String
  ) {
    self.accessKeyID = Secret(accessKeyID)
    self.secretAccessKey = Secret(secretAccessKey)
    self.sessionToken = sessionToken.map(Secret.init)
    self.origin = origin
  }

  /// Every value that must not appear in a text.
  var secrets: [Secret] { [accessKeyID, secretAccessKey] + (sessionToken.map { [$0] } ?? []) }
}

/// A source of credentials, which is read at every call. `CredentialCache` keeps the result.
package protocol CredentialSource: Sendable {
  /// Throws a `Failure` of kind `credentials` that says what to set.
  func credentials(for identity: Identity) async throws(Failure) -> Credentials
  /// A value that changes when the source changes, so that it must be read again.
  var version: String { get }
}

extension CredentialSource {
  package var version: String { "" }
}
