package import RolloutCore

/// The content of a valid configuration file.
package struct Configuration: Equatable, Sendable {
  package var fleet: Fleet
  /// An absolute path.
  package var stateFile: String
  package var log: LogSettings
  package var metrics: MetricsSettings
  /// The file it was read from, as given by the caller.
  package var path: String
  /// What is allowed but probably a mistake, in the order of the file.
  package var warnings: [ConfigurationProblem]

  package init(
    fleet: Fleet, stateFile: String, log: LogSettings,
    metrics: MetricsSettings = MetricsSettings(), path: String,
    warnings: [ConfigurationProblem]
  ) {
    self.fleet = fleet
    self.stateFile = stateFile
    self.log = log
    self.metrics = metrics
    self.path = path
    self.warnings = warnings
  }
}

/// Which lines are logged, and in which format.
package struct LogSettings: Equatable, Sendable {
  package var level: LogLevel
  package var format: LogFormat

  package init(level: LogLevel = .info, format: LogFormat = .auto) {
    self.level = level
    self.format = format
  }
}

/// Where the metrics can be read; nowhere by default.
package struct MetricsSettings: Equatable, Sendable {
  package var listen: ListenAddress?
  /// The absolute path of a file whose name ends in `.prom`.
  package var textfile: String?

  package init(listen: ListenAddress? = nil, textfile: String? = nil) {
    self.listen = listen
    self.textfile = textfile
  }
}

/// The lowest severity that is logged, in ascending order.
package enum LogLevel: String, Sendable, CaseIterable {
  case trace, debug, info, notice, warning, error, critical
}

package enum LogFormat: String, Sendable, CaseIterable {
  /// `journal` under systemd, `console` on a terminal, otherwise `logfmt`; all but `journal` on
  /// standard error.
  case auto
  case journal, console, logfmt, json
}
