import POSIX

/// Removes the secrets that the process holds, and the user names and passwords of URLs, from texts that
/// come from a library or a server, and from what is written.
///
/// The secrets are those of the whole process, as its environment is: a text of one account's request may
/// quote the proxy of all.
package enum Redaction {
  /// Shown in place of what was removed.
  package static let placeholder = "‹redacted›"

  private static let known = Guarded(KnownSecrets())

  /// A key or a token that the process now holds.
  ///
  /// - Parameter isTemporary: it expires within hours. The process gets such keys every hour, and the
  ///   oldest ones are forgotten when there are very many.
  package static func learn(secret: String, isTemporary: Bool = false) {
    let forms = SecretForms(secret: secret)
    known.withLock { $0.add(forms, isTemporary: isTemporary) }
  }

  /// The keys in the environment, and the user names and passwords of the URLs there: those of proxies,
  /// of endpoints and any other.
  package static func learn(environment: [String: String]) {
    for (name, value) in environment {
      if keys.contains(name) { learn(secret: value) }
      let isProxy = name.lowercased().hasSuffix("_proxy")
      guard isProxy || value.contains("://"), let forms = SecretForms(url: value) else { continue }
      known.withLock { $0.add(forms, isTemporary: false) }
    }
  }

  private static let keys: Set<String> = [
    "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_SECURITY_TOKEN",
    "AWS_CONTAINER_AUTHORIZATION_TOKEN",
  ]

  /// A text of a library or a server. Short secrets, such as the user name of a proxy, are removed where
  /// they are words.
  package static func foreignText(_ text: String) -> String {
    cleaned(text, matchingWords: true)
  }

  /// A text that is about to be written, as a second net. Short secrets stay, because they may be ordinary
  /// words of this program.
  package static func output(_ text: String) -> String {
    cleaned(text, matchingWords: false)
  }

  private static func cleaned(_ text: String, matchingWords: Bool) -> String {
    let bytes = Array(text.utf8)
    let withoutSecrets = known.withLock { $0.removed(from: bytes, matchingWords: matchingWords) }
    let cleaned = URLCredentials.removed(from: withoutSecrets)
    return cleaned == bytes ? text : String(decoding: cleaned, as: UTF8.self)
  }
}
