import POSIX
import Reconciliation
import RolloutCore
import SimulatedAWS
import Transport

/// Whether the simulated machine has power. When it goes, everything that the process still
/// does comes to nothing.
final class WorldPower: Sendable {
  private struct State {
    var isOn = true
    /// Writes and calls until the power goes; nil: it stays.
    var cutIn: Int?
    var cuts = 0
  }

  private let state = Guarded(State())
  private let clock: VirtualClock

  init(clock: VirtualClock) { self.clock = clock }

  var isOn: Bool { state.withLock { $0.isOn } }
  var cuts: Int { state.withLock { $0.cuts } }

  /// The power goes at the `count`-th point from now at which it would hurt.
  func cut(in count: Int) { state.withLock { $0.cutIn = count } }

  func restore() {
    state.withLock { $0.isOn = true }
    clock.restart()
  }

  /// A point at which a power cut is interesting. False when there is no power.
  func point() -> Bool {
    let isOn = state.withLock { state in
      guard state.isOn else { return false }
      guard let left = state.cutIn else { return true }
      if left > 0 {
        state.cutIn = left - 1
        return true
      }
      state.cutIn = nil
      state.isOn = false
      state.cuts += 1
      return false
    }
    if !isOn { clock.stop() }
    return isOn
  }
}

/// The state file of a machine whose power may go before and after every write, and whose disk
/// may be full.
struct WorldState: StatePort {
  let store: any StatePort
  let power: WorldPower
  let isFull: @Sendable () -> Bool
  let wishes: @Sendable () -> [OperatorRequest]
  let granted: @Sendable ([Int64]) -> Void

  func loadRecords() async throws(StateFailure) -> [DomainRecord] {
    try await store.loadRecords()
  }

  func pendingRequests() async throws(StateFailure) -> [OperatorRequest] {
    guard power.isOn else { throw dead }
    return wishes()
  }

  func commit(_ change: StateChange) async throws(StateFailure) {
    guard power.point() else { throw dead }
    if isFull() {
      throw StateFailure(.full, path: "simulated", message: "the disk is full")
    }
    try await store.commit(change)
    granted(change.handled)
    guard power.point() else { throw dead }
  }

  private var dead: StateFailure {
    StateFailure(.io, path: "simulated", message: "the power is out")
  }
}
