import COpenSSL
import Reconciliation
import RolloutCore

extension LeafEvidence {
  /// Parses what ACM answered for one certificate, and judges it as of `now`.
  init(
    of pem: CertificatePEM, arn: CertificateARN, caFile: String?, cache: TrustRootsCache,
    now: Instant
  ) throws(Failure) {
    let roots: TrustRoots
    do throws(StepFailure) {
      roots = try cache.roots(caFile: caFile)
    } catch {
      throw Failure(.unreachable, operation: "verify", object: arn.text, message: error.text)
    }
    do throws(StepFailure) {
      let leaves = try CertificateList(certificateOf: pem)
      let others = try CertificateList(chainOf: pem)
      let judged = leaves.withFirst { leaf -> Result<LeafEvidence, StepFailure>? in
        guard let leaf else { return nil }
        return Result { () throws(StepFailure) -> LeafEvidence in
          let facts = try LeafFacts(of: leaf)
          let chain = withExtendedLifetime(others) {
            ChainVerdict(judging: leaf, facts, others: others.stack, roots: roots, now: now)
          }
          return LeafEvidence(
            sha256: facts.sha256, serial: facts.serial, notAfter: facts.notAfter, chain: chain)
        }
      }
      guard let judged else { throw StepFailure("there is no PEM certificate in the answer") }
      self = try judged.get()
    } catch {
      throw Failure(
        .malformedAnswer, operation: "GetCertificate", object: arn.text, message: error.text)
    }
  }
}

extension CertificateList {
  /// ACM's own limits for imports are 32 KiB for a certificate and 2 MiB for a chain. Real
  /// chains have one to three certificates of 2 kB each.
  private static let leafLimits = Limits(bytes: 64 << 10, blocks: 1)
  private static let chainLimits = Limits(bytes: 2 << 20, blocks: 32)

  fileprivate convenience init(certificateOf pem: CertificatePEM) throws(StepFailure) {
    do throws(StepFailure) {
      try self.init(readingPEM: pem.certificate.utf8, limits: CertificateList.leafLimits)
    } catch {
      throw StepFailure("the certificate cannot be read: \(error.text)")
    }
  }

  fileprivate convenience init(chainOf pem: CertificatePEM) throws(StepFailure) {
    do throws(StepFailure) {
      try self.init(readingPEM: pem.chain.utf8, limits: CertificateList.chainLimits)
    } catch {
      throw StepFailure("the chain cannot be read: \(error.text)")
    }
    let isBlank = pem.chain.utf8.allSatisfy { [0x20, 0x09, 0x0a, 0x0d].contains($0) }
    if count == 0, !isBlank {
      throw StepFailure("the chain cannot be read: there is text and no PEM certificate in it")
    }
  }
}
