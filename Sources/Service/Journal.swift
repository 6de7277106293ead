import POSIX

/// The socket of systemd's journal.
package final class Journal: Sendable {
  private let socket: UnixDatagram
  /// Whether the last record was not taken, so that the next one is not waited for.
  private let isStalled = Guarded(false)

  /// Bytes for all values of a record that the kernel would not take whole: with their names
  /// they stay below what every kernel takes unless it was told otherwise, 208 KiB.
  static let reducedSize = 128 << 10

  package init(path: String) {
    self.socket = UnixDatagram(path: path)
  }

  /// Whether the journal took the record.
  package func write(_ record: LogRecord) -> Bool {
    let waits = !isStalled.withLock { $0 }
    var outcome = socket.send(LogFormatJournal.datagram(record), waits: waits)
    if outcome == .tooLarge {
      // The message holds the facts once more.
      let share = Journal.reducedSize / (record.fields.count + 1)
      let reduced = LogFormatJournal.datagram(record, size: share)
      outcome = socket.send(reduced, waits: waits)
    }
    let wasTaken = outcome == .sent
    isStalled.withLock { $0 = !wasTaken }
    return wasTaken
  }
}
