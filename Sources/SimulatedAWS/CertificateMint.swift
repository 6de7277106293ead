import COpenSSL
import POSIX
package import RolloutCore

/// A certificate authority for simulations: a root, an intermediate, and any number of leaves.
///
/// Leaves with the same kind of key share one key, because generating an RSA key is slow and the tests
/// compare certificates, not keys. Serials and times are parameters. Keys and signatures are random, so
/// hashes differ between runs.
package final class CertificateMint: Sendable {
  /// The root, which clients must trust.
  package let rootPEM: String
  /// The intermediate: the `chainPEM` of every leaf that is not self-signed.
  package let intermediatePEM: String

  private let intermediate: CertificateMintDraft
  private let intermediateKey: CertificateMintKey
  private let leafKeys = Guarded<[MintedKey: CertificateMintKey]>([:])

  /// Makes an EC P-256 root and one intermediate, both valid from `notBefore` to `notAfter`.
  package init(
    commonName: String = "Simulated Root", notBefore: Instant, notAfter: Instant
  ) throws(MintError) {
    let rootKey = try CertificateMintKey(.ecP256)
    let root = try CertificateMintDraft(
      commonName: commonName, serial: 1, notBefore: notBefore, notAfter: notAfter, key: rootKey)
    try root.add(NID_basic_constraints, "critical,CA:TRUE")
    try root.add(NID_key_usage, "critical,keyCertSign,cRLSign")
    try root.add(NID_subject_key_identifier, "hash")
    try root.sign(issuer: nil, with: rootKey)

    intermediateKey = try CertificateMintKey(.ecP256)
    intermediate = try CertificateMintDraft(
      commonName: "\(commonName) Intermediate", serial: 2, notBefore: notBefore,
      notAfter: notAfter, key: intermediateKey)
    try intermediate.add(NID_basic_constraints, "critical,CA:TRUE,pathlen:0")
    try intermediate.add(NID_key_usage, "critical,keyCertSign,cRLSign")
    try intermediate.add(NID_subject_key_identifier, "hash")
    try intermediate.sign(issuer: root, with: rootKey)

    rootPEM = try root.pem()
    intermediatePEM = try intermediate.pem()
  }

  /// Makes a leaf for `names`, the first of which becomes its common name.
  package func issue(
    names: [String], notBefore: Instant, notAfter: Instant, key kind: MintedKey = .ecP256,
    selfSigned: Bool = false, purpose: MintedPurpose = .server, serial: UInt64
  ) throws(MintError) -> MintedCertificate {
    guard let first = names.first else {
      throw MintError(step: "issuing a certificate without a name", reason: "")
    }
    let key = try leafKey(kind)
    let commonName = first.utf8.count <= CertificateMint.longestCommonName ? first : "Simulated"
    let leaf = try CertificateMintDraft(
      commonName: commonName, serial: serial, notBefore: notBefore, notAfter: notAfter, key: key)
    try leaf.add(names: names)
    try leaf.add(NID_basic_constraints, "critical,CA:FALSE")
    let usage = kind == .rsa2048 ? "digitalSignature,keyEncipherment" : "digitalSignature"
    try leaf.add(NID_key_usage, "critical,\(usage)")
    try leaf.add(NID_ext_key_usage, purpose.extendedKeyUsage)
    try leaf.add(NID_subject_key_identifier, "hash")
    try leaf.sign(
      issuer: selfSigned ? nil : intermediate, with: selfSigned ? key : intermediateKey)
    let digits = String(serial, radix: 16, uppercase: true)
    return MintedCertificate(
      certificatePEM: try leaf.pem(), chainPEM: selfSigned ? "" : intermediatePEM,
      privateKeyPEM: key.pem, sha256: try leaf.sha256(),
      serial: digits.utf8.count.isMultiple(of: 2) ? digits : "0" + digits,
      notBefore: notBefore.wholeSeconds, notAfter: notAfter.wholeSeconds, names: names)
  }

  /// `ub-common-name` of RFC 5280, in characters.
  private static let longestCommonName = 64

  private func leafKey(_ kind: MintedKey) throws(MintError) -> CertificateMintKey {
    try leafKeys.withLock { (keys) throws(MintError) in
      if let key = keys[kind] { return key }
      let key = try CertificateMintKey(kind)
      keys[kind] = key
      return key
    }
  }
}

extension MintedPurpose {
  fileprivate var extendedKeyUsage: String {
    switch self {
    case .server: "serverAuth"
    case .client: "clientAuth"
    }
  }
}
