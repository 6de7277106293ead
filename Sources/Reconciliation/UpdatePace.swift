package import RolloutCore

/// Keeps UpdateUserPoolDomain below its quotas: 15 requests a second in an account and region, and 5
/// for one user pool.
package struct UpdatePace: Sendable {
  /// An account, or an identity whose account is not known, in one region.
  package struct Scope: Hashable, Sendable {
    let owner: String
    let region: Region

    package init(owner: String, region: Region) {
      self.owner = owner
      self.region = region
    }
  }

  package init() {}

  /// Below the quota of a single pool.
  private static let callsPerSecond = 4

  private var calls: [Scope: [Duration]] = [:]

  /// Takes the place of one call; nil when it may be made now, otherwise how long it must wait.
  package mutating func take(_ scope: Scope, at uptime: Duration) -> Duration? {
    let recent = (calls[scope] ?? []).filter { uptime - $0 < .seconds(1) }
    if recent.count >= UpdatePace.callsPerSecond, let oldest = recent.first {
      calls[scope] = recent
      return oldest + .seconds(1) - uptime
    }
    calls[scope] = recent + [uptime]
    return nil
  }
}
