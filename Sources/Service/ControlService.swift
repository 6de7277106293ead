import Configuration
import Glibc
import Narration
import POSIX
import Reconciliation
import RolloutCore
import ServiceLifecycle
import StateStore
import UnixSignals

/// Handles what reaches the running daemon from outside: SIGHUP, SIGUSR1, and requests that a command
/// wrote to the state file.
struct ControlService: Service {
  let daemon: Daemon
  let configuration: Configuration
  let ledger: Ledger
  let metrics: MetricsService
  let counters: Guarded<Counters>
  let clock: SystemClock
  let store: StateStore
  let report: DaemonReport
  let reporter: LogReporter
  let notifier: ServiceNotifier
  /// SIGHUP and SIGUSR1, trapped before the service is ready.
  let signals: UnixSignalsSequence

  /// How often the state file is checked for writes of another process, with one pragma.
  static let requestInterval = Duration.seconds(1)

  func run() async throws {
    await withTaskGroup(of: Void.self) { group in
      group.addTask { await handleSignals() }
      group.addTask { await watchRequests() }
      await group.waitForAll()
    }
  }

  private func handleSignals() async {
    // The file may have been read before it was changed.
    if EarlySignals.hasArrived(SIGHUP) { await reload() }
    for await signal in signals.cancelOnGracefulShutdown() {
      if signal == .sighup { await reload() } else { clock.wake(.pollRequested) }
    }
  }

  /// Reads the configuration again. An invalid one is logged and not used. A valid one is in force
  /// before it is logged, so that no call is made with the former one after that.
  private func reload() async {
    notifier.reloading(monotonic: SystemClock.monotonic)
    defer { notifier.ready() }
    let fresh: Configuration
    do throws(InvalidConfiguration) {
      fresh = try ConfigurationLoader.load(
        path: daemon.options.configPath, environment: daemon.environment)
    } catch {
      daemon.report(error, to: reporter)
      counters.withLock { $0.noteReload(succeededAt: nil) }
      return
    }
    await ledger.adopt(fresh.fleet)
    if fresh.stateFile != configuration.stateFile || fresh.log != configuration.log {
      reporter.log(
        .configurationWarning(
          path: fresh.path,
          "changes of state_file and log take effect at the next start"))
    }
    report.adopt(pollInterval: fresh.fleet.pacing.pollInterval)
    let now = clock.now
    counters.withLock { $0.noteReload(succeededAt: now) }
    await metrics.adopt(fresh)
    daemon.announceConfiguration(fresh, reporter)
    clock.wake(.cycleEnded)
  }

  private func watchRequests() async {
    let watch = SystemClock()
    await cancelWhenGracefulShutdown {
      var seen: Int64?
      while await watch.sleep(for: ControlService.requestInterval) == .time {
        guard let version = await dataVersion() else { continue }
        // The first number does not show whether requests wait already, so it also counts as a change.
        if seen != version { clock.wake(.operatorRequest) }
        seen = version
      }
    }
  }

  /// nil when it cannot be read now. The ledger reports failures of the state file.
  private func dataVersion() async -> Int64? {
    do throws(StateFailure) {
      return try await store.dataVersion()
    } catch {
      return nil
    }
  }
}
