import RolloutCore

/// When keys that expire are replaced: some time before their end, and at a different time for each,
/// so that keys that were obtained together are not replaced together.
struct KeyLifetime {
  /// From then on they are replaced, and used while that does not work.
  let early: Instant
  /// From then on no request goes on before an attempt to replace them.
  let late: Instant
  let end: Instant

  enum Phase: Equatable { case fresh, early, late, ended }

  /// The longest time before the end. Platforms renew their keys about as early.
  static let longestLead = Duration.minutes(15)
  /// The part of the lead from which each draws.
  static let shortestLead = Duration.minutes(10)
  static let lastLead = Duration.minutes(5)

  /// Keys with little time left have shorter leads in the same proportions: half of the time at most.
  ///
  /// - Parameter fraction: a random number from 0 to 1.
  init(from now: Instant, to end: Instant, fraction: Double) {
    let longest = KeyLifetime.longestLead
    let scale = min(1, max(0, (end.since(now) / 2) / longest))
    let drawn =
      KeyLifetime.shortestLead + (longest - KeyLifetime.shortestLead) * min(1, max(0, fraction))
    early = end - drawn * scale
    late = end - KeyLifetime.lastLead * scale
    self.end = end
  }

  func phase(at now: Instant) -> Phase {
    if now >= end { return .ended }
    if now >= late { return .late }
    return now >= early ? .early : .fresh
  }
}
