package import RolloutCore

/// What one pass came to.
package struct PassSummary: Sendable {
  package let scope: Reconciler.Scope
  package var identities = 0
  package var domains = 0
  /// Looks that failed after their retries.
  package var failures = 0
  /// Identities whose certificates could not be listed.
  package var unlisted: [Identity] = []
  /// Records that were written.
  package var changes = 0
  /// UpdateUserPoolDomain calls made.
  package var calls = 0
  package var stateFailure: StateFailure?
  package var wasCutShort = false

  init(scope: Reconciler.Scope) { self.scope = scope }

  /// Whether nothing at all could be looked at.
  package var sawNothing: Bool { identities > 0 && unlisted.count == identities }
}
