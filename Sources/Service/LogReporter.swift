package import Logging
package import Narration

/// Writes events to the log.
package struct LogReporter: Sendable {
  private let logger: Logger

  package init(_ logger: Logger) {
    self.logger = logger
  }

  package func log(_ finding: ServiceFinding) { log(Narration.event(for: finding)) }

  package func log(_ event: Event) {
    let level = event.level.loggerLevel
    guard logger.logLevel <= level else { return }
    var metadata: Logger.Metadata = [LogRecord.eventKey: .string(event.kind.rawValue)]
    for (field, value) in event.fields { metadata[field.rawValue] = .string(value) }
    logger.log(level: level, "\(event.kind.message)", metadata: metadata)
  }
}

extension Event.Level {
  fileprivate var loggerLevel: Logger.Level {
    switch self {
    case .debug: .debug
    case .info: .info
    case .notice: .notice
    case .warning: .warning
    case .error: .error
    }
  }
}
