import Glibc
import POSIX
package import Transport

/// A small HTTP/1.1 server on the loopback address. Each connection has a blocking thread, so that the
/// delays of concurrent requests do not add up.
package final class SimulatorHTTPServer: Sendable {
  package let port: Int

  private let listener: TLSEdgeListener
  private let shared: Shared

  /// The answer to a request. `delay` counts from the last byte of the request.
  package struct Answer: Sendable {
    package var kind: Kind
    package var delay: Duration
    /// The answer is kept back while this is false.
    let isDue: @Sendable () -> Bool

    package init(
      _ kind: Kind, after delay: Duration = .zero,
      when isDue: @escaping @Sendable () -> Bool = { true }
    ) {
      self.kind = kind
      self.delay = delay
      self.isDue = isDue
    }

    package enum Kind: Sendable {
      case whole(HTTPResponse)
      /// The head, half the body, and the end of the connection.
      case half(HTTPResponse)
      /// The end of the connection.
      case nothing
      /// Nothing, until the client closes the connection.
      case silence
    }
  }

  /// What the threads of one server share.
  struct Shared: Sendable {
    let answer: @Sendable (HTTPRequest) -> Answer
    let limits: HTTPServerLimits
    let connections: Guarded<Connections>
  }

  struct Connections {
    var open: Set<Int32> = []
    var mostOpenAtOnce = 0
    var accepted = 0
    var isStopping = false
  }

  /// Begins to listen. With port 0 the system chooses the port.
  package init(
    port: Int = 0, limits: HTTPServerLimits = HTTPServerLimits(),
    answer: @escaping @Sendable (HTTPRequest) -> Answer
  ) throws(SimulationProblem) {
    let shared = Shared(answer: answer, limits: limits, connections: Guarded(Connections()))
    self.shared = shared
    do throws(TLSEdgeServerError) {
      listener = try TLSEdgeListener(address: "127.0.0.1", port: port)
    } catch {
      throw SimulationProblem("cannot listen on 127.0.0.1:\(port): \(error.reason)")
    }
    self.port = listener.port
    do throws(SystemError) {
      try listener.start { HTTPConnection.accept($0, shared) }
    } catch {
      throw SimulationProblem("cannot accept connections: no thread could be started: \(error)")
    }
  }

  deinit { stop() }

  /// The number of accepted connections.
  package var connections: Int { shared.connections.withLock { $0.accepted } }

  /// The maximum number of connections that were open at the same time.
  package var mostOpenAtOnce: Int { shared.connections.withLock { $0.mostOpenAtOnce } }

  /// Closes the listener and every connection, and returns when all threads have ended. It may be
  /// called any number of times.
  package func stop() {
    listener.stop()
    shared.connections.withLock { connections in
      connections.isStopping = true
      for descriptor in connections.open { shutdown(descriptor, Int32(SHUT_RDWR)) }
    }
    shared.connections.wait { $0.open.isEmpty }
  }
}
