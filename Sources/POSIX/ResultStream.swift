import Glibc

/// Writes the results of a command to standard output, as far as anybody reads them.
package struct ResultStream: Sendable {
  private let descriptor: Int32

  /// Why nothing more can be written.
  package enum Ending: Error, Equatable {
    /// The reader has closed the pipe: it has all that it wants.
    case closed
    case failed(SystemError)
  }

  /// With a pipe that closes, a write fails from now on and does not end the process.
  package init(descriptor: Int32 = STDOUT_FILENO) {
    ignoreBrokenPipes()
    self.descriptor = descriptor
  }

  /// Waits for a reader that is slow.
  package func write(_ text: String) throws(Ending) {
    var rest = Array(text.utf8)[...]
    // Each round writes at least a byte, waits, or throws.
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
      if count > 0 {
        rest = rest.dropFirst(count)
        continue
      }
      switch errno {
      case EINTR: continue
      case EAGAIN:
        var request = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
        _ = poll(&request, 1, -1)
      case EPIPE: throw .closed
      case let code: throw .failed(SystemError(code: code))
      }
    }
  }
}
