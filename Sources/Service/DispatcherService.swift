import Glibc
import POSIX
import Reconciliation
import ServiceLifecycle

/// The dispatcher as a service of the group. A stop wakes it and ends looks at once; it waits for a
/// running call.
struct DispatcherService: Service {
  let dispatcher: Dispatcher
  let clock: SystemClock
  let stopNotice: StopNotice
  private let result = Guarded<Dispatcher.Ending>(.stopped)

  init(dispatcher: Dispatcher, clock: SystemClock, stopNotice: StopNotice) {
    self.dispatcher = dispatcher
    self.clock = clock
    self.stopNotice = stopNotice
  }

  func run() async throws {
    // It arrived before the group handled it.
    if EarlySignals.hasArrived(SIGTERM) || EarlySignals.hasArrived(SIGINT) {
      stopNotice.send()
      return
    }
    let ending = await withGracefulShutdownHandler {
      await dispatcher.run()
    } onGracefulShutdown: {
      stopNotice.send()
      dispatcher.ledger.stop.open()
      clock.wake(.shutdown)
    }
    result.withLock { $0 = ending }
  }

  var status: ExitStatus {
    switch result.withLock({ $0 }) {
    case .stopped: .success
    case .needsPerson: .needsPerson
    case .failed: .failure
    case .stateFailed(let failure): ExitStatus(failure.kind)
    }
  }
}
