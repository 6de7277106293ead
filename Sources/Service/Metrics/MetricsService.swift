import Configuration
import Narration
import POSIX
import Reconciliation
import RolloutCore
import ServiceLifecycle

/// Serves the metrics and writes them to a file, as far as the configuration asks for it. Neither
/// holds up a rotation, and a failure of either is logged once until it passes.
final class MetricsService: Service {
  private let source: MetricsSource
  private let reporter: LogReporter
  private let listener: MetricsListener
  private let settings: Guarded<Settings>
  /// Whose sleep a new configuration ends.
  private let clock = SystemClock()

  private struct Settings {
    let metrics: MetricsSettings
    let pollInterval: Duration

    init(_ configuration: Configuration) {
      metrics = configuration.metrics
      pollInterval = configuration.fleet.pacing.pollInterval
    }
  }

  /// The file is not written more often, so that a large fleet with much to do does not write it all
  /// the time.
  static let shortestInterval = Duration.seconds(15)
  private static let pauseBeforeStart = Duration.milliseconds(200)

  init(source: MetricsSource, reporter: LogReporter, configuration: Configuration) {
    self.source = source
    self.reporter = reporter
    settings = Guarded(Settings(configuration))
    listener = MetricsListener(
      answer: { path in
        switch path {
        case .metrics: return HTTPAnswer(metrics: await source.text())
        case .health:
          guard let problem = await source.problem() else { return HTTPAnswer(.ok, "ok") }
          return HTTPAnswer(.unavailable, problem)
        }
      },
      log: { reporter.log($0) })
  }

  /// Puts a new configuration in force.
  func adopt(_ configuration: Configuration) async {
    let former = settings.withLock { settings in
      defer { settings = Settings(configuration) }
      return settings.metrics.textfile
    }
    await listener.adopt(configuration.metrics.listen)
    if let former, former != configuration.metrics.textfile { await MetricsFile.remove(former) }
    clock.wake(.cycleEnded)
  }

  func run() async throws {
    await listener.adopt(settings.withLock { $0.metrics.listen })
    await cancelWhenGracefulShutdown { await self.keepFileWritten() }
    await listener.stop()
    // The last word of a run that ends by itself, and of one that is stopped.
    if let path = settings.withLock({ $0.metrics.textfile }) {
      _ = await MetricsFile.replace(path, with: await source.text())
    }
  }

  private func keepFileWritten() async {
    var written: (path: String, version: MetricsSource.Version, at: Duration)?
    var failure: MetricsFile.Failure?
    while true {
      let settings = settings.withLock { $0 }
      var pause = SystemClock.maximumSleep
      if let path = settings.metrics.textfile {
        pause = min(MetricsService.shortestInterval, settings.pollInterval)
        let version = await source.version()
        let age = written.map { SystemClock.uptime - $0.at } ?? settings.pollInterval
        let isOutdated = written?.path != path || written?.version != version
        if version.fleet == 0 {
          // The state file is still being read: a text without domains would mislead.
          pause = MetricsService.pauseBeforeStart
        } else if isOutdated || age >= settings.pollInterval {
          let former = failure
          failure = await MetricsFile.replace(path, with: await source.text())
          if let failure, failure != former { reporter.log(.metricsFailed(failure.description)) }
          written = failure == nil ? (path, version, SystemClock.uptime) : nil
        }
      }
      if await clock.sleep(for: pause) == .shutdown { return }
    }
  }
}
