import COpenSSL
import Glibc
import RolloutCore

/// What identifies a parsed certificate.
struct LeafFacts: Equatable {
  /// SHA-256 over the DER, 64 lower-case hexadecimal digits.
  let sha256: String
  /// Hexadecimal, upper case, an even number of digits.
  let serial: String
  let notBefore: Instant
  let notAfter: Instant

  init(of certificate: OpaquePointer) throws(EdgeProbeError) {
    sha256 = try LeafFacts.digest(of: certificate)
    serial = try LeafFacts.serial(of: certificate)
    notBefore = try LeafFacts.instant(X509_get0_notBefore(certificate), "notBefore")
    notAfter = try LeafFacts.instant(X509_get0_notAfter(certificate), "notAfter")
  }

  /// In bytes. RFC 5280 allows 20; some authorities exceed that slightly.
  private static let longestSerial = 64

  private static func digest(of certificate: OpaquePointer) throws(EdgeProbeError) -> String {
    var digest = [UInt8](repeating: 0, count: Int(SHA256_DIGEST_LENGTH))
    guard X509_digest(certificate, EVP_sha256(), &digest, nil) == 1 else { throw .openSSL() }
    return digest.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
  }

  private static func serial(of certificate: OpaquePointer) throws(EdgeProbeError) -> String {
    guard let number = ASN1_INTEGER_to_BN(X509_get0_serialNumber(certificate), nil) else {
      throw .openSSL()
    }
    defer { BN_free(number) }
    guard BN_num_bits(number) <= longestSerial * 8 else {
      throw EdgeProbeError("its serial is longer than \(longestSerial) bytes")
    }
    guard let digits = BN_bn2hex(number) else { throw .openSSL() }
    defer { cossl_free(digits) }
    return String(cString: digits)
  }

  /// A name as in RFC 4514, without control characters; cut where it is longer than any real one.
  static func text(of name: OpaquePointer?) -> String {
    guard let name, let bio = BIO_new(BIO_s_mem()) else { return "" }
    defer {
      BIO_free(bio)
      ERR_clear_error()
    }
    guard cossl_print_name(bio, name) == 1 else { return "" }
    var start: UnsafePointer<CChar>?
    let count = cossl_bio_bytes(bio, &start)
    guard let start, count > 0 else { return "" }
    let bytes = UnsafeRawBufferPointer(start: start, count: min(count, longestName))
    return String(decoding: bytes, as: UTF8.self)
  }

  /// In bytes.
  private static let longestName = 1024

  private static func instant(
    _ time: UnsafePointer<ASN1_TIME>?, _ name: String
  ) throws(EdgeProbeError) -> Instant {
    var fields = tm()
    guard let time, ASN1_TIME_to_tm(time, &fields) == 1 else {
      ERR_clear_error()
      throw EdgeProbeError("its \(name) is not a time")
    }
    return Instant(
      year: Int64(fields.tm_year) + 1900, month: Int64(fields.tm_mon) + 1,
      day: Int64(fields.tm_mday), hour: Int64(fields.tm_hour), minute: Int64(fields.tm_min),
      second: Int64(fields.tm_sec))
  }
}
