import Foundation
import SimulatedAWS

/// Handshake messages of a TLS 1.2 server, as bytes.
enum ServerFlight {
  /// ServerHello and Certificate without the ServerKeyExchange that would prove the key.
  static func hello(showing certificate: MintedCertificate) throws -> [UInt8] {
    let lines = certificate.certificatePEM.split(separator: "\n").filter { !$0.hasPrefix("-") }
    let der = [UInt8](Data(base64Encoded: lines.joined()) ?? Data())
    // ECDHE-ECDSA-AES128-GCM-SHA256, no session, no compression, and the answer to the request for
    // secure renegotiation.
    let hello: [UInt8] =
      [3, 3] + [UInt8](repeating: 7, count: 32) + [0, 0xC0, 0x2B, 0] + [0, 5, 0xFF, 1, 0, 1, 0]
    let list = length(der.count) + der
    let messages = message(2, hello) + message(11, length(list.count) + list)
    return [22, 3, 3] + length(messages.count).suffix(2) + messages
  }

  private static func message(_ kind: UInt8, _ body: [UInt8]) -> [UInt8] {
    [kind] + length(body.count) + body
  }

  /// Three bytes.
  private static func length(_ count: Int) -> [UInt8] {
    [UInt8(count >> 16 & 255), UInt8(count >> 8 & 255), UInt8(count & 255)]
  }
}
