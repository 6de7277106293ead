import LosslessJSON
import RolloutCore

extension DomainRecord {
  /// The row of `domains`; the rollout and the served edges have tables of their own.
  var rowValues: Table.Values {
    [
      "domain": domain.text,
      "user_pool_id": userPoolID.text,
      "region": region.text,
      "wave": wave,
      "is_mapped": isMapped,
      "condition": condition.word,
      "reason_code": reason?.reason.word,
      "reason_detail": reason?.detail,
      "attached_certificate_arn": attached?.text,
      "attached_not_after": attachedNotAfter?.milliseconds,
      "desired_certificate_arn": desired?.text,
      "last_attached_certificate_arn": lastAttached?.text,
      "selector_fingerprint": selectorFingerprint,
      "last_restored_at": lastRestoredAt?.milliseconds,
      "drifted_to_certificate_arn": driftedTo?.text,
      "shunned": JSONValue.array(shunned.map { .string($0.text) }).encoded,
      "rolled_back_certificate_arn": rolledBack?.text,
      "failed_in_wave": failure?.wave,
      "failed_rollout": failure?.rollout,
      "failed_rollouts": failure?.count,
      "held_since": hold?.since.milliseconds,
      "held_until": hold?.until?.milliseconds,
      "retry_requested": retryRequested,
      "cloudfront_domain": cloudFrontDomain,
      "expiry_warning_not_after": expiryWarning?.notAfter.milliseconds,
      "expiry_warning_threshold": expiryWarning?.threshold.inMilliseconds,
      "rollout": rollout?.id,
    ]
  }

  /// Without the rollout.
  init(_ row: RowReader, served: [ServedEdge]) throws(MalformedRow) {
    self.init(
      domain: try row.parsed("domain", DomainName.init(parsing:)),
      userPoolID: try row.parsed("user_pool_id", UserPoolID.init(parsing:)),
      region: try row.parsed("region", Region.init(parsing:)),
      wave: try row.count("wave"),
      isMapped: try row.flag("is_mapped"),
      condition: try row.word("condition"),
      reason: try row.optionalExplanation("reason_code", "reason_detail"),
      attached: try row.optionalCertificate("attached_certificate_arn"),
      attachedNotAfter: try row.optionalInstant("attached_not_after"),
      desired: try row.optionalCertificate("desired_certificate_arn"),
      lastAttached: try row.optionalCertificate("last_attached_certificate_arn"),
      selectorFingerprint: try row.optionalText("selector_fingerprint"),
      lastRestoredAt: try row.optionalInstant("last_restored_at"),
      driftedTo: try row.optionalCertificate("drifted_to_certificate_arn"),
      shunned: try DomainRecord.shunned(row),
      rolledBack: try row.optionalCertificate("rolled_back_certificate_arn"),
      failure: try DomainRecord.failure(row),
      hold: try DomainRecord.hold(row),
      retryRequested: try row.flag("retry_requested"),
      served: served,
      cloudFrontDomain: try row.optionalText("cloudfront_domain"),
      expiryWarning: try DomainRecord.expiryWarning(row))
  }

  private static func failure(_ row: RowReader) throws(MalformedRow) -> CampaignFailure? {
    guard try row.optionalNumber("failed_in_wave") != nil else {
      if try row.optionalText("failed_rollout") != nil {
        throw row.malformed("failed_rollout", "is set although failed_in_wave is empty")
      }
      return nil
    }
    return CampaignFailure(
      wave: try row.count("failed_in_wave"), rollout: try row.text("failed_rollout"),
      count: try row.count("failed_rollouts"))
  }

  private static func hold(_ row: RowReader) throws(MalformedRow) -> Hold? {
    let until = try row.optionalInstant("held_until")
    guard let since = try row.optionalInstant("held_since") else {
      if until != nil { throw row.malformed("held_until", "is set although held_since is empty") }
      return nil
    }
    return Hold(since: since, until: until)
  }

  private static func expiryWarning(_ row: RowReader) throws(MalformedRow) -> ExpiryWarning? {
    let threshold = try row.optionalNumber("expiry_warning_threshold")
    guard let notAfter = try row.optionalInstant("expiry_warning_not_after") else {
      if threshold != nil {
        throw row.malformed(
          "expiry_warning_threshold", "is set although expiry_warning_not_after is empty")
      }
      return nil
    }
    return ExpiryWarning(
      notAfter: notAfter,
      threshold: .milliseconds(try row.required("expiry_warning_threshold", threshold)))
  }

  private static func shunned(_ row: RowReader) throws(MalformedRow) -> [CertificateARN] {
    guard let elements = try row.json("shunned").array else {
      throw row.malformed("shunned", "is not a JSON array")
    }
    var certificates: [CertificateARN] = []
    for element in elements {
      guard let text = element.string else {
        throw row.malformed("shunned", "holds something that is not a string")
      }
      do throws(MalformedIdentifier) {
        certificates.append(try CertificateARN(parsing: text))
      } catch {
        throw row.malformed("shunned", "holds something that is not \(error.kind)")
      }
    }
    return certificates
  }
}

extension RowReader {
  func optionalCertificate(_ column: String) throws(MalformedRow) -> CertificateARN? {
    try optionalParsed(column, CertificateARN.init(parsing:))
  }
}

extension ServedEdge {
  func rowValues(of domain: DomainName, at position: Int) -> Table.Values {
    [
      "domain": domain.text,
      "position": position,
      "address": address,
      "sha256": sha256,
      "serial": serial,
      "not_after": notAfter.milliseconds,
      "matches": matches,
    ]
  }

  init(_ row: RowReader) throws(MalformedRow) {
    self.init(
      address: try row.text("address"), sha256: try row.text("sha256"),
      serial: try row.text("serial"), notAfter: try row.instant("not_after"),
      matches: try row.flag("matches"))
  }
}
