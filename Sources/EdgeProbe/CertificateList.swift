import COpenSSL

/// Certificates parsed from PEM text.
final class CertificateList: @unchecked Sendable {
  /// A `STACK_OF(X509)`. It does not change after `init` and lives as long as the list.
  let stack: OpaquePointer
  let count: Int

  /// How blocks that are not certificates are treated.
  enum OtherBlocks {
    case refuse
    /// Files of roots may also contain revocation lists and keys.
    case skip
  }

  struct Limits {
    var bytes: Int
    var blocks: Int
  }

  init(
    readingPEM text: some Collection<UInt8>, limits: Limits, otherBlocks: OtherBlocks = .refuse
  ) throws(EdgeProbeError) {
    guard text.count <= limits.bytes else {
      throw EdgeProbeError("\(text.count) bytes of PEM are over the limit of \(limits.bytes)")
    }
    ERR_clear_error()
    guard let bio = BIO_new(BIO_s_mem()) else { throw .openSSL() }
    defer { BIO_free(bio) }
    guard let stack = cossl_new_certificates() else { throw .openSSL() }
    do throws(EdgeProbeError) {
      let bytes = Array(text)
      if !bytes.isEmpty, BIO_write(bio, bytes, Int32(clamping: bytes.count)) != bytes.count {
        throw .openSSL()
      }
      try CertificateList.read(from: bio, into: stack, limits: limits, otherBlocks: otherBlocks)
    } catch {
      cossl_free_certificates(stack)
      throw error
    }
    self.stack = stack
    count = Int(cossl_count_certificates(stack))
  }

  deinit { cossl_free_certificates(stack) }

  /// Calls `body` with the first certificate, or nil for an empty list. The pointer is valid only
  /// inside `body`.
  func withFirst<Result>(_ body: (OpaquePointer?) -> Result) -> Result {
    withExtendedLifetime(self) { body(cossl_certificate_at(stack, 0)) }
  }

  private static func read(
    from bio: OpaquePointer, into stack: OpaquePointer, limits: Limits, otherBlocks: OtherBlocks
  ) throws(EdgeProbeError) {
    for number in 1...limits.blocks + 1 {
      guard let block = try PEMBlock(readingFrom: bio, number: number) else { return }
      guard number <= limits.blocks else { break }
      guard block.isCertificate else {
        switch otherBlocks {
        case .skip: continue
        case .refuse:
          throw EdgeProbeError("PEM block \(number) is not a certificate but \(block.shownName)")
        }
      }
      let certificate = try block.certificate()
      if cossl_push_certificate(stack, certificate) == 0 {
        X509_free(certificate)
        throw .openSSL()
      }
    }
    throw EdgeProbeError("there are more than \(limits.blocks) PEM blocks")
  }
}

/// One PEM block, decoded from Base64.
private struct PEMBlock: ~Copyable {
  let isCertificate: Bool
  /// The name in the BEGIN line, shortened for messages.
  let shownName: String
  private let isTrustedForm: Bool
  private let isEncrypted: Bool
  private let data: UnsafeMutablePointer<UInt8>
  private let length: Int
  private let number: Int

  /// Returns nil at the end of the text. `PEM_read_bio_X509` is not used, because it asks the terminal
  /// for a password when a block claims to be encrypted.
  init?(readingFrom bio: OpaquePointer, number: Int) throws(EdgeProbeError) {
    var name: UnsafeMutablePointer<CChar>?
    var header: UnsafeMutablePointer<CChar>?
    var data: UnsafeMutablePointer<UInt8>?
    var length = 0
    let answer = PEM_read_bio(bio, &name, &header, &data, &length)
    defer {
      cossl_free(name)
      cossl_free(header)
    }
    guard answer == 1, let data, let name else {
      let isEnd = cossl_is_end_of_pem(ERR_peek_last_error()) == 1
      let reason = EdgeProbeError.openSSL()
      cossl_free(data)
      if isEnd { return nil }
      throw EdgeProbeError("PEM block \(number) cannot be read: \(reason.text)")
    }
    let text = String(cString: name)
    isTrustedForm = text == "TRUSTED CERTIFICATE"
    isCertificate = isTrustedForm || text == "CERTIFICATE" || text == "X509 CERTIFICATE"
    shownName = String(text.prefix(40)).debugDescription
    isEncrypted = header.map { $0.pointee != 0 } ?? false
    self.data = data
    self.length = length
    self.number = number
  }

  deinit { cossl_free(data) }

  /// The certificate. The caller frees it.
  func certificate() throws(EdgeProbeError) -> OpaquePointer {
    if isEncrypted {
      throw EdgeProbeError("PEM block \(number) is encrypted, which no certificate is")
    }
    var next: UnsafePointer<UInt8>? = UnsafePointer(data)
    let parsed =
      isTrustedForm ? d2i_X509_AUX(nil, &next, length) : d2i_X509(nil, &next, length)
    guard let parsed else {
      throw EdgeProbeError(
        "PEM block \(number) is not a certificate: \(EdgeProbeError.openSSL().text)")
    }
    guard let next, next == UnsafePointer(data) + length else {
      X509_free(parsed)
      throw EdgeProbeError("PEM block \(number) has more data after its certificate")
    }
    return parsed
  }
}
