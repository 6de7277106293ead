import Glibc
package import Terminal

/// The destination and the format of the log.
package enum LogOutput: Sendable {
  case console(LineWriter, Palette)
  case logfmt(LineWriter)
  case json(LineWriter)
  /// The writer is used for records that the journal does not accept.
  case journal(JournalSocket, LineWriter)

  /// The values of `log.format` and `--log-format`.
  package enum Format: String, Sendable, CaseIterable {
    /// The journal if standard error is connected to it, the console's if it is a terminal, otherwise
    /// logfmt.
    case auto
    case journal, console, logfmt, json
  }

  package init(
    _ format: Format, environment: [String: String],
    standardError: LineWriter = .standardError,
    journalPath: String = LogFormatJournal.socketPath
  ) {
    let console = LogOutput.console(
      standardError, Palette(isTerminal: standardError.isTerminal, environment: environment))
    let journal = LogOutput.journal(JournalSocket(path: journalPath), standardError)
    switch format {
    case .auto:
      let isConnected = LogOutput.isJournal(standardError.descriptor, environment: environment)
      self =
        isConnected ? journal : standardError.isTerminal ? console : .logfmt(standardError)
    case .journal: self = journal
    case .console: self = console
    case .logfmt: self = .logfmt(standardError)
    case .json: self = .json(standardError)
    }
  }

  /// Whether the descriptor is the stream that systemd connected to the journal. Its device and inode
  /// must be those in `JOURNAL_STREAM`; a shell may have redirected it since.
  package static func isJournal(_ descriptor: Int32, environment: [String: String]) -> Bool {
    let parts = environment["JOURNAL_STREAM", default: ""]
      .split(separator: ":", omittingEmptySubsequences: false)
    guard parts.count == 2, let device = UInt64(parts[0]), let inode = UInt64(parts[1])
    else { return false }
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { return false }
    return UInt64(status.st_dev) == device && UInt64(status.st_ino) == inode
  }

  package func write(_ record: LogRecord) {
    switch self {
    case .console(let writer, let palette):
      writer.write(Array(LogFormatConsole.line(record, palette: palette).utf8))
    case .logfmt(let writer):
      writer.write(Array(LogFormatLogfmt.line(record).utf8))
    case .json(let writer):
      writer.write(Array(LogFormatJSON.line(record).utf8))
    case .journal(let journal, let fallback):
      if !journal.write(record) {
        fallback.write(Array(LogFormatLogfmt.line(record).utf8))
      }
    }
  }
}
