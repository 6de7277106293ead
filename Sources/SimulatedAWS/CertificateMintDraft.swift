import COpenSSL
import RolloutCore

/// A certificate that is being made or is signed.
///
/// It does not change after `sign`, so it is safe to share then.
final class CertificateMintDraft: @unchecked Sendable {
  let pointer: OpaquePointer

  init(
    commonName: String, serial: UInt64, notBefore: Instant, notAfter: Instant,
    key: CertificateMintKey
  ) throws(MintError) {
    guard let certificate = X509_new() else { throw MintError(failing: "X509_new") }
    pointer = certificate
    try MintError.require(X509_set_version(certificate, 2), "setting version 3")
    try MintError.require(
      ASN1_INTEGER_set_uint64(X509_get_serialNumber(certificate), serial), "setting the serial")
    try setTime(X509_getm_notBefore(certificate), to: notBefore)
    try setTime(X509_getm_notAfter(certificate), to: notAfter)
    try MintError.require(
      X509_NAME_add_entry_by_NID(
        X509_get_subject_name(certificate), NID_commonName, MBSTRING_UTF8, commonName,
        Int32(clamping: commonName.utf8.count), -1, 0),
      "setting the common name \"\(commonName)\"")
    try MintError.require(X509_set_pubkey(certificate, key.pointer), "setting the key")
  }

  deinit { X509_free(pointer) }

  /// Signs the certificate for `issuer`. Without an issuer it is self-signed.
  func sign(
    issuer: CertificateMintDraft?, with key: CertificateMintKey,
    digest: OpaquePointer? = EVP_sha256()
  ) throws(MintError) {
    let signer = issuer ?? self
    let name = X509_get_subject_name(signer.pointer)
    try MintError.require(X509_set_issuer_name(pointer, name), "setting the issuer")
    try add(NID_authority_key_identifier, "keyid", issuer: signer)
    guard X509_sign(pointer, key.pointer, digest) > 0 else {
      throw MintError(failing: "signing")
    }
  }

  /// Adds an extension in the notation of openssl.cnf.
  func add(_ kind: Int32, _ value: String, issuer: CertificateMintDraft? = nil) throws(MintError) {
    var context = X509V3_CTX()
    X509V3_set_ctx(&context, (issuer ?? self).pointer, pointer, nil, nil, 0)
    guard let made = X509V3_EXT_nconf_nid(nil, &context, kind, value) else {
      throw MintError(failing: "making the extension \(value)")
    }
    defer { X509_EXTENSION_free(made) }
    try MintError.require(X509_add_ext(pointer, made, -1), "adding the extension \(value)")
  }

  /// Adds the subject alternative names: IP addresses as such, others as DNS names. They are added one
  /// by one, because a comma in the notation of openssl.cnf separates names.
  func add(names: [String]) throws(MintError) {
    let step = "adding the names \(names)"
    guard let stack = cossl_new_general_names() else { throw MintError(failing: step) }
    defer { cossl_free_general_names(stack) }
    for text in names {
      guard let name = GENERAL_NAME_new() else { throw MintError(failing: step) }
      if let address = a2i_IPADDRESS(text) {
        GENERAL_NAME_set0_value(name, GEN_IPADD, address)
      } else {
        let value = ASN1_STRING_type_new(V_ASN1_IA5STRING)
        ASN1_STRING_set(value, text, Int32(clamping: text.utf8.count))
        GENERAL_NAME_set0_value(name, GEN_DNS, value)
      }
      if cossl_push_general_name(stack, name) == 0 {
        GENERAL_NAME_free(name)
        throw MintError(failing: step)
      }
    }
    ERR_clear_error()  // a2i_IPADDRESS leaves an error for each name that is not an address
    try MintError.require(
      X509_add1_ext_i2d(pointer, NID_subject_alt_name, UnsafeMutableRawPointer(stack), 0, 0), step)
  }

  func pem() throws(MintError) -> String {
    try pemText("writing a certificate") { PEM_write_bio_X509($0, pointer) }
  }

  func sha256() throws(MintError) -> String {
    var digest = [UInt8](repeating: 0, count: Int(SHA256_DIGEST_LENGTH))
    try MintError.require(X509_digest(pointer, EVP_sha256(), &digest, nil), "hashing")
    return digest.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
  }

  private func setTime(
    _ field: UnsafeMutablePointer<ASN1_TIME>?, to instant: Instant
  ) throws(MintError) {
    let seconds = instant.wholeSeconds.milliseconds / 1000
    guard ASN1_TIME_set(field, Int(seconds)) != nil else {
      throw MintError(failing: "setting the time \(instant.rfc3339)")
    }
  }
}

extension Instant {
  /// The instant rounded down to whole seconds, as certificates store it.
  var wholeSeconds: Instant {
    let fraction = milliseconds % 1000
    return self - .milliseconds(fraction < 0 ? fraction + 1000 : fraction)
  }
}
