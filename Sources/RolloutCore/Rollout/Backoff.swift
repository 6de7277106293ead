/// How long to wait before something that failed is tried again.
package enum Backoff {
  /// Full jitter over a bound that is `initial` after the first failure and doubles with each
  /// one in a row; what the answer asked for is obeyed, and `maximum` bounds it all.
  ///
  /// "Exponential Backoff And Jitter", AWS Architecture Blog: full jitter needs the fewest
  /// calls when many clients fail at once. `chance` is 64 random bits.
  package static func delay(
    failures: Int, initial: Duration, maximum: Duration, chance: UInt64,
    retryAfter: Duration? = nil
  ) -> Duration {
    var bound = min(initial, maximum)
    for _ in 1..<max(1, min(failures, doublings)) where bound < maximum {
      bound = min(bound * 2, maximum)
    }
    let parts = Int64(chance >> 44)
    let jittered = Duration.milliseconds(
      max(1, Double(bound.inMilliseconds) * Double(parts) / Double(1 << 20)))
    return min(max(jittered, retryAfter ?? .zero), maximum)
  }

  /// The interval between looks at the edges: `initial`, grown by half after each look.
  package static func checkInterval(
    checks: Int, initial: Duration, maximum: Duration
  ) -> Duration {
    var interval = initial
    for _ in 0..<max(0, min(checks, doublings)) where interval < maximum {
      interval = interval * 3 / 2
    }
    return min(interval, maximum)
  }

  /// Enough to reach any sensible maximum, and a bound for a counter gone wild.
  private static let doublings = 64
}
