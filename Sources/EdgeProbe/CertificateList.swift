import COpenSSL

/// Certificates read out of PEM text.
final class CertificateList: @unchecked Sendable {
  /// A `STACK_OF(X509)`; nothing changes it after `init`, and it lives as long as the list.
  let stack: OpaquePointer
  let count: Int

  /// What becomes of blocks that are not certificates.
  enum OtherBlocks {
    case refuse
    /// Files of roots may hold revocation lists and more.
    case skip
  }

  struct Limits {
    var bytes: Int
    var blocks: Int
  }

  init(
    readingPEM text: some Collection<UInt8>, limits: Limits, otherBlocks: OtherBlocks = .refuse
  ) throws(StepFailure) {
    guard text.count <= limits.bytes else {
      throw StepFailure("\(text.count) bytes of PEM are over the limit of \(limits.bytes)")
    }
    ERR_clear_error()
    guard let bio = BIO_new(BIO_s_mem()) else { throw .openSSL() }
    defer { BIO_free(bio) }
    guard let stack = cossl_new_certificates() else { throw .openSSL() }
    do throws(StepFailure) {
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

  /// The first certificate, good for the duration of `body`; nil in an empty list.
  func withFirst<Result>(_ body: (OpaquePointer?) -> Result) -> Result {
    withExtendedLifetime(self) { body(cossl_certificate_at(stack, 0)) }
  }

  private static func read(
    from bio: OpaquePointer, into stack: OpaquePointer, limits: Limits, otherBlocks: OtherBlocks
  ) throws(StepFailure) {
    for number in 1...limits.blocks + 1 {
      guard let block = try PEMBlock(readingFrom: bio, number: number) else { return }
      guard number <= limits.blocks else { break }
      guard block.isCertificate else {
        switch otherBlocks {
        case .skip: continue
        case .refuse:
          throw StepFailure("PEM block \(number) is no certificate but \(block.shownName)")
        }
      }
      let certificate = try block.certificate()
      if cossl_push_certificate(stack, certificate) == 0 {
        X509_free(certificate)
        throw .openSSL()
      }
    }
    throw StepFailure("there are more than \(limits.blocks) PEM blocks")
  }
}

/// One block between BEGIN and END lines, decoded from Base64.
private struct PEMBlock: ~Copyable {
  let isCertificate: Bool
  /// The name of the BEGIN line, cut to a length that can be shown.
  let shownName: String
  private let isTrustedForm: Bool
  private let isEncrypted: Bool
  private let data: UnsafeMutablePointer<UInt8>
  private let length: Int
  private let number: Int

  /// nil at the end of the text. Read block by block rather than with `PEM_read_bio_X509`,
  /// which asks the terminal for a password when a block claims to be encrypted.
  init?(readingFrom bio: OpaquePointer, number: Int) throws(StepFailure) {
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
      let reason = StepFailure.openSSL()
      cossl_free(data)
      if isEnd { return nil }
      throw StepFailure("PEM block \(number) cannot be read: \(reason.text)")
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

  /// The certificate, which is then the caller's to free.
  func certificate() throws(StepFailure) -> OpaquePointer {
    if isEncrypted {
      throw StepFailure("PEM block \(number) is encrypted, as no certificate is")
    }
    var next: UnsafePointer<UInt8>? = UnsafePointer(data)
    let parsed =
      isTrustedForm ? d2i_X509_AUX(nil, &next, length) : d2i_X509(nil, &next, length)
    guard let parsed else {
      throw StepFailure("PEM block \(number) is no certificate: \(StepFailure.openSSL().text)")
    }
    guard let next, next == UnsafePointer(data) + length else {
      X509_free(parsed)
      throw StepFailure("PEM block \(number) goes on after its certificate")
    }
    return parsed
  }
}
