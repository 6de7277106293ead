import Reconciliation
import RolloutCore
import StateStore
import VirtualTime

/// The state file of a machine whose power may go before and after every write, and whose disk
/// may be full.
struct WorldStore: StatePort {
  let world: World
  let store: StateStore

  private var machine: WorldMachine { world.machine }

  func loadRecords() async throws(StateFailure) -> [DomainRecord] {
    guard machine.isOn else { throw dead }
    let store = store
    let records = try await machine.executor.outside { () async throws(StateFailure) in
      try await store.loadRecords()
    }
    if world.sabotage != .forgetsRollbacks { return records }
    return records.map { record in
      var record = record
      (record.shunned, record.rolledBack) = ([], nil)
      return record
    }
  }

  func loadStoppedWaves() async throws(StateFailure) -> [WaveStop] {
    guard machine.isOn else { throw dead }
    let store = store
    return try await machine.executor.outside { () async throws(StateFailure) in
      try await store.loadStoppedWaves()
    }
  }

  func loadFirstImports() async throws(StateFailure) -> [CertificateARN: Instant] {
    guard machine.isOn else { throw dead }
    let store = store
    return try await machine.executor.outside { () async throws(StateFailure) in
      try await store.loadFirstImports()
    }
  }

  func pendingRequests() async throws(StateFailure) -> [OperatorRequest] {
    guard machine.isOn else { throw dead }
    if world.sabotage == .ignoresHolds { return [] }
    let store = store
    return try await machine.executor.outside { () async throws(StateFailure) in
      try await store.pendingRequests()
    }
  }

  func commit(_ change: StateChange) async throws(StateFailure) {
    var change = change
    if world.sabotage == .ignoresHolds { change.guarding = nil }
    if world.sabotage == .callsWithoutIntent {
      change.records.removeAll { $0.rollout?.phaseWord == "submitting" }
    }
    try await write(change)
  }

  private func write(_ change: StateChange) async throws(StateFailure) {
    await machine.sleep(for: world.writeLatency())
    guard machine.point() else { throw dead }
    if machine.diskIsFull {
      throw StateFailure(.full, path: "simulated", message: "the disk is full")
    }
    let store = store
    try await machine.executor.outside { () async throws(StateFailure) in
      try await store.commit(change)
    }
    world.checkers.committed(change)
    await machine.sleep(for: world.writeLatency())
    guard machine.point() else { throw dead }
  }

  private var dead: StateFailure {
    StateFailure(.io, path: "simulated", message: "the power is out")
  }
}
