import POSIX
package import RolloutCore

/// AWS's clock, as the answers tell it. Certificates are dated by that clock, and the clock of this
/// host may be wrong by days.
///
/// It is kept as a distance from the uptime of the machine, which nobody sets, so that a step of the
/// host's clock changes nothing between two answers.
package final class AWSTime: Sendable {
  /// What AWS's clock showed at uptime zero, by the last answer of each host.
  private let origins = Guarded<[String: Instant]>([:])

  /// A smaller difference is none: answers are dated in whole seconds and take a while.
  package static let tolerance = Duration.minutes(5)

  package init() {}

  /// An answer of `host` carried this date.
  package func note(_ date: Instant, from host: String, uptime: Duration) {
    origins.withLock { $0[host] = date + (.zero - uptime) }
  }

  /// The time that decides: the host's, unless AWS's clock differs by more than the tolerance.
  package func now(hostNow: Instant, uptime: Duration) -> Instant {
    hostNow + (difference(hostNow: hostNow, uptime: uptime) ?? .zero)
  }

  /// AWS's clock less the host's; nil within the tolerance, or when no answer told it. Where the
  /// answers of several hosts disagree, the middle one counts, and of two the one that is nearer.
  private func difference(hostNow: Instant, uptime: Duration) -> Duration? {
    let differences = origins.withLock { origins in
      origins.values.map { ($0 + uptime).since(hostNow) }.sorted()
    }
    guard !differences.isEmpty else { return nil }
    let middle = [differences[(differences.count - 1) / 2], differences[differences.count / 2]]
    guard let difference = middle.min(by: { $0.size < $1.size }) else { return nil }
    return difference.size > AWSTime.tolerance ? difference : nil
  }
}

extension Duration {
  /// Without its sign.
  var size: Duration { self < .zero ? .zero - self : self }
}
