package import RolloutCore

/// The clock, the random numbers and the waits between the attempts of one request.
package protocol WireClock: Sendable {
  /// The wall clock, without the correction of `ClockOffsets`.
  var now: Instant { get }
  /// The time by AWS's clock; nil when no answer told it.
  var awsNow: Instant? { get }
  /// A clock that no one sets.
  var uptime: Duration { get }
  /// An answer of `host` carried this date.
  func note(_ date: Instant, from host: String)
  /// 64 random bits.
  func random() -> UInt64
  /// Returns when `duration` has passed, or at once when the task is cancelled.
  func sleep(for duration: Duration) async
}

extension WireClock {
  /// A random number from 0 to 1.
  func fraction() -> Double { Double(random() >> 11) / Double(UInt64(1) << 53) }
}
