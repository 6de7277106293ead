package import RolloutCore

/// The credentials of every identity, read once and kept until AWS refuses them.
///
/// Only what was found is remembered: a failed look is tried again at the next call.
package actor CredentialCache {
  private let source: any CredentialSource
  private var known: [Identity: Credentials] = [:]

  package init(source: any CredentialSource) {
    self.source = source
  }

  package func credentials(for identity: Identity) async throws(Failure) -> Credentials {
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
}
