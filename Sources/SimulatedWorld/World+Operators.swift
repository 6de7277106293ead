import Reconciliation
import RolloutCore
import StateStore
import VirtualTime

/// What operators do at the command line: each command is another process with a connection of
/// its own to the state file.
extension World {
  private static let person = OperatorName(escaping: "operator")

  func hold(_ index: Int, until length: Duration?, resumedAfter pause: Duration) async {
    let name = script.domains[index].name
    let until = length.map { machine.wallTime + $0 }
    guard await request(.hold(until: until), index) else { return }
    checkers.holds.held(name, for: length)
    if length != nil { return }
    await machine.sleep(for: pause)
    checkers.holds.resumes(name)
    // A full table or disk: a person tries again.
    while await !request(.resume, index), !machine.isOver {
      await machine.sleep(for: .minutes(1))
    }
  }

  /// A person who lets every stopped wave go on within the hour.
  func resumeWaves() async {
    while !machine.isOver {
      await machine.sleep(for: .hours(1))
      guard let process = machine.process, !machine.diskIsFull else { continue }
      let (path, now) = (stateFile, machine.wallTime)
      for wave in await process.ledger.stops.keys.sorted() {
        let isStored = await executor.outside { () async -> Bool in
          do {
            let store = try StateStore.open(path: path, mode: .command)
            _ = try await store.requestResume(ofWave: wave, by: World.person, at: now)
            try store.close()
            return true
          } catch {
            return false
          }
        }
        if isStored { checkers.orders.stored() }
      }
      process.clock.wake(.operatorRequest)
    }
  }

  /// Stores a request, and lets the daemon notice it within a second. False when it could not be
  /// stored.
  @discardableResult
  func request(_ kind: OperatorRequest.Kind, _ index: Int) async -> Bool {
    let (path, name, now) = (stateFile, script.domains[index].name, machine.wallTime)
    if machine.diskIsFull { return false }
    if kind == .retry { checkers.rollbacks.forgets(name) }
    let isStored = await executor.outside { () async -> Bool in
      do {
        let store = try StateStore.open(path: path, mode: .command)
        _ = try await store.request(
          kind, domain: try DomainName(parsing: name), by: World.person, at: now)
        try store.close()
        return true
      } catch {
        return false
      }
    }
    if isStored {
      checkers.orders.stored()
      machine.schedule(after: .milliseconds(draw(1000))) { [machine] in
        machine.process?.clock.wake(.operatorRequest)
      }
    }
    return isStored
  }
}
