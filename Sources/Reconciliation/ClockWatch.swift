import RolloutCore

/// Tells a step of a clock from the passing of time.
struct ClockWatch: Sendable {
  private var host: Instant
  private var now: Instant
  private var uptime: Duration

  /// A difference between a clock and the machine's uptime that counts as a step.
  static let threshold = Duration.seconds(10)

  /// How far the clocks were stepped since the last call; nil: not at all.
  struct Steps: Sendable {
    /// This host's clock.
    var host: Duration?
    /// The time that decides, which is AWS's when this host's clock is wrong.
    var now: Duration?
  }

  init(_ clock: any ClockPort) {
    now = clock.now
    host = now + clock.hostError
    uptime = clock.uptime
  }

  mutating func steps(_ clock: any ClockPort) -> Steps {
    let passed = clock.uptime - uptime
    func step(_ time: Instant, since former: Instant) -> Duration? {
      let step = time.since(former) - passed
      return step.size > ClockWatch.threshold ? step : nil
    }
    let decides = clock.now
    let wall = decides + clock.hostError
    let steps = Steps(host: step(wall, since: host), now: step(decides, since: now))
    host = wall
    now = decides
    uptime += passed
    return steps
  }
}
