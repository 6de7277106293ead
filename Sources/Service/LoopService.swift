import Locking
import Reconciliation
import ServiceLifecycle

/// The loop as a service of the group: a stop wakes it, and lets a pass under way come to a
/// convenient end.
struct LoopService: Service {
  let loop: ReconcilerLoop
  let clock: SystemClock
  let notifier: ServiceNotifier
  private let result = Guarded<ReconcilerLoop.Ending>(.stopped)

  init(loop: ReconcilerLoop, clock: SystemClock, notifier: ServiceNotifier) {
    self.loop = loop
    self.clock = clock
    self.notifier = notifier
  }

  func run() async throws {
    let ending = await withGracefulShutdownHandler {
      await loop.run()
    } onGracefulShutdown: {
      notifier.stopping()
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
