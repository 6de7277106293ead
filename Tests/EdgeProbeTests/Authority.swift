import COpenSSL
import Reconciliation
import RolloutCore

@testable import SimulatedAWS

/// A certificate that can sign others, for chains that a `CertificateMint` does not make.
struct Authority {
  let name: String
  let pem: String
  private let draft: CertificateMintDraft
  private let key: CertificateMintKey

  /// - Parameters:
  ///   - issuer: nil for a root.
  ///   - key: that of another authority, for a second version of it.
  init(
    _ name: String, issuer: Authority? = nil, key: CertificateMintKey? = nil,
    end: Instant = ProbeFixture.end, signing: SigningDigest = .sha256
  ) throws {
    self.name = name
    self.key = try key ?? CertificateMintKey(.ecP256)
    draft = try CertificateMintDraft(
      commonName: name, serial: UInt64.random(in: 1...1 << 40), notBefore: ProbeFixture.start,
      notAfter: end, key: self.key)
    try draft.add(NID_basic_constraints, "critical,CA:TRUE")
    try draft.add(NID_key_usage, "critical,keyCertSign,cRLSign")
    try draft.add(NID_subject_key_identifier, "hash")
    try draft.sign(issuer: issuer?.draft, with: issuer?.key ?? self.key, digest: signing.pointer)
    pem = try draft.pem()
  }

  /// The same authority, by name and key, under another issuer.
  func version(
    under issuer: Authority, end: Instant = ProbeFixture.end, signing: SigningDigest = .sha256
  ) throws -> Authority {
    try Authority(name, issuer: issuer, key: key, end: end, signing: signing)
  }

  /// A leaf for auth.example.com.
  func leaf(
    key: CertificateMintKey? = nil, signing: SigningDigest = .sha256
  ) throws -> MintedCertificate {
    let key = try key ?? CertificateMintKey(.ecP256)
    let leaf = try CertificateMintDraft(
      commonName: "auth.example.com", serial: 0x0A11, notBefore: ProbeFixture.start,
      notAfter: ProbeFixture.end, key: key)
    try leaf.add(names: ["auth.example.com"])
    try leaf.add(NID_ext_key_usage, "serverAuth")
    try leaf.add(NID_subject_key_identifier, "hash")
    try leaf.sign(issuer: draft, with: self.key, digest: signing.pointer)
    return MintedCertificate(
      certificatePEM: try leaf.pem(), chainPEM: pem, privateKeyPEM: key.pem,
      sha256: try leaf.sha256(), serial: "0A11", notBefore: ProbeFixture.start,
      notAfter: ProbeFixture.end, names: ["auth.example.com"])
  }
}

enum SigningDigest: CaseIterable {
  case md5, sha1, ripemd160, sha224, sha256, sha384, sha512

  var pointer: OpaquePointer? {
    switch self {
    case .md5: EVP_md5()
    case .sha1: EVP_sha1()
    case .ripemd160: EVP_ripemd160()
    case .sha224: EVP_sha224()
    case .sha256: EVP_sha256()
    case .sha384: EVP_sha384()
    case .sha512: EVP_sha512()
    }
  }

  /// What browsers and CloudFront accept.
  var isStrong: Bool {
    switch self {
    case .md5, .sha1, .ripemd160: false
    case .sha224, .sha256, .sha384, .sha512: true
    }
  }
}
