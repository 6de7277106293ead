package import RolloutCore

/// The keys that sign a request.
package struct Credentials: Hashable, Sendable {
  /// AWS does not treat it as a secret. It is still kept out of every log.
  package let accessKeyID: Secret
  package let secretAccessKey: Secret
  /// Set for temporary keys.
  package let sessionToken: Secret?
  /// When AWS ceases to accept the keys; nil for keys without an end, or with one that is not known.
  package let expiration: Instant?
  /// Where the keys were found, for people: `the environment`, `profile prod of /etc/aws/…`.
  package let origin: String

  package init(
    accessKeyID: String, secretAccessKey: String, sessionToken: String? = nil,
    expiration: Instant? = nil, origin: String
  ) {
    self.accessKeyID = Secret(accessKeyID)
    self.secretAccessKey = Secret(secretAccessKey)
    self.sessionToken = sessionToken.map(Secret.init)
    self.expiration = expiration
    self.origin = origin
  }

  /// Every value that must not appear in a text.
  var secrets: [Secret] { [accessKeyID, secretAccessKey] + (sessionToken.map { [$0] } ?? []) }
}

/// Keys that were read and are not checked yet.
struct ReadKeys {
  let key: String
  let secret: String
  let token: String?
  var expiration: Instant?

  /// Throws when a value contains characters that a header cannot have.
  func credentials(origin: String) throws(CredentialProblem) -> Credentials {
    for (name, text) in [
      ("access key id", key), ("secret access key", secret), ("session token", token ?? "-"),
    ] where !isPrintable(text) {
      throw CredentialProblem(
        "the \(name) of \(origin) contains a space or a character beyond ASCII")
    }
    return Credentials(
      accessKeyID: key, secretAccessKey: secret, sessionToken: token, expiration: expiration,
      origin: origin)
  }
}

/// Whether a text has only visible characters of ASCII, and at least one.
func isPrintable(_ text: String) -> Bool {
  !text.isEmpty && text.utf8.allSatisfy { (0x21...0x7e).contains($0) }
}

/// Why an identity has no credentials, for people. It contains no value of a variable or file.
struct CredentialProblem: Error, Hashable, CustomStringConvertible {
  let description: String

  init(_ description: String) { self.description = description }
}
