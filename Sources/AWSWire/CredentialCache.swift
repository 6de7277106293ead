import Redaction
package import RolloutCore

/// Keeps the credentials of every identity until AWS refuses them, their source changes, or a refresh
/// is requested.
///
/// A failure is not kept: the source is read again for the next request.
package actor CredentialCache {
  private let source: any CredentialSource
  private var known: [Identity: Credentials] = [:]
  /// The version of the source when `known` was read.
  private var version: String?

  package init(source: any CredentialSource) {
    self.source = source
  }

  package func credentials(for identity: Identity) async throws(Failure) -> Credentials {
    let present = source.version
    if present != version { known = [:] }
    version = present
    if let credentials = known[identity] { return credentials }
    let credentials = try await source.credentials(for: identity)
    for secret in credentials.secrets { Redaction.learn(secret: secret.revealed) }
    known[identity] = credentials
    return credentials
  }

  /// Drops credentials that AWS refused, so that the next request reads the source again. Credentials
  /// that were read since then are kept.
  package func invalidate(_ identity: Identity, refused credentials: Credentials) {
    if known[identity] == credentials { known[identity] = nil }
  }

  /// Drops every credential, so that the next request reads its source again.
  package func refresh() { known = [:] }
}
