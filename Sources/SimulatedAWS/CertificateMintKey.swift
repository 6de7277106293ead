import COpenSSL

/// A private key of a mint. OpenSSL allows concurrent signatures with one key.
final class CertificateMintKey: @unchecked Sendable {
  let pointer: OpaquePointer
  let pem: String

  convenience init(_ kind: MintedKey) throws(MintError) {
    switch kind {
    case .ecP256: try self.init(owning: cossl_new_ec_key("P-256"))
    case .ecP384: try self.init(owning: cossl_new_ec_key("P-384"))
    case .rsa2048: try self.init(rsa: 2048)
    }
  }

  convenience init(rsa bits: Int) throws(MintError) {
    try self.init(owning: cossl_new_rsa_key(bits))
  }

  private init(owning key: OpaquePointer?) throws(MintError) {
    guard let key else { throw MintError(failing: "making a key") }
    do throws(MintError) {
      pem = try pemText("writing a key") {
        PEM_write_bio_PrivateKey($0, key, nil, nil, 0, nil, nil)
      }
    } catch {
      EVP_PKEY_free(key)
      throw error
    }
    pointer = key
  }

  deinit { EVP_PKEY_free(pointer) }
}

extension MintError {
  /// The error of a failed step. Takes the reason from this thread's queue of OpenSSL, and empties it.
  init(failing step: String) {
    let code = ERR_peek_last_error()
    let reason = ERR_reason_error_string(code).map { String(cString: $0) }
    ERR_clear_error()
    self.init(step: step, reason: reason ?? "")
  }

  /// Throws unless `answer` is 1, the result of a successful function.
  static func require(_ answer: Int32, _ step: String) throws(MintError) {
    if answer != 1 { throw MintError(failing: step) }
  }
}

/// The text that `write` writes into a memory BIO.
func pemText(_ step: String, write: (OpaquePointer) -> Int32) throws(MintError) -> String {
  guard let bio = BIO_new(BIO_s_mem()) else { throw MintError(failing: step) }
  defer { BIO_free(bio) }
  try MintError.require(write(bio), step)
  var bytes: UnsafePointer<CChar>?
  let count = cossl_bio_bytes(bio, &bytes)
  guard let bytes, count > 0 else { throw MintError(failing: step) }
  return String(
    decoding: UnsafeRawBufferPointer(start: bytes, count: count), as: UTF8.self)
}
