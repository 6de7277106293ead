import COpenSSL
import Glibc
import RolloutCore

/// A time limit, implemented with a kernel timer. So this module reads no clock, and a wait that is
/// interrupted and begun again does not become longer.
struct Deadline: ~Copyable {
  private let timer: Int32

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

  enum Readiness {
    case readable, writable
  }

  enum Wait: Equatable {
    case ready
    case passed
    /// With the `errno`.
    case failed(Int32)
  }

  /// Waits until the descriptor is ready or the limit has passed. Returns `passed` when both are
  /// true, so that a peer that sends a byte at a time cannot extend the limit.
  func wait(for descriptor: Int32, _ readiness: Readiness) -> Wait {
    let events =
      switch readiness {
      case .readable: POLLIN
      case .writable: POLLOUT
      }
    var watched = [
      pollfd(fd: timer, events: Int16(POLLIN), revents: 0),
      pollfd(fd: descriptor, events: Int16(events), revents: 0),
    ]
    for _ in 0..<Deadline.maximumInterruptions {
      if poll(&watched, nfds_t(watched.count), -1) >= 0 {
        return watched[0].revents == 0 ? .ready : .passed
      }
      if errno != EINTR { return .failed(errno) }
    }
    return .failed(EINTR)
  }

  /// The maximum number of waits that signals interrupt. None is expected, because signals are
  /// blocked in these threads.
  private static let maximumInterruptions = 100
}
