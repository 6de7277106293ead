package import RolloutCore

/// The credentials of every identity, kept until AWS refuses them, their source changes, or
/// someone asks to read them again.
///
/// Only what was found is remembered: a failed look is tried again at the next call.
package actor CredentialCache {
  private let source: any CredentialSource
  private var known: [Identity: Credentials] = [:]
  /// The source's version that `known` was read from.
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
    known[identity] = credentials
    return credentials
  }

  /// Forgets credentials that AWS refused, so that the next call reads the files again. Those
  /// that someone else has read since are kept.
  package func invalidate(_ identity: Identity, refused credentials: Credentials) {
    if known[identity] == credentials { known[identity] = nil }
  }

  /// Forgets every credential, so that the next call reads its source again.
  package func refresh() { known = [:] }
}
