import COpenSSL

/// SHA-256 and HMAC-SHA-256 with OpenSSL.
package enum Digest {
  /// Bytes of a SHA-256 digest.
  package static let length = 32

  package static func sha256(_ bytes: some Collection<UInt8>) -> [UInt8] {
    var digest = [UInt8](repeating: 0, count: length)
    let input = Array(bytes)
    let code = EVP_Digest(input, input.count, &digest, nil, EVP_sha256(), nil)
    precondition(code == 1, "OpenSSL has no SHA-256")
    return digest
  }

  package static func hmacSHA256(
    key: some Collection<UInt8>, _ bytes: some Collection<UInt8>
  ) -> [UInt8] {
    var code = [UInt8](repeating: 0, count: length)
    let secret = Array(key)
    let input = Array(bytes)
    let result = HMAC(
      EVP_sha256(), secret, Int32(clamping: secret.count), input, input.count, &code, nil)
    precondition(result != nil, "OpenSSL has no HMAC-SHA256")
    return code
  }

  /// Two lower-case hexadecimal digits for each byte.
  package static func hex(_ bytes: some Collection<UInt8>) -> String {
    let digits = Array("0123456789abcdef".utf8)
    var text: [UInt8] = []
    text.reserveCapacity(bytes.count * 2)
    for byte in bytes {
      text.append(digits[Int(byte >> 4)])
      text.append(digits[Int(byte & 15)])
    }
    return String(decoding: text, as: UTF8.self)
  }
}
