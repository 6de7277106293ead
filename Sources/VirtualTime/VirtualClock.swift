import POSIX
package import Reconciliation
package import RolloutCore

/// A machine's clock under virtual time: its uptime is the executor's, its wall clock can be set,
/// and its chance has a seed.
///
/// Sleeps wake as those of the daemon's own clock do: wake-ups that arrive while nothing sleeps
/// become one, the strongest, and a shutdown ends every sleep from then on.
package final class VirtualClock: ClockPort {
  private struct State {
    var offset: Duration = .zero
    var dice: Dice
    /// The strongest wake-up that no sleep has delivered yet.
    var pending: WakeReason?
    var sleepers: [UInt64: CheckedContinuation<Void, Never>] = [:]
    var nextSleeper: UInt64 = 0
  }

  private let executor: VirtualExecutor
  private let start: Instant
  /// What the answers of AWS tell this process of AWS's clock.
  package let awsTime = AWSTime()
  private let state: Guarded<State>

  /// - Parameter start: what an exact clock shows at the executor's uptime zero.
  package init(_ executor: VirtualExecutor, start: Instant, seed: UInt64) {
    self.executor = executor
    self.start = start
    state = Guarded(State(dice: Dice(seed: seed)))
  }

  /// See `ClockPort`.
  package var now: Instant { hostNow + (.zero - hostError) }

  package var hostError: Duration { awsTime.hostError(hostNow: hostNow, uptime: uptime) }

  /// What this machine's wall clock shows: wrong after a step.
  package var hostNow: Instant { trueTime + state.withLock { $0.offset } }

  /// What an exact clock shows.
  package var trueTime: Instant { start + uptime }

  package var uptime: Duration { executor.uptime }

  package func random() -> UInt64 { state.withLock { $0.dice.next() } }

  /// Sets the wall clock forward, or back by a negative duration. The uptime stays.
  package func step(by duration: Duration) { state.withLock { $0.offset += duration } }

  package func wake(_ reason: WakeReason) {
    let sleepers = state.withLock { state in
      if reason.strength >= state.pending?.strength ?? 1 { state.pending = reason }
      defer { state.sleepers = [:] }
      return state.sleepers.sorted { $0.key < $1.key }.map(\.value)
    }
    for sleeper in sleepers { sleeper.resume() }
  }

  /// See `ClockPort`. In a cancelled task it returns `shutdown`.
  package func sleep(for duration: Duration) async -> WakeReason {
    let deadline = uptime + max(duration, .zero)
    while true {
      if let reason = takePending() { return reason }
      if Task.isCancelled { return .shutdown }
      let rest = deadline - uptime
      if rest <= .zero { return .time }
      await waitForWakeUp(atMost: rest)
    }
  }

  /// See `ClockPort`.
  package func pause(for duration: Duration) async { await executor.sleep(for: duration) }

  private func takePending() -> WakeReason? {
    state.withLock { state in
      guard let reason = state.pending else { return nil }
      if reason != .shutdown { state.pending = nil }
      return reason
    }
  }

  private func waitForWakeUp(atMost duration: Duration) async {
    let id = state.withLock { state in
      state.nextSleeper += 1
      return state.nextSleeper
    }
    await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        let isDue = state.withLock { state in
          if state.pending != nil || Task.isCancelled { return true }
          state.sleepers[id] = continuation
          return false
        }
        if isDue {
          continuation.resume()
        } else {
          executor.schedule(after: duration) { [self] in resume(id) }
        }
      }
    } onCancel: {
      resume(id)
    }
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
