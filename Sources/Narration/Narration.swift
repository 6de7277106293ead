package import RolloutCore

/// Turns findings into events: level, fields, words. Nothing else words an event.
package enum Narration {
  /// The event of a finding about the mapping's domain.
  package static func event(for finding: Finding, of mapping: Mapping) -> Event {
    event(for: finding, of: mapping.domain, mapping.userPoolID)
  }

  /// The event of a finding about a domain that need not be mapped any more.
  package static func event(
    for finding: Finding, of domain: DomainName, _ pool: UserPoolID?
  ) -> Event {
    var event = event(for: finding)
    event.fields[.domain] = domain.text
    event.fields[.userPoolID] = pool?.text
    return event
  }

  private static func event(for finding: Finding) -> Event {
    switch finding {
    case .replacementFound(let certificate, let cause, let attached):
      Event(.replacementFound, describing(certificate, attached, cause))
    case .passedOver(let entry):
      Event(
        .candidateIneligible, level: entry.isExpected ? .info : nil,
        explaining(entry.explanation, [.certificateARN: entry.certificate.text]))
    case .candidateMissing(let attached, let explanation):
      Event(.candidateMissing, explaining(explanation, [.certificateARN: attached?.text ?? ""]))
    case .expiring(let certificate, let notAfter, let left):
      expiring(certificate, notAfter: notAfter, left: left)
    case .updateSubmitted(let rollout):
      Event(.updateSubmitted, naming(rollout, [.cause: rollout.cause.word]))
    case .updateAccepted(let rollout, let requestID):
      Event(.updateAccepted, naming(rollout, requestID, accepted(rollout)))
    case .updateShown(let rollout, let status):
      Event(
        .updateAccepted,
        naming(rollout, accepted(rollout).merging([.status: status.description]) { $1 }))
    case .updateRetrying(let rollout, let explanation, let delay, let requestID):
      Event(
        .updateRetrying,
        explaining(explanation, naming(rollout, requestID, [.retryIn: delay.compact])))
    case .updateRefused(let rollout, let explanation, let requestID):
      Event(.updateRefused, explaining(explanation, naming(rollout, requestID)))
    case .credentialsRefused(let rollout, let identity, let failure):
      Event(
        .credentialsFailed,
        naming(
          rollout, failure.requestID,
          [.identity: identity.description, .error: failure.description]))
    case .propagationWaiting(let rollout, let status, let summary, let isNews):
      Event(
        .propagationWaiting, level: isNews ? nil : .debug,
        naming(
          rollout,
          [
            .status: status.description, .edges: summary.description,
            .confirmations: String(rollout.propagation?.confirmations ?? 0),
            .deadline: deadline(of: rollout),
          ]))
    case .rolloutCompleted(let rollout, let summary, let duration, let isUnproven):
      Event(
        .rolloutCompleted, level: isUnproven ? .warning : nil,
        naming(
          rollout,
          [
            .proof: rollout.proof?.word ?? "", .edges: summary.description,
            .duration: duration.compact,
          ]))
    case .rolloutOverdue(let rollout, let summary, let status):
      overdue(rollout, summary, status)
    case .rolloutSuperseded(let rollout, let certificate, let cause):
      Event(
        .rolloutSuperseded,
        naming(rollout, [.reason: "superseded by \(certificate)", .cause: cause.word]))
    case .rolloutAbandoned(let rollout, let explanation):
      Event(
        .rolloutSuperseded, level: .warning,
        naming(rollout, [.reason: explanation.description]))
    case .rolledBack(let rollout, let previous, let explanation):
      rolledBack(rollout, to: previous, explanation)
    case .rolloutOvertaken(let rollout, let certificate):
      Event(
        .rolloutSuperseded, level: .warning,
        naming(rollout, [.reason: "someone else attached \(certificate)"]))
    case .settingChanged(let rollout, let member, let sent, let shown):
      Event(
        .settingsChanged,
        naming(rollout, [.member: member, .before: sent, .after: shown ?? "absent"]))
    case .driftAdopted(let shown, let former, let adoption):
      drift(shown, former, nil, "adopted: \(words(for: adoption))")
    case .driftRestored(let shown, let former):
      drift(shown, former, .warning, "the former certificate is put back")
    case .driftReported(let shown, let former, let policy):
      drift(shown, former, .error, words(for: policy))
    case .renewalUnserved(let certificate, let summary):
      Event(
        .renewalUnserved, [.certificateARN: certificate.text, .edges: summary.description])
    case .unserved(let certificate, let explanation, let summary):
      Event(
        .renewalUnserved, level: .error,
        explaining(
          explanation, [.certificateARN: certificate.text, .edges: summary.description]))
    case .edgesRefusing(let certificate, let summary, let isLasting):
      Event(
        .edgesRefusing, level: isLasting ? .error : nil,
        [.certificateARN: certificate.text, .edges: summary.description])
    case .distributionChanged(let before, let after):
      Event(
        .settingsChanged, level: .notice,
        [.member: "CloudFrontDomain", .before: before, .after: after])
    case .permissionMissing(let failure):
      Event(.decisionBlocked, explaining(Explanation(failure), naming(nil, failure.requestID)))
    case .decisionBlocked(let explanation, let polls, let isLasting):
      Event(
        .decisionBlocked, level: isLasting ? .error : nil,
        explaining(explanation, [.polls: String(polls)]))
    case .certificateReleased(let certificate, let rollout):
      Event(
        .certificateReleased, [.certificateARN: certificate.text, .rollout: rollout.id])
    case .holdRequested(let user, let until):
      requested(.holdRequested, by: user, until.map { [.until: $0.rfc3339] } ?? [:])
    case .resumeRequested(let user): requested(.resumeRequested, by: user)
    case .retryRequested(let user): requested(.retryRequested, by: user)
    case .reviewObjected(let violation): objected(violation)
    }
  }

  static func requested(
    _ kind: Event.Kind, by user: OperatorName, _ fields: [Event.Field: String] = [:]
  ) -> Event {
    Event(kind, fields.merging([.user: user.text]) { $1 })
  }

  private static func accepted(_ rollout: Rollout) -> [Event.Field: String] {
    var fields: [Event.Field: String] = [.deadline: deadline(of: rollout)]
    fields[.cloudFrontDomain] = rollout.cloudFrontDomain
    return fields
  }

  private static func describing(
    _ certificate: Certificate, _ attached: CertificateARN, _ cause: Rollout.Cause
  ) -> [Event.Field: String] {
    var fields: [Event.Field: String] = [
      .certificateARN: certificate.arn.text, .previousCertificateARN: attached.text,
      .cause: cause.word,
    ]
    fields[.notAfter] = certificate.notAfter?.rfc3339
    return fields
  }

  /// An error with seven days or less left, and a warning above.
  private static func expiring(
    _ certificate: CertificateARN?, notAfter: Instant, left: Duration
  ) -> Event {
    Event(
      .certificateExpiring, level: left > .days(7) ? .warning : .error,
      [
        .certificateARN: certificate?.text ?? "", .notAfter: notAfter.rfc3339,
        .left: left > .zero ? left.inWholeUnits : "0s",
      ])
  }

  private static func overdue(
    _ rollout: Rollout, _ summary: EdgeSummary, _ status: DomainStatus?
  ) -> Event {
    var fields: [Event.Field: String] = [
      .deadline: deadline(of: rollout),
      .error: summary.verdict == nil ? "Cognito does not show ACTIVE" : summary.description,
    ]
    fields[.status] = status?.description
    return Event(.rolloutOverdue, naming(rollout, fields))
  }

  /// The certificate that failed, and as the previous one that which is attached again.
  private static func rolledBack(
    _ rollout: Rollout, to previous: CertificateARN, _ explanation: Explanation
  ) -> Event {
    var event = Event(.rolloutRolledBack, explaining(explanation, naming(rollout)))
    event.fields[.previousCertificateARN] = previous.text
    return event
  }

  private static func objected(_ violation: PlanReview.Violation) -> Event {
    let detail = violation.detail.isEmpty ? "" : " (\(violation.detail))"
    return Event(
      .updateRefused,
      [
        .reason: Reason.planReview.word,
        .error:
          "a planned call broke the rule \"\(violation.rule.rawValue)\"\(detail) and was not made; this is a defect of cognito-certd, please report it",
      ])
  }

  private static func drift(
    _ shown: CertificateARN, _ former: CertificateARN, _ level: Event.Level?, _ words: String
  ) -> Event {
    Event(
      .driftDetected, level: level,
      [.certificateARN: shown.text, .previousCertificateARN: former.text, .reason: words])
  }

  private static func words(for policy: Mapping.DriftPolicy) -> String {
    switch policy {
    case .report: "on_drift is report"
    case .restore: "it was put back once within 24 hours, and changed again"
    }
  }

  private static func words(for adoption: DriftJudgement.Adoption) -> String {
    switch adoption {
    case .newer: "it is newer and eligible"
    case .formerDeleted: "the certificate attached before was deleted"
    case .formerOfAnotherAccount: "the certificate attached before is of another account"
    case .formerIneligible: "the certificate attached before is not eligible"
    case .formerRolledBack: "edges did not serve the certificate attached before"
    case .formerEndsSoon: "the certificate attached before ends sooner"
    case .shownDeleted: "the attached certificate was deleted"
    }
  }

  // MARK: Fields

  private static func naming(
    _ rollout: Rollout?, _ requestID: String? = nil, _ fields: [Event.Field: String] = [:]
  ) -> [Event.Field: String] {
    var fields = fields
    fields[.requestID] = requestID
    guard let rollout else { return fields }
    fields[.rollout] = rollout.id
    fields[.certificateARN] = rollout.certificate.text
    fields[.previousCertificateARN] = rollout.previous?.text
    fields[.attempt] = String(rollout.attempts)
    return fields
  }

  private static func naming(
    _ rollout: Rollout, _ fields: [Event.Field: String]
  ) -> [Event.Field: String] {
    naming(rollout, nil, fields)
  }

  private static func deadline(of rollout: Rollout) -> String {
    rollout.deadline?.rfc3339 ?? ""
  }

  private static func explaining(
    _ explanation: Explanation, _ fields: [Event.Field: String]
  ) -> [Event.Field: String] {
    var fields = fields
    fields[.reason] = explanation.reason.word
    fields[.error] = explanation.detail.isEmpty ? explanation.reason.sentence : explanation.detail
    return fields
  }
}

