import COpenSSL
import Glibc
import RolloutCore

/// Makes handshakes to see which certificate an edge shows; no data is ever sent.
///
/// A handshake proves that the edge holds the leaf's key. It goes through whatever the
/// certificate is worth: that is judged afterwards and recorded, since a wrong certificate is
/// the very thing to be seen.
final class TLSClient: @unchecked Sendable {
  /// An `SSL_CTX`; nothing changes it after `init`, and OpenSSL counts its users atomically.
  private let context: OpaquePointer

  init() throws(StepFailure) {
    ERR_clear_error()
    guard let context = SSL_CTX_new(TLS_client_method()) else { throw .openSSL() }
    self.context = context
    // Every security policy of Cognito's serves 1.2.
    guard cossl_require_tls_1_2(context) == 1,
      // Level 0 also lets a handshake through with RSA keys of 1,024 bits, which CloudFront
      // still serves. Nothing secret is ever sent.
      SSL_CTX_set_cipher_list(context, "DEFAULT:@SECLEVEL=0") == 1
    else { throw .openSSL() }
    SSL_CTX_set_verify(context, SSL_VERIFY_NONE, nil)
    // Would otherwise be judged twice, the first time against no roots at all.
    SSL_CTX_set_cert_verify_callback(context, { _, _ in 1 }, nil)
  }

  deinit { SSL_CTX_free(context) }

  /// Makes one handshake on the connection, blocking the thread for `limit` at most, and gives
  /// the leaf and the other certificates that came with it (a `STACK_OF(X509)`) to `body`.
  func handshake<Result>(
    on connection: borrowing EdgeConnection, serverName: String, within limit: Duration,
    _ body: (_ leaf: OpaquePointer?, _ others: OpaquePointer?) -> Result
  ) throws(StepFailure) -> Result {
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
    // A farewell, so that the edge does not log a broken connection. Its answer is not awaited.
    SSL_shutdown(session)
    ERR_clear_error()
    return result
  }

  /// Turns of a handshake. A real one takes fewer than ten; the time limit binds first.
  private static let maximumTurns = 10_000

  private func complete(
    _ session: OpaquePointer, _ connection: borrowing EdgeConnection, within limit: Duration
  ) throws(StepFailure) {
    let deadline = try Deadline(after: limit)
    for _ in 0..<TLSClient.maximumTurns {
      let answer = SSL_connect(session)
      let systemCode = errno
      if answer == 1 { return }
      let wait: Deadline.Wait
      switch SSL_get_error(session, answer) {
      case SSL_ERROR_WANT_READ: wait = deadline.wait(for: connection.descriptor, .readable)
      case SSL_ERROR_WANT_WRITE: wait = deadline.wait(for: connection.descriptor, .writable)
      case SSL_ERROR_SYSCALL where systemCode != 0: throw .system(systemCode)
      case SSL_ERROR_SSL: throw .openSSL()
      default: throw StepFailure("the edge closed the connection")
      }
      switch wait {
      case .ready: continue
      case .passed: throw StepFailure("not complete within \(limit.compact)")
      case .failed(let code): throw .system(code)
      }
    }
    throw StepFailure("not complete after \(TLSClient.maximumTurns) turns")
  }
}
