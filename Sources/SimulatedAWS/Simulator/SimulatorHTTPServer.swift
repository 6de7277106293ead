import Glibc
import POSIX
package import Transport

/// A small HTTP/1.1 server on the loopback address: one blocking thread a connection, so that
/// sixteen callers that each wait 20 ms are answered at the same time and on time.
package final class SimulatorHTTPServer: Sendable {
  package let port: Int

  private let listener: TLSEdgeListener
  private let shared: Shared

  /// What a request gets, and when: `delay` counts from its last byte.
  package struct Answer: Sendable {
    package var kind: Kind
    package var delay: Duration

    package init(_ kind: Kind, after delay: Duration = .zero) {
      self.kind = kind
      self.delay = delay
    }

    package enum Kind: Sendable {
      case whole(HTTPResponse)
      /// The head, half the body, and the end of the connection.
      case half(HTTPResponse)
      /// The end of the connection.
      case nothing
      /// Nothing at all, until the client gives up.
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

  /// Listens at once. Port 0: the system picks one.
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

  /// Connections that were accepted since the start.
  package var connections: Int { shared.connections.withLock { $0.accepted } }

  /// The most connections that were open at one time.
  package var mostOpenAtOnce: Int { shared.connections.withLock { $0.mostOpenAtOnce } }

  /// Closes the listener and every connection, and returns when all threads are done with
  /// them. To be called as often as one likes.
  package func stop() {
    listener.stop()
    shared.connections.withLock { connections in
      connections.isStopping = true
      for descriptor in connections.open { shutdown(descriptor, Int32(SHUT_RDWR)) }
    }
    shared.connections.wait { $0.open.isEmpty }
  }
}
