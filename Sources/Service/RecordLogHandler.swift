package import Logging
package import RolloutCore

/// A handler for swift-log that writes records to a `LogOutput`.
package struct RecordLogHandler: LogHandler {
  package var logLevel: Logger.Level
  package var metadata: Logger.Metadata = [:]
  package var metadataProvider: Logger.MetadataProvider?
  private let output: LogOutput
  private let now: @Sendable () -> Instant

  package init(
    _ output: LogOutput, level: Logger.Level = .info, now: @escaping @Sendable () -> Instant
  ) {
    self.output = output
    self.logLevel = level
    self.now = now
  }

  package subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { metadata[key] }
    set { metadata[key] = newValue }
  }

  package func log(event: LogEvent) {
    var all = metadata
    if let provided = metadataProvider?.get() { all.merge(provided) { $1 } }
    if let error = event.error { all["error"] = .string(String(describing: error)) }
    if let own = event.metadata { all.merge(own) { $1 } }
    output.write(
      LogRecord(
        time: now(), level: event.level, message: event.message.description, metadata: all))
  }
}
