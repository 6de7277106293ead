package import RolloutCore

/// Time, chance and waiting between the attempts of one call.
package protocol WireClock: Sendable {
  /// The wall clock, as it is set: what AWS says of it is learned and kept apart.
  var now: Instant { get }
  /// 64 random bits.
  func random() -> UInt64
  /// Returns when `duration` has passed, or at once when the task is cancelled.
  func sleep(for duration: Duration) async
}
