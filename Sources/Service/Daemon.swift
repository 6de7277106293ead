import AWSWire
package import Configuration
import Glibc
import Logging
import Narration
import POSIX
import Reconciliation
import RolloutCore
import ServiceLifecycle
import StateStore
import UnixSignals

/// The service: it takes the lock, opens the state file, runs the loop, and ends it.
package struct Daemon: Sendable {
  package let version: String
  package let options: Options
  package let environment: [String: String]

  package init(version: String, options: Options, environment: [String: String]) {
    self.version = version
    self.options = options
    self.environment = environment
  }

  package struct Options: Sendable {
    package var configPath: String
    package var logLevel: LogLevel?
    package var logFormat: LogFormat?
    package var mode: Mode

    package init(
      configPath: String, logLevel: LogLevel? = nil, logFormat: LogFormat? = nil,
      mode: Mode = .service
    ) {
      self.configPath = configPath
      self.logLevel = logLevel
      self.logFormat = logFormat
      self.mode = mode
    }

    package enum Mode: Sendable { case service, once, onceAndWait }
  }

  /// How long a stop waits for a running call before it is cancelled. The daemon must end within 10 s.
  static let stopGrace = Duration.seconds(7)

  /// Those that a start must not end by.
  package static let handledSignals = [SIGTERM, SIGINT, SIGHUP, SIGUSR1]

  /// Runs until a signal arrives, or until `--once` is done.
  package func run() async -> ExitStatus {
    StandardStreams.prepare()
    OpenFileLimit.raise()
    let configuration: Configuration
    do throws(InvalidConfiguration) {
      configuration = try ConfigurationLoader.load(
        path: options.configPath, environment: environment)
    } catch {
      let log = LogSettings(level: options.logLevel ?? .info, format: options.logFormat ?? .auto)
      report(error, to: LogReporter(logger(log)))
      await waitForJournal()
      return .configuration
    }
    let logger = logger(configuration.log)
    do throws(StateFailure) {
      return try await serve(configuration, logger: logger)
    } catch {
      LogReporter(logger).log(.stateFailed(path: error.path, error.description))
      await waitForJournal()
      return ExitStatus(error.kind)
    }
  }

  /// Waits until journald has read the last entries. It reads the unit of the sender from the kernel,
  /// which is not possible after the process has ended.
  private func waitForJournal() async {
    if environment["JOURNAL_STREAM"] == nil { return }
    await CallClock().sleep(for: Daemon.journalDelay)
  }

  static let journalDelay = Duration.milliseconds(200)

  private func logger(_ settings: LogSettings) -> Logger {
    let format = LogOutput.Format(rawValue: (options.logFormat ?? settings.format).rawValue)
    let output = LogOutput(format ?? .auto, environment: environment)
    let level = Logger.Level(rawValue: (options.logLevel ?? settings.level).rawValue) ?? .info
    return Logger(label: "cognito-certd") { _ in
      RecordLogHandler(output, level: level, now: { SystemClock.now })
    }
  }

  /// Logs one event for each problem.
  func report(_ invalid: InvalidConfiguration, to reporter: LogReporter) {
    for problem in invalid.problems where problem.severity == .error {
      reporter.log(
        .configurationRejected(path: options.configPath, problem.description))
    }
  }

  private func serve(
    _ configuration: Configuration, logger: Logger
  ) async throws(StateFailure) -> ExitStatus {
    let reporter = LogReporter(logger)
    let heartbeatPath = Heartbeat.path(
      stateFile: configuration.stateFile, runtimeDirectory: environment["RUNTIME_DIRECTORY"])
    let lock = try ProcessLock.acquire(
      stateFile: configuration.stateFile, heartbeat: heartbeatPath)
    let store = try StateStore.open(
      path: configuration.stateFile, mode: .daemon, holding: lock)
    defer { close(store, reporter) }
    let notifier = ServiceNotifier(environment: environment)
    let awsTime = AWSTime()
    let startedAt = SystemClock.now
    let counters = Guarded(Counters(loadedAt: startedAt))
    let clock = SystemClock(
      awsTime: awsTime, aliveInterval: (notifier.watchdogInterval ?? .seconds(60)) / 3,
      alive: { notifier.notifyWatchdog() })
    let clients: Clients
    do throws(MalformedEndpoint) {
      clients = try Clients(
        environment: environment, version: version, awsTime: awsTime,
        answered: { result in
          notifier.notifyWatchdog()
          if let result { counters.withLock { $0.note(result) } }
        })
    } catch {
      reporter.log(.configurationRejected(path: nil, error.description))
      return .configuration
    }
    let report = DaemonReport(
      logger: logger, notifier: notifier, heartbeatPath: heartbeatPath,
      heartbeat: Heartbeat(
        pid: getpid(), lastSuccessfulPoll: nil,
        pollInterval: configuration.fleet.pacing.pollInterval),
      counters: counters)
    let ports = Ports(
      certificates: clients.client, domains: clients.client,
      credentials: clients.client, edges: clients.probe, state: store, clock: clock,
      report: report)
    let ledger = Ledger(ports: ports, fleet: configuration.fleet)
    announce(configuration, reporter)
    let stopNotice = StopNotice(notifier, reporter)
    let dispatcher = DispatcherService(
      dispatcher: Dispatcher(ledger: ledger, ports: ports, mode: options.mode.dispatcherMode),
      clock: clock, stopNotice: stopNotice)
    let metrics = MetricsService(
      source: MetricsSource(
        ledger: ledger, counters: counters, version: version, startedAt: startedAt),
      reporter: reporter, configuration: configuration)
    let control = ControlService(
      daemon: self, configuration: configuration, ledger: ledger, metrics: metrics,
      counters: counters, clock: clock, store: store,
      report: report, reporter: reporter, notifier: notifier,
      signals: await UnixSignalsSequence(trapping: .sighup, .sigusr1))
    let status = await run(metrics, control, dispatcher, logger: logger)
    stopNotice.send()
    await clients.shutDown()
    return status
  }

  private func announce(_ configuration: Configuration, _ reporter: LogReporter) {
    reporter.log(
      .started(version: version, pid: getpid(), stateFile: configuration.stateFile))
    announceConfiguration(configuration, reporter)
  }

  func announceConfiguration(_ configuration: Configuration, _ reporter: LogReporter) {
    for warning in configuration.warnings {
      reporter.log(
        .configurationWarning(path: configuration.path, warning.description))
    }
    reporter.log(
      .configurationLoaded(
        path: configuration.path, domains: configuration.fleet.mappings.count,
        identities: configuration.fleet.identities.count))
  }

  private func run(
    _ metrics: MetricsService, _ control: ControlService, _ dispatcher: DispatcherService,
    logger: Logger
  ) async -> ExitStatus {
    var quiet = logger
    quiet.logLevel = .critical
    var settings = ServiceGroupConfiguration(
      // A stop reaches the last one first.
      services: [
        .init(service: metrics, successTerminationBehavior: .ignore),
        .init(service: control, successTerminationBehavior: .ignore),
        .init(
          service: dispatcher, successTerminationBehavior: .gracefullyShutdownGroup,
          failureTerminationBehavior: .gracefullyShutdownGroup),
      ],
      gracefulShutdownSignals: [.sigterm, .sigint], logger: quiet)
    settings.maximumGracefulShutdownDuration = Daemon.stopGrace
    do {
      try await ServiceGroup(configuration: settings).run()
    } catch {
      return .failure
    }
    return dispatcher.status
  }

  private func close(_ store: StateStore, _ reporter: LogReporter) {
    do throws(StateFailure) {
      try store.close()
    } catch {
      reporter.log(.stateWarning(path: error.path, error.description))
    }
  }
}

extension Daemon.Options.Mode {
  fileprivate var dispatcherMode: Dispatcher.Mode {
    switch self {
    case .service: .service
    case .once: .once
    case .onceAndWait: .onceAndWait
    }
  }
}
