import Reconciliation
import RolloutCore

extension LeafEvidence {
  /// Parses a certificate as ACM returns it, and verifies its chain at the time `now`.
  init(
    of pem: CertificatePEM, arn: CertificateARN, caFile: String?, cache: TrustRootsCache,
    now: Instant
  ) throws(Failure) {
    let roots: TrustRoots
    do throws(EdgeProbeError) {
      roots = try cache.roots(caFile: caFile)
    } catch {
      throw Failure(.unreachable, operation: "verify", object: arn.text, message: error.text)
    }
    do throws(EdgeProbeError) {
      let leaves = try CertificateList(certificateOf: pem)
      let others = try CertificateList(chainOf: pem)
      let result = leaves.withFirst { leaf -> Result<LeafEvidence, EdgeProbeError>? in
        guard let leaf else { return nil }
        return Result { () throws(EdgeProbeError) -> LeafEvidence in
          let facts = try LeafFacts(of: leaf)
          let chain = withExtendedLifetime(others) {
            ChainVerdict(verifying: leaf, facts, others: others.stack, roots: roots, now: now)
          }
          return LeafEvidence(
            sha256: facts.sha256, serial: facts.serial, notAfter: facts.notAfter, chain: chain)
        }
      }
      guard let result else { throw EdgeProbeError("there is no PEM certificate in the answer") }
      self = try result.get()
    } catch {
      throw Failure(
        .malformedAnswer, operation: "GetCertificate", object: arn.text, message: error.text)
    }
  }
}

extension CertificateList {
  /// ACM limits imports to 32 KiB for a certificate and 2 MiB for a chain. Real chains have one to
  /// three certificates of 2 kB each.
  private static let leafLimits = Limits(bytes: 64 << 10, blocks: 1)
  private static let chainLimits = Limits(bytes: 2 << 20, blocks: 32)

  fileprivate convenience init(certificateOf pem: CertificatePEM) throws(EdgeProbeError) {
    do throws(EdgeProbeError) {
      try self.init(readingPEM: pem.certificate.utf8, limits: CertificateList.leafLimits)
    } catch {
      throw EdgeProbeError("the certificate cannot be read: \(error.text)")
    }
  }

  fileprivate convenience init(chainOf pem: CertificatePEM) throws(EdgeProbeError) {
    do throws(EdgeProbeError) {
      try self.init(readingPEM: pem.chain.utf8, limits: CertificateList.chainLimits)
    } catch {
      throw EdgeProbeError("the chain cannot be read: \(error.text)")
    }
    let isBlank = pem.chain.utf8.allSatisfy { [0x20, 0x09, 0x0a, 0x0d].contains($0) }
    if count == 0, !isBlank {
      throw EdgeProbeError("the chain cannot be read: it is text without a PEM certificate")
    }
  }
}
