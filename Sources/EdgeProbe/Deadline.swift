import COpenSSL
import Glibc
import RolloutCore

/// A time limit, implemented with a kernel timer. So this module reads no clock, and a wait that is
/// interrupted and begun again does not become longer.
final class Deadline: Sendable {
  /// Readable when the limit has passed.
  let timer: Int32

  init(after limit: Duration) throws(EdgeProbeError) {
    let timer = timerfd_create(CLOCK_MONOTONIC, Int32(TFD_CLOEXEC))
    guard timer >= 0 else { throw .system(errno) }
    // A time of 0 would disarm the timer.
    let milliseconds = max(1, limit.inMilliseconds)
    var time = itimerspec()
    time.it_value.tv_sec = Int(milliseconds / 1000)
    time.it_value.tv_nsec = Int(milliseconds % 1000) * 1_000_000
    guard timerfd_settime(timer, 0, &time, nil) == 0 else {
      let code = errno
      close(timer)
      throw .system(code)
    }
    self.timer = timer
  }

  deinit { close(timer) }

  var hasPassed: Bool {
    var watched = pollfd(fd: timer, events: Int16(POLLIN), revents: 0)
    return poll(&watched, 1, 0) == 1
  }
}
