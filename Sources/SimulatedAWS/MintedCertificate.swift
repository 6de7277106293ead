package import RolloutCore

/// A certificate that a `CertificateMint` made, with the values that tests compare.
package struct MintedCertificate: Equatable, Sendable {
  package let certificatePEM: String
  /// The intermediate; empty for a self-signed certificate.
  package let chainPEM: String
  /// A key for one run, which nobody else trusts. It is not a secret.
  package let privateKeyPEM: String
  /// SHA-256 over the DER, 64 lower-case hexadecimal digits.
  package let sha256: String
  /// Hexadecimal, upper case, an even number of digits, without colons.
  package let serial: String
  /// In whole seconds, as in the certificate.
  package let notBefore: Instant
  package let notAfter: Instant
  package let names: [String]
}

/// The kind of key of a minted certificate.
package enum MintedKey: Hashable, Sendable, CaseIterable {
  case ecP256, ecP384, rsa2048
}

/// The extended key usage of a minted certificate.
package enum MintedPurpose: Hashable, Sendable, CaseIterable {
  case server
  /// Only for TLS clients. A server that shows it must not be trusted.
  case client
}

/// A failure of OpenSSL in a mint.
package struct MintError: Error, Equatable, Sendable, CustomStringConvertible {
  /// The failed step, with its value.
  package let step: String
  /// OpenSSL's reason; empty when it gave none.
  package let reason: String

  package init(step: String, reason: String) {
    self.step = step
    self.reason = reason
  }

  package var description: String {
    "minting a certificate: \(step) failed" + (reason.isEmpty ? "" : ": \(reason)")
  }
}
