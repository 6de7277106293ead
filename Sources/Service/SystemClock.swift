import AWSWire
import Dispatch
import Glibc
import POSIX
package import Reconciliation
package import RolloutCore

/// The clocks and random numbers of the machine, and a sleep that wake-ups end. Only this file reads a
/// clock, sleeps or draws a random number; the other files get them as parameters.
package final class SystemClock: ClockPort {
  private let awsTime: AWSTime
  private let alive: @Sendable () -> Void
  private let aliveInterval: Duration
  private let state = Guarded(State())

  private struct State {
    /// The strongest wake-up that no sleep has delivered yet.
    var pending: WakeReason?
    var sleepers: [UInt64: CheckedContinuation<Void, Never>] = [:]
    var nextSleeper: UInt64 = 0
  }

  /// The longest sleep. A caller that needs more sleeps again.
  static let maximumSleep = Duration.days(366)

  /// - Parameters:
  ///   - awsTime: AWS's clock, which decides when this host's is wrong.
  ///   - aliveInterval: the longest time between two calls of `alive` during a sleep.
  ///   - alive: called when a sleep begins, and repeatedly until it ends.
  package init(
    awsTime: AWSTime = AWSTime(), aliveInterval: Duration = .seconds(30),
    alive: @escaping @Sendable () -> Void = {}
  ) {
    self.awsTime = awsTime
    self.aliveInterval = max(aliveInterval, .milliseconds(1))
    self.alive = alive
  }

  /// The wall clock, for callers that need only this.
  package static var now: Instant {
    var time = timespec()
    clock_gettime(CLOCK_REALTIME, &time)
    return Instant(milliseconds: Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000)
  }

  package var now: Instant {
    let hostNow = SystemClock.now
    return hostNow + (.zero - awsTime.hostError(hostNow: hostNow, uptime: uptime))
  }

  package var hostError: Duration {
    awsTime.hostError(hostNow: SystemClock.now, uptime: uptime)
  }

  package var uptime: Duration { SystemClock.uptime }

  /// The machine's uptime, sleep included.
  static var uptime: Duration { reading(of: CLOCK_BOOTTIME) }

  /// The clock with which systemd orders reloads.
  package static var monotonic: Duration { reading(of: CLOCK_MONOTONIC) }

  private static func reading(of clock: clockid_t) -> Duration {
    var time = timespec()
    clock_gettime(clock, &time)
    return .seconds(Int64(time.tv_sec)) + .nanoseconds(Int64(time.tv_nsec))
  }

  package func random() -> UInt64 {
    var generator = SystemRandomNumberGenerator()
    return generator.next()
  }

  /// Ends the present sleep, or the next one at once.
  ///
  /// Wake-ups that arrive without a sleep become one, the strongest: a shutdown, a requested poll, an
  /// operator's request, the end of a cycle. The dispatcher handles everything that is due after each
  /// wake-up, so that nothing is lost with a weaker one. After a shutdown every sleep ends at once.
  package func wake(_ reason: WakeReason) {
    let sleepers = state.withLock { state in
      if reason.strength >= state.pending?.strength ?? 1 { state.pending = reason }
      defer { state.sleepers = [:] }
      return state.sleepers.values
    }
    for sleeper in sleepers { sleeper.resume() }
  }

  /// See `ClockPort`. In a cancelled task it returns `shutdown`. Of several sleepers only one gets a
  /// wake-up, except a shutdown, which all of them get.
  package func sleep(for duration: Duration) async -> WakeReason {
    let deadline = uptime + min(max(duration, .zero), SystemClock.maximumSleep)
    while true {
      alive()
      if let reason = takePending() { return reason }
      if Task.isCancelled { return .shutdown }
      let remaining = deadline - uptime
      if remaining <= .zero { return .time }
      // Measured again after each step, because the timer may stop while the machine is suspended.
      await wait(for: min(remaining, aliveInterval))
    }
  }

  package func pause(for duration: Duration) async { await CallClock().sleep(for: duration) }

  private func takePending() -> WakeReason? {
    state.withLock { state in
      guard let reason = state.pending else { return nil }
      if reason != .shutdown { state.pending = nil }
      return reason
    }
  }

  /// Returns when the time has passed, or earlier. The caller checks the time again.
  private func wait(for duration: Duration) async {
    let id = state.withLock { state in
      state.nextSleeper &+= 1
      return state.nextSleeper
    }
    let timer = DispatchSource.makeTimerSource()
    timer.setEventHandler { [self] in resume(id) }
    // A millisecond longer, so that the last step does not end slightly too early.
    timer.schedule(deadline: .now() + .milliseconds(Int(duration.inMilliseconds) + 1))
    await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        // With the lock held, a wake-up or a cancellation is either seen here or resumes the sleeper.
        let isDue = state.withLock { state in
          if state.pending != nil || Task.isCancelled { return true }
          state.sleepers[id] = continuation
          return false
        }
        if isDue { continuation.resume() }
        // After the sleeper is registered, so that the timer finds it. In every case, because
        // libdispatch traps when a timer is freed that was never activated.
        timer.activate()
      }
    } onCancel: {
      resume(id)
    }
    timer.cancel()
  }

  private func resume(_ id: UInt64) {
    state.withLock { $0.sleepers.removeValue(forKey: id) }?.resume()
  }
}

extension WakeReason {
  fileprivate var strength: Int {
    switch self {
    case .time: 0
    case .cycleEnded: 1
    case .operatorRequest: 2
    case .pollRequested: 3
    case .shutdown: 4
    }
  }
}

/// The clock between the attempts of one request. No wake-up ends its sleep; a cancelled task does not
/// sleep.
struct CallClock: WireClock {
  var awsTime = AWSTime()

  var now: Instant { SystemClock.now }
  var awsNow: Instant? { awsTime.now(hostNow: now, uptime: uptime) }
  var uptime: Duration { SystemClock.uptime }

  func note(_ date: Instant, from host: String) {
    awsTime.note(date, from: host, uptime: SystemClock.uptime)
  }

  func random() -> UInt64 {
    var generator = SystemRandomNumberGenerator()
    return generator.next()
  }

  func sleep(for duration: Duration) async {
    do {
      try await Task.sleep(for: duration)
    } catch {
      // The task is cancelled. The caller checks that itself.
    }
  }
}