extension EdgeSummary: CustomStringConvertible {
  /// The verdict in words, with the edges that did not answer.
  package var description: String {
    guard let verdict else { return "not probed" }
    let silent = unreached.isEmpty ? "" : "; no answer from \(unreached.joined(separator: ", "))"
    let others = silent + (detour.map { "; \($0)" } ?? "")
    return switch verdict {
    case .passed(let edges): "all \(edges) that answer serve the new leaf\(others)"
    case .stale(let addresses): "another leaf at \(addresses.joined(separator: ", "))\(others)"
    case .refused(let addresses):
      "the handshake is refused at \(addresses.joined(separator: ", "))\(others)"
    case .rejected(let addresses):
      "the new leaf is served at \(addresses.joined(separator: ", ")) in a way that viewers do not accept\(others)"
    case .silent(let reason): "none answers: \(reason)\(detour.map { "; \($0)" } ?? "")"
    case .incomparable(let reason): "cannot be compared: \(reason)"
    }
  }
}

extension Duration {
  /// In the largest whole unit, for people: `13d`, `5h`, `45m`.
  var inWholeUnits: String {
    let seconds = inMilliseconds / 1000
    let unit: Int64 = seconds >= 172_800 ? 86_400 : seconds >= 7200 ? 3600 : seconds >= 60 ? 60 : 1
    return Duration.seconds(seconds / unit * unit).compact
  }
}
