import Glibc
import POSIX

/// Writes complete lines to a descriptor that it does not own. It never fails and never blocks for
/// long, because a log that cannot be written must not stop the daemon.
package final class LineWriter: Sendable {
  package let descriptor: Int32
  package let isTerminal: Bool
  private let state = Guarded(State())

  private struct State {
    /// The last line was written only in part.
    var isBroken = false
    /// The last line could not be written, so that the next one does not wait.
    var isStalled = false
  }

  /// How long one line waits for a reader that does not read.
  static let writeTimeout: Int32 = 500  // milliseconds
  /// The maximum of attempts in a row that write nothing, for example because of interruptions.
  static let maximumIdleAttempts = 8

  package init(descriptor: Int32) {
    self.descriptor = descriptor
    self.isTerminal = isatty(descriptor) == 1
  }

  package static var standardError: LineWriter { LineWriter(descriptor: STDERR_FILENO) }

  /// Writes `line` and a newline, with one write(2) if the kernel accepts it completely. A line that
  /// cannot be written in time is dropped.
  package func write(_ line: [UInt8]) {
    state.withLock { state in
      let newline = UInt8(ascii: "\n")
      let bytes = (state.isBroken ? [newline] : []) + line + [newline]
      let written = write(all: bytes, timeout: state.isStalled ? 0 : LineWriter.writeTimeout)
      state.isStalled = written < bytes.count
      if written > 0 { state.isBroken = written < bytes.count }
    }
  }

  /// Returns how many of the bytes were written.
  private func write(all bytes: [UInt8], timeout: Int32) -> Int {
    bytes.withUnsafeBytes { buffer in
      var written = 0
      var idle = 0
      while written < buffer.count, idle < LineWriter.maximumIdleAttempts {
        var request = pollfd(descriptor: descriptor)
        let ready = poll(&request, 1, timeout)
        if ready == 0 { break }
        let remaining = UnsafeRawBufferPointer(rebasing: buffer[written...])
        let count =
          ready > 0 ? Glibc.write(descriptor, remaining.baseAddress, remaining.count) : -1
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

/// Prepares the standard streams before the process opens its first file.
package enum StandardStreams {
  /// Ignores SIGPIPE, and opens /dev/null for each standard stream that is closed. Otherwise the next
  /// opened file would get its number, and log lines would be written to it.
  package static func prepare() {
    signal(SIGPIPE, SIG_IGN)
    for descriptor in STDIN_FILENO...STDERR_FILENO
    where fcntl(descriptor, F_GETFD) == -1 && errno == EBADF {
      // open returns the lowest free number, which is this one.
      _ = open("/dev/null", O_RDWR)
    }
  }
}
