import Narration
import RolloutCore

/// Runs the cycles of all accounts, each as it falls due, until it is told to stop or until there
/// is nothing left to wait for. No cycle waits for another.
package struct Dispatcher: Sendable {
  package let ledger: Ledger
  package let ports: Ports
  package let mode: Mode

  package init(ledger: Ledger, ports: Ports, mode: Mode) {
    self.ledger = ledger
    self.ports = ports
    self.mode = mode
  }

  package enum Mode: Equatable, Sendable {
    case service
    /// One poll of every account.
    case once
    /// Until nothing is under way that time alone will move on.
    case onceAndWait
  }

  package enum Ending: Equatable, Sendable {
    case stopped
    /// Something needs a person; only of `once` and `onceAndWait`.
    case needsPerson
    case failed(String)
    /// The state file cannot be read or written.
    case stateFailed(StateFailure)
  }

  /// The longest sleep while nothing is due.
  static let longestSleep = Duration.hours(1)

  package func run() async -> Ending {
    do throws(StateFailure) {
      try await ledger.start()
    } catch {
      ports.report.emit(.stateFailed(path: error.path, error.description))
      return .stateFailed(error)
    }
    await ledger.takeRequests()
    ports.report.looksBegan()
    return await withDiscardingTaskGroup { group in
      while true {
        for turn in await ledger.beginTurns(isSinglePass: mode == .once) {
          group.addTask { await run(turn) }
        }
        if let ending = await ending() {
          await ledger.showState(isLast: true)
          return ending
        }
        switch await ports.clock.sleep(for: await ledger.pause()) {
        case .time, .cycleEnded: break
        case .operatorRequest: await ledger.takeRequests()
        case .pollRequested:
          await ledger.takeRequests()
          await ledger.expedite()
        case .shutdown:
          await ledger.beginStop()
          return .stopped
        }
      }
    }
  }

  private func run(_ turn: Turn) async {
    if let cycle = await ledger.cycle(for: turn) {
      let begun = ports.clock.uptime
      let leftOver = await cycle.run()
      await ledger.end(
        turn, of: cycle.account, leftOver: leftOver, took: ports.clock.uptime - begun)
      if mode == .service, await ledger.maySleepOn { return }
    }
    ports.clock.wake(.cycleEnded)
  }

  /// How a run that ends by itself ends; nil while it goes on.
  private func ending() async -> Ending? {
    guard await ledger.isIdle else { return nil }
    switch mode {
    case .service: return nil
    case .once: return await ledger.hasPolledAll ? ledger.ending : nil
    case .onceAndWait:
      guard await ledger.hasPolledAll, await !ledger.awaitsSomething else { return nil }
      return await ledger.ending
    }
  }
}
