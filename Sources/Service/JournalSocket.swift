import POSIX

/// The socket of systemd's journal.
package final class JournalSocket: Sendable {
  private let socket: UnixDatagram
  /// Whether the last record was not accepted, so that the next one does not wait.
  private let isStalled = Guarded(false)

  /// The bytes for all values of a record that is too large for one datagram. With the names they are
  /// below the default limit of the kernel, 208 KiB.
  static let reducedSize = 128 << 10

  package init(path: String) {
    self.socket = UnixDatagram(path: path)
  }

  /// Sends the record, and returns whether the journal accepted it.
  package func write(_ record: LogRecord) -> Bool {
    let waits = !isStalled.withLock { $0 }
    var outcome = socket.send(LogFormatJournal.datagram(record), waits: waits)
    if outcome == .tooLarge {
      // The message contains the fields once more.
      let share = JournalSocket.reducedSize / (record.fields.count + 1)
      let reduced = LogFormatJournal.datagram(record, size: share)
      outcome = socket.send(reduced, waits: waits)
    }
    let isSent = outcome == .sent
    isStalled.withLock { $0 = !isSent }
    return isSent
  }
}
