import EdgeProbe
import Glibc
import POSIX

/// A TLS listener on a loopback address that simulates one edge of a domain. It serves a certificate
/// that can be changed at any time, or misbehaves like a broken edge or proxy.
///
/// One thread accepts connections, and each connection has a thread. `stop` ends all of them.
package final class TLSEdgeServer: Sendable {
  package let address: String
  /// The requested port, or the one that the system chose.
  package let port: Int

  private let listener: TLSEdgeListener
  private let shared: TLSEdgeServerState

  /// How new connections are treated.
  package enum Behaviour: Hashable, Sendable, CaseIterable {
    case serving
    /// Closed as soon as they are accepted.
    case refusing
    /// Answered with the alert of a server that does not know the name.
    case alerting
    /// Accepted, but never answered.
    case stalling
    /// Answered with bytes that are not TLS.
    case garbage
    /// Answered with the beginning of a TLS record, a byte at a time, for minutes.
    case dripping
  }

  /// Begins to listen. With a `page`, it answers one HTTP request on each connection with it, for curl
  /// and browsers. Without it, connections end after the handshake.
  ///
  /// - Parameter chain: PEM texts of what is served beside the leaf, instead of its intermediate.
  package init(
    address: String = "127.0.0.1", port: Int = 0, certificate: MintedCertificate,
    chain: [String]? = nil, page: String? = nil
  ) throws(TLSEdgeServerError) {
    let context = try TLSEdgeServerContext(certificate, chain: chain)
    let state = TLSEdgeServerState(context: context, page: page)
    let listener = try TLSEdgeListener(address: address, port: port)
    self.address = address
    self.port = listener.port
    self.listener = listener
    shared = state
    do throws(SystemError) {
      try listener.start { TLSEdgeConnection.accept($0, state) }
    } catch {
      throw TLSEdgeServerError(address: address, reason: "no thread could be started: \(error)")
    }
  }

  deinit { stop() }

  /// Changes the certificate for new connections.
  package func serve(_ certificate: MintedCertificate) throws(TLSEdgeServerError) {
    let context = try TLSEdgeServerContext(certificate)
    shared.guarded.withLock { $0.context = context }
  }

  package func behave(_ behaviour: Behaviour) {
    shared.guarded.withLock { $0.behaviour = behaviour }
  }

  /// The number of completed handshakes.
  package var handshakes: Int { shared.guarded.withLock { $0.handshakes } }

  /// The number of accepted connections.
  package var connections: Int { shared.guarded.withLock { $0.connections } }

  /// The last thousand names that clients asked for (SNI), oldest first.
  package var serverNames: [String] { shared.guarded.withLock { $0.serverNames } }

  /// The maximum number of connections that were open at the same time.
  package var mostOpenAtOnce: Int { shared.guarded.withLock { $0.mostOpenAtOnce } }

  /// Closes the listener and every connection, and returns when all threads have ended. It may be
  /// called any number of times.
  package func stop() {
    listener.stop()
    shared.closeAll()
  }
}

/// Why a simulated edge could not be created.
package struct TLSEdgeServerError: Error, Equatable, Sendable, CustomStringConvertible {
  /// Empty when the certificate is the cause.
  package let address: String
  package let reason: String

  package var description: String { "simulated edge \(address): \(reason)" }

  static func openSSL(_ step: String) -> TLSEdgeServerError {
    TLSEdgeServerError(address: "", reason: "\(step): \(EdgeProbeError.openSSL().text)")
  }
}

/// What the threads of one server share.
final class TLSEdgeServerState: Sendable {
  let page: String?
  let guarded: Guarded<Values>

  struct Values {
    var context: TLSEdgeServerContext
    var behaviour = TLSEdgeServer.Behaviour.serving
    var handshakes = 0
    var connections = 0
    var serverNames: [String] = []
    var open: Set<Int32> = []
    var mostOpenAtOnce = 0
    var isStopping = false

    mutating func record(serverName: String) {
      if serverNames.count >= Values.maximumNames { serverNames.removeFirst() }
      serverNames.append(serverName)
    }

    private static let maximumNames = 1000
  }

  init(context: TLSEdgeServerContext, page: String?) {
    self.page = page
    guarded = Guarded(Values(context: context))
  }

  /// Shuts down every connection, and waits until their threads have closed them.
  func closeAll() {
    guarded.withLock { values in
      values.isStopping = true
      for descriptor in values.open { shutdown(descriptor, Int32(SHUT_RDWR)) }
    }
    guarded.wait { $0.open.isEmpty }
  }
}
