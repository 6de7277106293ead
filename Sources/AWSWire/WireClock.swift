package import RolloutCore

/// The clock, the random numbers and the waits between the attempts of one request.
package protocol WireClock: Sendable {
  /// The wall clock, without the correction of `ClockOffsets`.
  var now: Instant { get }
  /// An answer of `host` carried this date.
  func note(_ date: Instant, from host: String)
  /// 64 random bits.
  func random() -> UInt64
  /// Returns when `duration` has passed, or at once when the task is cancelled.
  func sleep(for duration: Duration) async
}
