import AWSWire
import Dispatch
import Glibc
import POSIX
package import Reconciliation
package import RolloutCore

/// The machine's clocks, its chance, and a sleep that signals cut short. This file alone reads
/// a clock, sleeps or draws randomness; everything else is given them.
package final class SystemClock: ClockPort {
  private let alive: @Sendable () -> Void
  private let aliveInterval: Duration
  private let state = Guarded(State())

  private struct State {
    /// The strongest wake-up that no sleep has delivered yet.
    var pending: WakeReason?
    var sleepers: [UInt64: CheckedContinuation<Void, Never>] = [:]
    var nextSleeper: UInt64 = 0
  }

  /// No sleep is longer; whoever asked for more looks around and sleeps again.
  static let maximumSleep = Duration.days(366)

  /// - Parameters:
  ///   - aliveInterval: how often `alive` is called at least while something sleeps.
  ///   - alive: called when a sleep begins and again and again until it ends.
  package init(
    aliveInterval: Duration = .seconds(30), alive: @escaping @Sendable () -> Void = {}
  ) {
    self.aliveInterval = max(aliveInterval, .milliseconds(1))
    self.alive = alive
  }

  /// The wall clock, for those who need nothing else.
  package static var now: Instant {
    var time = timespec()
    clock_gettime(CLOCK_REALTIME, &time)
    return Instant(milliseconds: Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000)
  }

  package var now: Instant { SystemClock.now }

  package var uptime: Duration { SystemClock.reading(of: CLOCK_BOOTTIME) }

  /// What systemd orders reloads by.
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

  /// Ends the sleep under way, or the next one at once.
  ///
  /// Wake-ups that arrive while nothing sleeps become one, the strongest: a shutdown, a requested
  /// poll, an operator's request, the end of a cycle. A weaker one that is dropped is not lost:
  /// the dispatcher looks at everything after each. A shutdown ends every sleep from then on.
  package func wake(_ reason: WakeReason) {
    let sleepers = state.withLock { state in
      if reason.strength >= state.pending?.strength ?? 1 { state.pending = reason }
      defer { state.sleepers = [:] }
      return state.sleepers.values
    }
    for sleeper in sleepers { sleeper.resume() }
  }

  /// As the port says; a cancelled task is told to shut down. Of several sleepers one gets the
  /// wake-up, unless it is a shutdown, and the others sleep on.
  package func sleep(for duration: Duration) async -> WakeReason {
    let deadline = uptime + min(max(duration, .zero), SystemClock.maximumSleep)
    while true {
      alive()
      if let reason = takePending() { return reason }
      if Task.isCancelled { return .shutdown }
      let rest = deadline - uptime
      if rest <= .zero { return .time }
      // Measured anew after each step: the timer may stand still while the machine is suspended.
      await pause(for: min(rest, aliveInterval))
    }
  }

  private func takePending() -> WakeReason? {
    state.withLock { state in
      guard let reason = state.pending else { return nil }
      if reason != .shutdown { state.pending = nil }
      return reason
    }
  }

  /// Returns when the time has passed, or earlier: whoever waits looks again.
  private func pause(for duration: Duration) async {
    let id = state.withLock { state in
      state.nextSleeper &+= 1
      return state.nextSleeper
    }
    let timer = DispatchSource.makeTimerSource()
    timer.setEventHandler { [self] in resume(id) }
    // A millisecond more than asked for, so that the last step does not end just too early.
    timer.schedule(deadline: .now() + .milliseconds(Int(duration.inMilliseconds) + 1))
    await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        // Under the lock, a wake-up or a cancellation is either seen here or finds the sleeper.
        let isDue = state.withLock { state in
          if state.pending != nil || Task.isCancelled { return true }
          state.sleepers[id] = continuation
          return false
        }
        if isDue { continuation.resume() }
        // Not before: a timer that fires earlier would find no one to wake. Always: libdispatch
        // does not let a timer go that was never started.
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

/// Time, chance and waiting between the attempts of one call: no wake-up cuts it short, and a
/// cancelled task does not wait.
struct CallClock: WireClock {
  var now: Instant { SystemClock.now }

  func random() -> UInt64 {
    var generator = SystemRandomNumberGenerator()
    return generator.next()
  }

  func sleep(for duration: Duration) async {
    do {
      try await Task.sleep(for: duration)
    } catch {
      // Cancelled: whoever called sees that by itself.
    }
  }
}
