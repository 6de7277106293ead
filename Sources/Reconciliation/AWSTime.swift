import POSIX
package import RolloutCore

/// AWS's clock, as the dates of the answers tell it. Certificates are dated by that clock, and the
/// clock of this host may be wrong by days.
///
/// It is kept as a distance from the uptime of the machine, which nobody sets, so that a step of the
/// host's clock changes nothing between two answers.
package final class AWSTime: Sendable {
  private struct State {
    /// What AWS's clock showed at uptime zero, by the answers of each endpoint.
    var origins: [String: Instant] = [:]
    /// Whether AWS's clock decides.
    var decides = false
  }

  private let state = Guarded(State())

  /// A smaller difference is none.
  package static let tolerance = Duration.minutes(5)
  /// Where a difference ends: lower, so that one near the tolerance does not come and go.
  private static let agreement = Duration.minutes(4)
  /// How much later an answer may arrive than it was dated.
  private static let latency = Duration.minutes(2)

  package init() {}

  /// An answer of `endpoint` carried this date.
  package func note(_ date: Instant, from endpoint: String, uptime: Duration) {
    let origin = date + (.zero - uptime)
    state.withLock { state in
      // An answer arrives after it was dated: of two origins the later one is nearer to the truth.
      if let known = state.origins[endpoint], origin < known,
        known.since(origin) < AWSTime.latency
      {
        return
      }
      state.origins[endpoint] = origin
    }
  }

  /// The time by AWS's clock; nil when no answer told it. Within the tolerance it is the host's.
  package func now(hostNow: Instant, uptime: Duration) -> Instant? {
    if state.withLock({ $0.origins.isEmpty }) { return nil }
    return hostNow + (.zero - hostError(hostNow: hostNow, uptime: uptime))
  }

  /// How far the host's clock is ahead of AWS's; zero within the tolerance, or when no answer told
  /// AWS's. Where endpoints disagree, the middle one counts, and of two the one that is nearer.
  package func hostError(hostNow: Instant, uptime: Duration) -> Duration {
    state.withLock { state in
      let errors = state.origins.values.map { hostNow.since($0 + uptime) }.sorted()
      guard let lower = errors.dropFirst((errors.count - 1) / 2).first,
        let upper = errors.dropFirst(errors.count / 2).first
      else { return .zero }
      let error = lower.size <= upper.size ? lower : upper
      state.decides = error.size > (state.decides ? AWSTime.agreement : AWSTime.tolerance)
      return state.decides ? error : .zero
    }
  }
}

extension Duration {
  /// Without its sign.
  var size: Duration { self < .zero ? .zero - self : self }
}
