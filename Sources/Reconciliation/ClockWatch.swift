import RolloutCore

/// Tells a step of the wall clock from the passing of time.
struct ClockWatch: Sendable {
  private var wall: Instant
  private var uptime: Duration

  /// A difference between the wall clock and the machine's uptime that counts as a step.
  static let threshold = Duration.seconds(10)

  init(_ clock: any ClockPort) {
    wall = clock.now
    uptime = clock.uptime
  }

  /// How far the wall clock was stepped since the last call; nil when it was not.
  mutating func step(_ clock: any ClockPort) -> Duration? {
    let now = clock.now
    let up = clock.uptime
    let step = now.since(wall) - (up - uptime)
    wall = now
    uptime = up
    return step > ClockWatch.threshold || step < .zero - ClockWatch.threshold ? step : nil
  }
}
