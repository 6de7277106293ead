package import LosslessJSON
import Narration
package import RolloutCore

/// What `explain` shows: one decision, with every certificate of the account and the verdict of every
/// check.
package struct ExplainReport: Sendable {
  package let decision: Decision
  package let now: Instant

  package init(decision: Decision, now: Instant) {
    self.decision = decision
    self.now = now
  }

  /// Whether a decision could be made.
  package var isDecided: Bool { decision.isDecided }

  var candidates: [CandidateRanking.Candidate] { decision.ranking?.candidates ?? [] }

  package var json: JSONValue {
    [
      "version": 1,
      "generated_at": .string(now.rfc3339),
      "domain": .string(decision.domain.text),
      "action": .string(decision.action.rawValue),
      "condition": .string(decision.condition.word),
      "summary": .string(DecisionText.sentence(for: decision)),
      "reason": decision.shownReason,
      "attached_certificate_arn": JSONValue(decision.attached?.text),
      "chosen_certificate_arn": JSONValue(decision.chosen?.text),
      "candidates": .array(candidates.map(json)),
    ]
  }

  private func json(_ candidate: CandidateRanking.Candidate) -> JSONValue {
    let certificate = candidate.certificate
    return [
      "certificate_arn": .string(certificate.arn.text),
      "primary_name": JSONValue(certificate.primaryName),
      "names": .array(certificate.names.map { .string($0) }),
      "type": JSONValue(certificate.type?.description),
      "key_algorithm": JSONValue(certificate.keyAlgorithm?.name),
      "not_before": JSONValue(certificate.notBefore?.rfc3339),
      "not_after": JSONValue(certificate.notAfter?.rfc3339),
      "created_at": JSONValue(certificate.creation?.rfc3339),
      "attached": .bool(candidate.isAttached),
      "chosen": .bool(candidate.isChosen),
      "eligible": .bool(candidate.isEligible),
      "verdict": .string(candidate.verdict.word),
      "detail": JSONValue(candidate.verdict.detail),
      "released_at": JSONValue(release(of: certificate.arn)?.rfc3339),
      "checks": .array(candidate.results.map(ExplainReport.json)),
    ]
  }

  /// When the certificate before the latest rollout was seen to be in use no more.
  func release(of certificate: CertificateARN) -> Instant? {
    let rollout = decision.record.rollout
    return rollout?.previous == certificate ? rollout?.releasedAt : nil
  }

  private static func json(_ entry: (check: Check, result: CheckResult)) -> JSONValue {
    [
      "check": .string(entry.check.reason.word),
      "result": .string(entry.result.word),
      "detail": JSONValue(entry.result.detail),
    ]
  }
}

extension CandidateRanking.Verdict {
  var word: String {
    switch self {
    case .chosen: "chosen"
    case .attached: "attached"
    case .passedOver(let explanation): explanation.reason.word
    }
  }

  var detail: String? {
    switch self {
    case .chosen, .attached: nil
    case .passedOver(let explanation): DecisionText.words(explanation)
    }
  }
}

extension CheckResult {
  var word: String {
    switch self {
    case .passed: "passed"
    case .failed: "failed"
    case .open, .unseen: "unknown"
    }
  }

  var detail: String? {
    switch self {
    case .passed: nil
    case .failed(let detail): detail
    case .open(let question): "not asked: \(question.operation)"
    case .unseen(let failure): failure.description
    }
  }
}

extension Question {
  /// The AWS operation that answers it.
  fileprivate var operation: String {
    switch self {
    case .list: "ListCertificates"
    case .describe: "DescribeUserPoolDomain"
    case .details, .use: "DescribeCertificate"
    case .tags: "GetResources"
    case .evidence: "GetCertificate"
    case .probe, .probeDistribution: "a handshake"
    }
  }
}
