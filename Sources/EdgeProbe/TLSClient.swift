import COpenSSL
import Glibc
import RolloutCore

/// Makes handshakes to see which certificate an edge shows. It sends no application data.
///
/// A handshake proves that the edge has the leaf's key. It completes with any certificate; the
/// certificate is verified afterwards, because a wrong one is a result to report.
final class TLSClient: @unchecked Sendable {
  /// An `SSL_CTX`. It does not change after `init`, and OpenSSL counts its users atomically.
  private let context: OpaquePointer

  init() throws(EdgeProbeError) {
    ERR_clear_error()
    guard let context = SSL_CTX_new(TLS_client_method()) else { throw .openSSL() }
    self.context = context
    // Every security policy of Cognito supports TLS 1.2.
    guard cossl_require_tls_1_2(context) == 1,
      // Level 0 also allows RSA keys of 1,024 bits, which CloudFront still serves. Nothing secret
      // is sent.
      SSL_CTX_set_cipher_list(context, "DEFAULT:@SECLEVEL=0") == 1
    else { throw .openSSL() }
    SSL_CTX_set_verify(context, SSL_VERIFY_NONE, nil)
    // Without this OpenSSL would verify the chain here as well, without roots.
    SSL_CTX_set_cert_verify_callback(context, { _, _ in 1 }, nil)
    cossl_keep_alerts(context)
  }

  deinit { SSL_CTX_free(context) }

  /// Makes one handshake on the connection, within the limit.
  ///
  /// An edge that has shown its leaf and proven its key serves that leaf, whatever happens after: it
  /// may require a certificate of its clients.
  func handshake(
    on connection: EdgeConnection, serverName: String, within limit: Duration, _ reactor: Reactor
  ) async throws(HandshakeFailure) -> ShownCertificates {
    let session: TLSSession
    let deadline: Deadline
    do throws(EdgeProbeError) {
      session = try TLSSession(context, connection, serverName: serverName)
      deadline = try Deadline(after: limit)
    } catch {
      throw .failed(error)
    }
    do throws(EdgeProbeError) {
      try await session.complete(within: limit, until: deadline, reactor)
    } catch {
      if let shown = session.provenCertificates { return shown }
      if let alert = session.receivedAlert { throw .refused(alert) }
      throw .failed(error)
    }
    session.close()
    return session.certificates
  }
}

/// Why a handshake showed no leaf.
enum HandshakeFailure: Error, Equatable {
  /// The edge answered with this TLS alert. Also a close notification: only a TLS server sends one.
  case refused(String)
  /// Nothing showed that the edge speaks TLS, or that it refuses: a reset, a closed connection, other
  /// bytes, no answer.
  case failed(EdgeProbeError)
}

/// What an edge showed in a handshake. It does not change.
final class ShownCertificates: @unchecked Sendable {
  /// An `X509`; nil when the edge showed none.
  let leaf: OpaquePointer?
  /// A `STACK_OF(X509)`: the leaf and what came with it.
  let all: OpaquePointer?
  /// `TLSv1.3`.
  let tlsVersion: String

  /// Takes over both pointers.
  init(leaf: OpaquePointer?, all: OpaquePointer?, tlsVersion: String) {
    self.leaf = leaf
    self.all = all
    self.tlsVersion = tlsVersion
  }

  deinit {
    X509_free(leaf)
    if let all { cossl_free_certificates(all) }
  }
}

/// One handshake. Only the task that makes it uses it.
private final class TLSSession: @unchecked Sendable {
  private let session: OpaquePointer
  private let connection: EdgeConnection

  /// Iterations of one handshake. A real one takes fewer than ten; the time limit ends others.
  private static let maximumIterations = 10_000

  init(
    _ context: OpaquePointer, _ connection: EdgeConnection, serverName: String
  ) throws(EdgeProbeError) {
    ERR_clear_error()
    guard let session = SSL_new(context) else { throw .openSSL() }
    self.session = session
    self.connection = connection
    guard SSL_set_fd(session, connection.descriptor) == 1,
      cossl_set_server_name(session, serverName) == 1
    else { throw .openSSL() }
  }

  deinit { SSL_free(session) }

  func complete(
    within limit: Duration, until deadline: Deadline, _ reactor: Reactor
  ) async throws(EdgeProbeError) {
    for _ in 0..<TLSSession.maximumIterations {
      guard let readiness = try advance() else { return }
      switch await reactor.wait(for: connection.descriptor, readiness, until: deadline) {
      case .ready: continue
      case .passed: throw EdgeProbeError("not complete within \(limit.compact)")
      case .cancelled: throw .cancelled
      case .failed(let code): throw .system(code)
      }
    }
    throw EdgeProbeError("not complete after \(TLSSession.maximumIterations) iterations")
  }

  /// Continues as far as possible, and returns what to wait for; nil when the handshake is complete.
  private func advance() throws(EdgeProbeError) -> Reactor.Readiness? {
    // The task may have changed its thread, and the queue of errors is the thread's.
    ERR_clear_error()
    let answer = SSL_connect(session)
    let systemCode = errno
    if answer == 1 { return nil }
    switch SSL_get_error(session, answer) {
    case SSL_ERROR_WANT_READ: return .readable
    case SSL_ERROR_WANT_WRITE: return .writable
    case SSL_ERROR_SYSCALL where systemCode != 0: throw .system(systemCode)
    case SSL_ERROR_SSL: throw .openSSL()
    default: throw EdgeProbeError("the edge closed the connection")
    }
  }

  /// Sends a close notification, so that the edge does not log a broken connection.
  func close() {
    SSL_shutdown(session)
    ERR_clear_error()
  }

  var certificates: ShownCertificates {
    let all = SSL_get_peer_cert_chain(session).flatMap { X509_chain_up_ref($0) }
    return ShownCertificates(
      leaf: SSL_get1_peer_certificate(session), all: all,
      tlsVersion: SSL_get_version(session).map { String(cString: $0) } ?? "")
  }

  /// What was shown before the handshake failed, if the edge has proven that it has the key. The RSA
  /// key exchange has no such proof before the end: there the leaf is believed without it.
  var provenCertificates: ShownCertificates? {
    guard cossl_has_checked_server(session) == 1 else { return nil }
    let shown = certificates
    return shown.leaf == nil ? nil : shown
  }

  var receivedAlert: String? {
    let alert = cossl_received_alert(session)
    guard alert >= 0 else { return nil }
    let words = SSL_alert_desc_string_long(alert).map { String(cString: $0) } ?? "unknown"
    return words == "unknown" ? "alert \(alert)" : words
  }
}
