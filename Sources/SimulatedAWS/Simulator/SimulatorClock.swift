import Glibc
package import RolloutCore

/// The clocks and the sleep of the simulator. Only this file reads a clock; the simulated AWS gets the
/// time as a parameter.
package enum SimulatorClock {
  /// The wall clock.
  package static var now: Instant {
    var time = timespec()
    clock_gettime(CLOCK_REALTIME, &time)
    return Instant(milliseconds: Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000)
  }

  /// A monotonic clock with an arbitrary origin.
  package static var uptime: Duration {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return .seconds(Int64(time.tv_sec)) + .nanoseconds(Int64(time.tv_nsec))
  }

  /// Blocks the thread until `uptime`. The parameter is a time and not a duration, so that earlier work
  /// counts as part of the wait.
  package static func sleep(until uptime: Duration) {
    let (seconds, attoseconds) = uptime.components
    var time = timespec(tv_sec: Int(seconds), tv_nsec: Int(attoseconds / 1_000_000_000))
    while clock_nanosleep(CLOCK_MONOTONIC, Int32(TIMER_ABSTIME), &time, nil) == EINTR {}
  }
}
