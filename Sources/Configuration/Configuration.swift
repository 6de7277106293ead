package import RolloutCore

/// A configuration file that was read and found right: all that the program takes from it.
package struct Configuration: Equatable, Sendable {
  package var fleet: Fleet
  /// An absolute path.
  package var stateFile: String
  package var log: LogSettings
  /// The file it was read from, as it was given.
  package var path: String
  /// What is allowed and yet likely not meant, in the order of the file.
  package var warnings: [Problem]

  package init(
    fleet: Fleet, stateFile: String, log: LogSettings, path: String, warnings: [Problem]
  ) {
    self.fleet = fleet
    self.stateFile = stateFile
    self.log = log
    self.path = path
    self.warnings = warnings
  }
}

/// What is logged, and in which form.
package struct LogSettings: Equatable, Sendable {
  package var level: LogLevel
  package var format: LogFormat

  package init(level: LogLevel = .info, format: LogFormat = .auto) {
    self.level = level
    self.format = format
  }
}

/// The least grave line that is still written, from the most talkative on.
package enum LogLevel: String, Sendable, CaseIterable {
  case trace, debug, info, notice, warning, error, critical
}

package enum LogFormat: String, Sendable, CaseIterable {
  /// `journal` under systemd, else `logfmt` on standard error.
  case auto
  case journal, logfmt, json
}
