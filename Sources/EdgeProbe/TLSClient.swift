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
  }

  deinit { SSL_CTX_free(context) }

  /// Makes one handshake on the connection, and calls `body` with the leaf and the other certificates
  /// that came with it (a `STACK_OF(X509)`). Blocks the thread for at most `limit`.
  func handshake<Result>(
    on connection: borrowing EdgeConnection, serverName: String, within limit: Duration,
    _ body: (_ leaf: OpaquePointer?, _ others: OpaquePointer?) -> Result
  ) throws(EdgeProbeError) -> Result {
    ERR_clear_error()
    guard let session = SSL_new(context) else { throw .openSSL() }
    defer { SSL_free(session) }
    guard SSL_set_fd(session, connection.descriptor) == 1,
      cossl_set_server_name(session, serverName) == 1
    else { throw .openSSL() }
    try complete(session, connection, within: limit)
    let leaf = SSL_get1_peer_certificate(session)
    defer { X509_free(leaf) }
    let result = body(leaf, SSL_get_peer_cert_chain(session))
    // Sends a close notification, so that the edge does not log a broken connection.
    SSL_shutdown(session)
    ERR_clear_error()
    return result
  }

  /// Iterations of one handshake. A real one takes fewer than ten; the time limit ends others.
  private static let maximumIterations = 10_000

  private func complete(
    _ session: OpaquePointer, _ connection: borrowing EdgeConnection, within limit: Duration
  ) throws(EdgeProbeError) {
    let deadline = try Deadline(after: limit)
    for _ in 0..<TLSClient.maximumIterations {
      let answer = SSL_connect(session)
      let systemCode = errno
      if answer == 1 { return }
      let wait: Deadline.Wait
      switch SSL_get_error(session, answer) {
      case SSL_ERROR_WANT_READ: wait = deadline.wait(for: connection.descriptor, .readable)
      case SSL_ERROR_WANT_WRITE: wait = deadline.wait(for: connection.descriptor, .writable)
      case SSL_ERROR_SYSCALL where systemCode != 0: throw .system(systemCode)
      case SSL_ERROR_SSL: throw .openSSL()
      default: throw EdgeProbeError("the edge closed the connection")
      }
      switch wait {
      case .ready: continue
      case .passed: throw EdgeProbeError("not complete within \(limit.compact)")
      case .failed(let code): throw .system(code)
      }
    }
    throw EdgeProbeError("not complete after \(TLSClient.maximumIterations) iterations")
  }
}
