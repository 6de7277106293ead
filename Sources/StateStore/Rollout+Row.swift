import LosslessJSON
import RolloutCore

extension Rollout {
  /// The table to write it with: all columns, unless the phase's data is not ours to write.
  var table: Table {
    switch phase {
    case .other: .rolloutsWithoutPhaseData
    case .submitting, .retrying, .propagating, .overdue, .refused, .completed, .superseded,
      .abandoned:
      .rollouts
    }
  }

  /// The columns of `table`.
  func rowValues(of domain: DomainName) -> Table.Values {
    let common: Table.Values = [
      "id": id,
      "domain": domain.text,
      "certificate_arn": certificate.text,
      "previous_certificate_arn": previous?.text,
      "previous_not_after": previousNotAfter?.milliseconds,
      "cause": cause.word,
      "started_at": startedAt.milliseconds,
      "fresh_until": freshUntil?.milliseconds,
      "cloudfront_domain": cloudFrontDomain,
      "is_urgent": isUrgent,
      "was_served": wasServed,
      "attempts": attempts,
      "resubmits": resubmits,
      "phase": phaseWord,
    ]
    guard let data = PhaseData(phase) else { return common }
    return common.merging(data.rowValues) { _, value in value }
  }

  init(_ row: RowReader) throws(MalformedRow) {
    self.init(
      id: try row.text("id"),
      certificate: try row.parsed("certificate_arn", CertificateARN.init(parsing:)),
      previous: try row.optionalCertificate("previous_certificate_arn"),
      previousNotAfter: try row.optionalInstant("previous_not_after"),
      cause: try row.word("cause"),
      startedAt: try row.instant("started_at"),
      freshUntil: try row.optionalInstant("fresh_until"),
      cloudFrontDomain: try row.optionalText("cloudfront_domain"),
      isUrgent: try row.flag("is_urgent"),
      wasServed: try row.flag("was_served"),
      attempts: try row.count("attempts"),
      resubmits: try row.count("resubmits"),
      phase: try Phase(row))
  }
}

/// The columns that hold the data of a rollout's phase. Each phase uses some of them; the others
/// are NULL.
private struct PhaseData {
  var submittedAt: Instant?
  var deadline: Instant?
  var completedAt: Instant?
  var proof: Rollout.Proof?
  var releasedAt: Instant?
  var nextStepAt: Instant?
  var notBefore: Instant?
  var failures: Int?
  var checks: Int?
  var confirmations: Int?
  var error: Explanation?
  var settings: EchoedSettings?
  var mapping: String?
  var lostFailures: Int?
  var lostMapping: String?

  /// nil for a phase of another version.
  init?(_ phase: Rollout.Phase) {
    switch phase {
    case .submitting(let submission):
      submittedAt = submission.intendedAt
      settings = submission.settings
      mapping = submission.mapping
      failures = submission.failures
    case .retrying(let retry):
      nextStepAt = retry.dueAt
      failures = retry.failures
      error = retry.error
      notBefore = retry.notBefore
      mapping = retry.mapping
      submittedAt = retry.lost?.intendedAt
      settings = retry.lost?.settings
      lostMapping = retry.lost?.mapping
      lostFailures = retry.lost?.failures
    case .propagating(let propagation), .overdue(let propagation):
      submittedAt = propagation.acceptedAt
      deadline = propagation.deadline
      nextStepAt = propagation.nextCheckAt
      checks = propagation.checks
      confirmations = propagation.confirmations
      settings = propagation.sent
    case .refused(let refusal):
      error = refusal.error
      nextStepAt = refusal.nextAttemptAt
      mapping = refusal.mapping
    case .completed(let completion):
      submittedAt = completion.acceptedAt
      completedAt = completion.completedAt
      proof = completion.proof
      releasedAt = completion.releasedAt
    case .superseded(let at), .abandoned(let at):
      completedAt = at
    case .other:
      return nil
    }
  }

  var rowValues: Table.Values {
    [
      "submitted_at": submittedAt?.milliseconds,
      "deadline": deadline?.milliseconds,
      "completed_at": completedAt?.milliseconds,
      "proof": proof?.word,
      "released_at": releasedAt?.milliseconds,
      "next_step_at": nextStepAt?.milliseconds,
      "not_before": notBefore?.milliseconds,
      "failures": failures,
      "checks": checks,
      "confirmations": confirmations,
      "last_error_code": error?.reason.word,
      "last_error": error?.detail,
      "settings": settings?.stored.encoded,
      "mapping_fingerprint": mapping,
      "lost_failures": lostFailures,
      "lost_mapping_fingerprint": lostMapping,
    ]
  }
}

extension Rollout.Phase {
  fileprivate init(_ row: RowReader) throws(MalformedRow) {
    let word = try row.text("phase")
    switch word {
    case "submitting": self = .submitting(try Rollout.Submission(row.needed(by: word)))
    case "retrying": self = .retrying(try Rollout.Retry(row.needed(by: word)))
    case "propagating": self = .propagating(try Rollout.Propagation(row.needed(by: word)))
    case "overdue": self = .overdue(try Rollout.Propagation(row.needed(by: word)))
    case "refused": self = .refused(try Rollout.Refusal(row.needed(by: word)))
    case "completed": self = .completed(try Rollout.Completion(row.needed(by: word)))
    case "superseded": self = .superseded(at: try row.needed(by: word).instant("completed_at"))
    case "abandoned": self = .abandoned(at: try row.needed(by: word).instant("completed_at"))
    default: self = .other(word)
    }
  }
}

extension Rollout.Submission {
  fileprivate init(_ row: RowReader) throws(MalformedRow) {
    self.init(
      intendedAt: try row.instant("submitted_at"), settings: try row.settings("settings"),
      mapping: try row.text("mapping_fingerprint"), failures: try row.count("failures"))
  }

  /// The call whose answer was lost, of a rollout that is retrying.
  fileprivate init?(lost row: RowReader) throws(MalformedRow) {
    guard let intendedAt = try row.optionalInstant("submitted_at") else { return nil }
    self.init(
      intendedAt: intendedAt, settings: try row.settings("settings"),
      mapping: try row.text("lost_mapping_fingerprint"),
      failures: try row.count("lost_failures"))
  }
}

extension Rollout.Retry {
  fileprivate init(_ row: RowReader) throws(MalformedRow) {
    self.init(
      dueAt: try row.instant("next_step_at"), failures: try row.count("failures"),
      error: try row.explanation("last_error_code", "last_error"),
      lost: try Rollout.Submission(lost: row), notBefore: try row.optionalInstant("not_before"),
      mapping: try row.text("mapping_fingerprint"))
  }
}

extension Rollout.Propagation {
  fileprivate init(_ row: RowReader) throws(MalformedRow) {
    self.init(
      acceptedAt: try row.instant("submitted_at"), deadline: try row.instant("deadline"),
      nextCheckAt: try row.instant("next_step_at"), checks: try row.count("checks"),
      confirmations: try row.count("confirmations"), sent: try row.optionalSettings("settings"))
  }
}

extension Rollout.Refusal {
  fileprivate init(_ row: RowReader) throws(MalformedRow) {
    self.init(
      error: try row.explanation("last_error_code", "last_error"),
      nextAttemptAt: try row.instant("next_step_at"),
      mapping: try row.text("mapping_fingerprint"))
  }
}

extension Rollout.Completion {
  fileprivate init(_ row: RowReader) throws(MalformedRow) {
    self.init(
      acceptedAt: try row.instant("submitted_at"), completedAt: try row.instant("completed_at"),
      proof: try row.word("proof"), releasedAt: try row.optionalInstant("released_at"))
  }
}
