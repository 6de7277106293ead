/// Something that a decision or an answer brought to light about one domain. `Narration` turns
/// findings into events; nothing else words them.
package enum Finding: Equatable, Sendable {
  case replacementFound(Certificate, Rollout.Cause, attached: CertificateARN)
  case passedOver(PassedOver)
  case candidateMissing(attached: CertificateARN?, Explanation)
  /// The attached or served certificate ends at `notAfter`, and no newer one is proven.
  case expiring(CertificateARN?, notAfter: Instant, left: Duration)

  case updateSubmitted(Rollout)
  /// Cognito answered the call.
  case updateAccepted(Rollout, requestID: String?)
  /// Cognito shows the certificate, so a call whose answer was lost has worked.
  case updateShown(Rollout, DomainStatus)
  case updateRetrying(Rollout, Explanation, in: Duration, requestID: String?)
  case updateRefused(Rollout?, Explanation, requestID: String?)
  /// `credentials` are the cause of the failed call.
  case credentialsRefused(Rollout, Identity, Failure)

  case propagationWaiting(Rollout, DomainStatus, EdgeSummary, isNews: Bool)
  case rolloutCompleted(Rollout, EdgeSummary, after: Duration, isUnproven: Bool)
  case rolloutOverdue(Rollout, EdgeSummary, DomainStatus?)
  case rolloutSuperseded(Rollout, by: CertificateARN, Rollout.Cause)
  case rolloutAbandoned(Rollout, Explanation)
  /// Edges did not serve its certificate, and the one before it is attached again.
  case rolledBack(Rollout, to: CertificateARN, Explanation)
  case rolloutOvertaken(Rollout, by: CertificateARN)
  case settingChanged(Rollout, member: String, sent: String, shown: String?)

  case driftAdopted(shown: CertificateARN, former: CertificateARN, DriftJudgement.Adoption)
  case driftRestored(shown: CertificateARN, former: CertificateARN)
  case driftReported(shown: CertificateARN, former: CertificateARN, Mapping.DriftPolicy)
  /// The edges serve another leaf than the attached certificate's.
  case renewalUnserved(CertificateARN, EdgeSummary)
  /// For several rounds they served a leaf that viewers do not accept, or soon will not.
  case unserved(CertificateARN, Explanation, EdgeSummary)
  /// Edges were reached and refuse the domain.
  case edgesRefusing(CertificateARN, EdgeSummary, isLasting: Bool)
  /// Cognito names another distribution than before.
  case distributionChanged(before: String, after: String)
  /// Something that the decision depends on cannot be seen.
  case decisionBlocked(Explanation, polls: Int, isLasting: Bool)
  /// A permission is missing that a replacement will need.
  case permissionMissing(Failure)
  /// Nothing uses the certificate that the rollout replaced, and no edge serves it.
  case certificateReleased(CertificateARN, Rollout)
  case holdRequested(by: OperatorName, until: Instant?)
  case resumeRequested(by: OperatorName)
  case retryRequested(by: OperatorName)
  /// The review found a defect in a planned call; the call is not made.
  case reviewObjected(PlanReview.Violation)
}

/// The result of a round of handshakes, with the edges that did not answer.
package struct EdgeSummary: Equatable, Sendable {
  /// nil: no handshake was made.
  package var verdict: ProbeVerdict?
  package var unreached: [String]
  package var detour: Detour?

  package init(verdict: ProbeVerdict?, unreached: [String] = [], detour: Detour? = nil) {
    self.verdict = verdict
    self.unreached = unreached
    self.detour = detour
  }
}
