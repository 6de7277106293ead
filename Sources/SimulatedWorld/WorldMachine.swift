import POSIX
import Reconciliation
import RolloutCore
import VirtualTime

/// The machine that the simulated daemon runs on: its power, its wall clock and its disk, and the
/// process that runs.
final class WorldMachine: Sendable {
  /// One life of the daemon.
  struct Process: Sendable {
    let number: Int
    let clock: VirtualClock
    let ledger: Ledger
  }

  private struct State {
    var isOn = true
    /// Writes and calls until the power goes; nil: it stays.
    var cutIn: Int?
    var cuts = 0
    var offset: Duration = .zero
    /// Uptime of the last step of the wall clock.
    var lastStepAt: Duration?
    /// A step that comes in the middle of the next request.
    var stepInRequest: Duration?
    var diskIsFull = false
    var process: Process?
    var isOver = false
  }

  let executor: VirtualExecutor
  private let start: Instant
  private let state = Guarded(State())

  init(executor: VirtualExecutor, start: Instant) {
    self.executor = executor
    self.start = start
  }

  // MARK: Time

  var uptime: Duration { executor.uptime }

  /// What an exact clock shows.
  var trueTime: Instant { start + executor.uptime }

  /// What the machine's wall clock shows.
  var wallTime: Instant { trueTime + state.withLock { $0.offset } }

  /// The time by which the process decides.
  var decidingTime: Instant { process?.clock.now ?? wallTime }

  func sleep(for duration: Duration) async { await executor.sleep(for: duration) }

  func schedule(after delay: Duration, _ body: @escaping @Sendable () -> Void) {
    executor.schedule(after: delay, body)
  }

  func stepClock(by step: Duration) {
    let uptime = uptime
    let clock = state.withLock { state in
      state.offset += step
      state.lastStepAt = uptime
      return state.process?.clock
    }
    clock?.step(by: step)
  }

  func stepClockInNextRequest(by step: Duration) {
    state.withLock { $0.stepInRequest = step }
  }

  /// To be called in the middle of a request.
  func takeStepInRequest() {
    let step = state.withLock { state in
      defer { state.stepInRequest = nil }
      return state.stepInRequest
    }
    if let step { stepClock(by: step) }
  }

  /// Whether the wall clock was stepped since that uptime.
  func wasStepped(since uptime: Duration) -> Bool {
    state.withLock { $0.lastStepAt.map { $0 >= uptime } ?? false }
  }

  // MARK: Power

  var isOn: Bool { state.withLock { $0.isOn } }
  var cuts: Int { state.withLock { $0.cuts } }

  /// The power goes at the `count`-th point from now at which it would hurt.
  func cutPower(in count: Int) { state.withLock { $0.cutIn = count } }

  func restorePower() { state.withLock { $0.isOn = true } }

  /// A point at which a power cut is interesting. False when there is no power.
  func point() -> Bool {
    let (isOn, process) = state.withLock { state -> (Bool, Process?) in
      guard state.isOn else { return (false, nil) }
      guard let left = state.cutIn else { return (true, nil) }
      if left > 0 {
        state.cutIn = left - 1
        return (true, nil)
      }
      state.cutIn = nil
      state.isOn = false
      state.cuts += 1
      return (false, state.process)
    }
    process?.clock.wake(.shutdown)
    return isOn
  }

  // MARK: Disk

  var diskIsFull: Bool { state.withLock { $0.diskIsFull } }

  func setDisk(isFull: Bool) { state.withLock { $0.diskIsFull = isFull } }

  // MARK: Process

  var process: Process? { state.withLock { $0.process } }

  /// A clock for the next process: it shows what the machine's wall clock shows.
  func makeClock(seed: UInt64) -> VirtualClock {
    let clock = VirtualClock(executor, start: start, seed: seed)
    clock.step(by: state.withLock { $0.offset })
    return clock
  }

  func run(_ process: Process?) { state.withLock { $0.process = process } }

  var isOver: Bool { state.withLock { $0.isOver } }

  /// Ends the simulation.
  func end() {
    let process = state.withLock { state in
      state.isOver = true
      return state.process
    }
    process?.clock.wake(.shutdown)
  }
}
