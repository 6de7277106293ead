import POSIX
package import Reconciliation
package import RolloutCore
import SimulatedAWS

/// A clock that a simulation moves: sleeping sets it forward and returns.
package final class VirtualClock: ClockPort {
  private struct State {
    var now: Instant
    var uptime: Duration
    var dice: Dice
    var happenings: [Happening]
    var wake: WakeReason?
    var isStopped = false
  }

  /// Something that happens in the world at a time, whoever sleeps.
  struct Happening {
    let at: Duration
    let body: @Sendable () -> Void
  }

  private let state: Guarded<State>
  private let start: Instant

  package init(start: Instant, seed: UInt64) {
    self.start = start
    state = Guarded(
      State(now: start, uptime: .zero, dice: Dice(seed: seed), happenings: []))
  }

  /// What the machine's wall clock says: wrong after a step.
  package var now: Instant { state.withLock { $0.now } }
  /// What everyone else's clock says.
  package var trueTime: Instant { start + uptime }
  package var uptime: Duration { state.withLock { $0.uptime } }
  package func random() -> UInt64 { state.withLock { $0.dice.next() } }

  /// Lets something happen after that much uptime.
  package func schedule(after delay: Duration, _ body: @escaping @Sendable () -> Void) {
    state.withLock { state in
      let happening = Happening(at: state.uptime + delay, body: body)
      let index = state.happenings.firstIndex { $0.at > happening.at }
      state.happenings.insert(happening, at: index ?? state.happenings.endIndex)
    }
  }

  /// Time passes while a call is under way.
  package func advance(_ duration: Duration) {
    let target = uptime + duration
    while let due = takeDue(until: target) { due.body() }
    state.withLock { state in
      let rest = target - state.uptime
      if rest > .zero { VirtualClock.move(&state, by: rest) }
    }
  }

  /// The wall clock is set; the uptime is not.
  package func step(by duration: Duration) {
    state.withLock { $0.now = $0.now + duration }
  }

  package func wake(_ reason: WakeReason) { state.withLock { $0.wake = reason } }

  /// From now on every sleep says that it is time to stop.
  package func stop() { state.withLock { $0.isStopped = true } }

  package func restart() { state.withLock { $0.isStopped = false } }

  package func sleep(for duration: Duration) async -> WakeReason {
    let target = uptime + max(duration, .milliseconds(1))
    while true {
      if state.withLock({ $0.isStopped }) { return .shutdown }
      if let reason = state.withLock({ state in
        defer { state.wake = nil }
        return state.wake
      }) {
        return reason
      }
      guard let due = takeDue(until: target) else { break }
      due.body()
    }
    state.withLock { state in
      let rest = target - state.uptime
      if rest > .zero { VirtualClock.move(&state, by: rest) }
    }
    return .time
  }

  /// The next happening up to that uptime; the clock is moved to it.
  private func takeDue(until target: Duration) -> Happening? {
    state.withLock { state in
      guard let first = state.happenings.first, first.at <= target else { return nil }
      state.happenings.removeFirst()
      let rest = first.at - state.uptime
      if rest > .zero { VirtualClock.move(&state, by: rest) }
      return first
    }
  }

  private static func move(_ state: inout State, by duration: Duration) {
    state.uptime += duration
    state.now = state.now + duration
  }
}
