import POSIX
import Reconciliation
import ServiceLifecycle

/// The loop as a service of the group: a stop wakes it, and lets a pass under way come to a
/// convenient end.
struct LoopService: Service {
  let loop: ReconcilerLoop
  let clock: SystemClock
  let farewell: Farewell
  private let result = Guarded<ReconcilerLoop.Ending>(.stopped)

  init(loop: ReconcilerLoop, clock: SystemClock, farewell: Farewell) {
    self.loop = loop
    self.clock = clock
    self.farewell = farewell
  }

  func run() async throws {
    let ending = await withGracefulShutdownHandler {
      await loop.run()
    } onGracefulShutdown: {
      farewell.say()
      clock.wake(.shutdown)
      Task { await loop.reconciler.stop() }
    }
    result.withLock { $0 = ending }
  }

  var ending: ExitStatus {
    switch result.withLock({ $0 }) {
    case .stopped: .success
    case .needsPerson: .needsPerson
    case .failed: .failure
    }
  }
}
