package import RolloutCore

/// A certificate that a `CertificateMint` made, with all that a test may want to compare.
package struct MintedCertificate: Equatable, Sendable {
  package let certificatePEM: String
  /// The intermediate; empty for a self-signed certificate.
  package let chainPEM: String
  /// Of a key made for one run and trusted by no one: no secret.
  package let privateKeyPEM: String
  /// SHA-256 over the DER, 64 lower-case hexadecimal digits.
  package let sha256: String
  /// Hexadecimal, upper case, an even number of digits, without colons.
  package let serial: String
  /// As the certificate says, in whole seconds.
  package let notBefore: Instant
  package let notAfter: Instant
  package let names: [String]
}

/// The kind of key that a minted certificate certifies.
package enum MintedKey: Hashable, Sendable, CaseIterable {
  case ecP256, ecP384, rsa2048
}

/// What a minted certificate says that its key may be used for.
package enum MintedPurpose: Hashable, Sendable, CaseIterable {
  case server
  /// TLS clients alone: a server that shows it is to be distrusted.
  case client
}

/// What OpenSSL would not do for a mint.
package struct MintError: Error, Equatable, Sendable, CustomStringConvertible {
  /// The step that failed, with the value it failed on.
  package let step: String
  /// OpenSSL's reason; empty where it gave none.
  package let reason: String

  package init(step: String, reason: String) {
    self.step = step
    self.reason = reason
  }

  package var description: String {
    "minting a certificate: \(step) failed" + (reason.isEmpty ? "" : ": \(reason)")
  }
}
