import COpenSSL

/// An OpenSSL context that serves one certificate.
final class TLSEdgeServerContext: @unchecked Sendable {
  /// An `SSL_CTX`. It does not change after `init`.
  private let context: OpaquePointer

  init(
    _ certificate: MintedCertificate, chain: [String]? = nil
  ) throws(TLSEdgeServerError) {
    ERR_clear_error()
    guard let context = SSL_CTX_new(TLS_server_method()) else { throw .openSSL("SSL_CTX_new") }
    self.context = context
    let leaf = try TLSEdgeServerContext.certificate(certificate.certificatePEM)
    defer { X509_free(leaf) }
    // Simulated edges may serve what OpenSSL considers weak.
    SSL_CTX_set_security_level(context, 0)
    guard SSL_CTX_use_certificate(context, leaf) == 1 else {
      throw .openSSL("using the certificate")
    }
    let minted = certificate.chainPEM.isEmpty ? [] : [certificate.chainPEM]
    for pem in chain ?? minted {
      let intermediate = try TLSEdgeServerContext.certificate(pem)
      defer { X509_free(intermediate) }
      guard cossl_add_chain_certificate(context, intermediate) == 1 else {
        throw .openSSL("using the intermediate")
      }
    }
    let key = try TLSEdgeServerContext.read(certificate.privateKeyPEM) {
      PEM_read_bio_PrivateKey($0, nil, nil, nil)
    }
    defer { EVP_PKEY_free(key) }
    guard SSL_CTX_use_PrivateKey(context, key) == 1, SSL_CTX_check_private_key(context) == 1
    else { throw .openSSL("using the private key") }
    SSL_CTX_set_num_tickets(context, 0)
  }

  deinit { SSL_CTX_free(context) }

  /// A session on the connected socket, which the caller frees; nil when OpenSSL is out of memory.
  func newSession(on descriptor: Int32) -> OpaquePointer? {
    guard let session = SSL_new(context) else { return nil }
    if SSL_set_fd(session, descriptor) == 1 { return session }
    SSL_free(session)
    return nil
  }

  private static func certificate(_ pem: String) throws(TLSEdgeServerError) -> OpaquePointer {
    try read(pem) { PEM_read_bio_X509($0, nil, nil, nil) }
  }

  private static func read(
    _ pem: String, _ parse: (OpaquePointer) -> OpaquePointer?
  ) throws(TLSEdgeServerError) -> OpaquePointer {
    guard let bio = BIO_new(BIO_s_mem()) else { throw .openSSL("BIO_new") }
    defer { BIO_free(bio) }
    guard BIO_write(bio, pem, Int32(clamping: pem.utf8.count)) > 0, let made = parse(bio) else {
      throw .openSSL("reading PEM")
    }
    return made
  }
}
