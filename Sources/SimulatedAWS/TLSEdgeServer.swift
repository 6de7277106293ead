import COpenSSL
import EdgeProbe
import Glibc
import POSIX

/// A TLS listener on a loopback address that plays one edge of a domain: it serves a
/// certificate that can be changed at any time, or misbehaves as edges and what stands before
/// them do.
///
/// One thread accepts and one a connection serves, all ended by `stop`, or with the object.
package final class TLSEdgeServer: Sendable {
  package let address: String
  /// The one asked for, or the one that the system picked.
  package let port: Int

  private let listener: TLSEdgeListener
  private let shared: TLSEdgeServerState

  /// What becomes of new connections.
  package enum Behaviour: Hashable, Sendable, CaseIterable {
    case serving
    /// Closed as soon as they are accepted.
    case refusing
    /// Accepted and never answered.
    case stalling
    /// Answered with bytes that are not TLS.
    case garbage
    /// Answered with what might become TLS, a byte at a time, for minutes.
    case dripping
  }

  /// Listens at once. With a `page`, one HTTP request a connection is answered with it, so that
  /// curl and browsers show something; without, connections end after the handshake.
  package init(
    address: String = "127.0.0.1", port: Int = 0, certificate: MintedCertificate,
    page: String? = nil
  ) throws(TLSEdgeServerError) {
    let state = TLSEdgeServerState(context: try TLSEdgeServerContext(certificate), page: page)
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

  /// Has new connections be shown another certificate.
  package func serve(_ certificate: MintedCertificate) throws(TLSEdgeServerError) {
    let context = try TLSEdgeServerContext(certificate)
    shared.guarded.withLock { $0.context = context }
  }

  package func behave(_ behaviour: Behaviour) {
    shared.guarded.withLock { $0.behaviour = behaviour }
  }

  /// Handshakes that were completed.
  package var handshakes: Int { shared.guarded.withLock { $0.handshakes } }

  /// Connections that were accepted, whatever became of them.
  package var connections: Int { shared.guarded.withLock { $0.connections } }

  /// The names that clients asked for (SNI), oldest first; the last thousand.
  package var serverNames: [String] { shared.guarded.withLock { $0.serverNames } }

  /// The most connections that were open at one time.
  package var mostOpenAtOnce: Int { shared.guarded.withLock { $0.mostOpenAtOnce } }

  /// Closes the listener and every connection, and returns when all threads are done with
  /// them. To be called as often as one likes.
  package func stop() {
    listener.stop()
    shared.closeAll()
  }
}

/// Why a simulated edge could not be set up.
package struct TLSEdgeServerError: Error, Equatable, Sendable, CustomStringConvertible {
  /// Empty when the certificate was at fault.
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

  /// Wakes every thread out of its connection, and waits until each has closed its own.
  func closeAll() {
    guarded.withLock { values in
      values.isStopping = true
      for descriptor in values.open { shutdown(descriptor, Int32(SHUT_RDWR)) }
    }
    guarded.wait { $0.open.isEmpty }
  }
}
