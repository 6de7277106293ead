import Configuration
import Reconciliation
import Narration
import RolloutCore
import ServiceLifecycle
import StateStore
import UnixSignals

/// What reaches the daemon from outside while it runs: SIGHUP, SIGUSR1, and requests that a
/// command left in the state file.
struct ControlService: Service {
  let daemon: Daemon
  let configuration: Configuration
  let ledger: Ledger
  let clock: SystemClock
  let store: StateStore
  let report: DaemonReport
  let reporter: LogReporter
  let notifier: ServiceNotifier
  /// SIGHUP and SIGUSR1, trapped before the service says that it is ready.
  let signals: UnixSignalsSequence

  /// How often the state file is asked whether another process wrote to it: one pragma.
  static let requestInterval = Duration.seconds(1)

  func run() async throws {
    await withTaskGroup(of: Void.self) { group in
      group.addTask { await obeySignals() }
      group.addTask { await watchRequests() }
      await group.waitForAll()
    }
  }

  private func obeySignals() async {
    for await signal in signals.cancelOnGracefulShutdown() {
      if signal == .sighup { await reload() } else { clock.wake(.pollRequested) }
    }
  }

  /// A bad file keeps the configuration that is in force. A good one is in force before it is
  /// reported: no call is made under the former one after that.
  private func reload() async {
    notifier.reloading(monotonic: SystemClock.monotonic)
    defer { notifier.ready() }
    let fresh: Configuration
    do throws(InvalidConfiguration) {
      fresh = try ConfigurationLoader.load(
        path: daemon.options.configPath, environment: daemon.environment)
    } catch {
      daemon.report(error, to: reporter)
      return
    }
    await ledger.adopt(fresh.fleet)
    if fresh.stateFile != configuration.stateFile || fresh.log != configuration.log {
      reporter.log(
        .configurationWarning(
          path: fresh.path,
          "state_file and log take effect at the next start; the rest is in force now"))
    }
    report.adopt(pollInterval: fresh.fleet.pacing.pollInterval)
    daemon.announceConfiguration(fresh, reporter)
    clock.wake(.cycleEnded)
  }

  private func watchRequests() async {
    let watch = SystemClock()
    await cancelWhenGracefulShutdown {
      var seen: Int64?
      while await watch.sleep(for: ControlService.requestInterval) == .time {
        guard let version = await dataVersion() else { continue }
        // The first number tells nothing of what came before it: that is looked for as well.
        if seen != version { clock.wake(.operatorRequest) }
        seen = version
      }
    }
  }

  /// nil when it cannot be read now; the ledger reports what is wrong with the state file.
  private func dataVersion() async -> Int64? {
    do throws(StateFailure) {
      return try await store.dataVersion()
    } catch {
      return nil
    }
  }
}
