import Glibc
import POSIX

/// Writes whole lines to a descriptor that someone else owns, and never fails or stays stuck:
/// a log that cannot be written must not end or stop the daemon.
package final class LineWriter: Sendable {
  package let descriptor: Int32
  package let isTerminal: Bool
  private let state = Guarded(State())

  private struct State {
    /// The start of a line is out and its end never will be.
    var isBroken = false
    /// The last line could not be written, so that the next one is not waited for.
    var isStalled = false
  }

  /// How long a reader that does not read is waited for, once.
  static let patience: Int32 = 500  // milliseconds
  /// Attempts in a row that write nothing: interruptions and false alarms.
  static let maximumIdleAttempts = 8

  package init(descriptor: Int32) {
    self.descriptor = descriptor
    self.isTerminal = isatty(descriptor) == 1
  }

  package static var standardError: LineWriter { LineWriter(descriptor: STDERR_FILENO) }

  /// Writes `line` and a newline by one write(2), as far as the kernel takes it whole. A line
  /// that cannot be written in time is dropped.
  package func write(_ line: [UInt8]) {
    state.withLock { state in
      let newline = UInt8(ascii: "\n")
      let bytes = (state.isBroken ? [newline] : []) + line + [newline]
      let written = write(all: bytes, patience: state.isStalled ? 0 : LineWriter.patience)
      state.isStalled = written < bytes.count
      if written > 0 { state.isBroken = written < bytes.count }
    }
  }

  /// How many of the bytes were written.
  private func write(all bytes: [UInt8], patience: Int32) -> Int {
    bytes.withUnsafeBytes { buffer in
      var written = 0
      var idle = 0
      while written < buffer.count, idle < LineWriter.maximumIdleAttempts {
        var request = pollfd(descriptor: descriptor)
        let ready = poll(&request, 1, patience)
        if ready == 0 { break }
        let rest = UnsafeRawBufferPointer(rebasing: buffer[written...])
        let count = ready > 0 ? Glibc.write(descriptor, rest.baseAddress, rest.count) : -1
        if count > 0 {
          written += count
          idle = 0
        } else if count == 0 || errno == EINTR || errno == EAGAIN {
          idle += 1
        } else {
          break
        }
      }
      return written
    }
  }
}

extension pollfd {
  fileprivate init(descriptor: Int32) {
    self.init(fd: descriptor, events: Int16(POLLOUT), revents: 0)
  }
}

/// What a process must settle before it opens its first file.
package enum StandardStreams {
  /// Ignores SIGPIPE, and opens /dev/null in the place of each standard stream that is closed:
  /// otherwise the next file to be opened would get its number, and log lines with it.
  package static func prepare() {
    signal(SIGPIPE, SIG_IGN)
    for descriptor in STDIN_FILENO...STDERR_FILENO
    where fcntl(descriptor, F_GETFD) == -1 && errno == EBADF {
      // open takes the lowest free number, which is this one: those below it are open.
      _ = open("/dev/null", O_RDWR)
    }
  }
}
