/// A second, independent reading of a planned call: it derives from what was seen whether the
/// call is safe, and shares no rule with the planner or the checks. A violation is a defect of
/// the planner; the call is not made.
package enum PlanReview {
  /// Every rule that a call must keep.
  package enum Rule: String, Sendable, CaseIterable {
    case intentIsRecorded = "the record holds the intent of exactly this call"
    case modeIsApply = "the mode is apply"
    case callIsTheMappings = "the call goes to the mapping's pool, region and identity"
    case noHoldIsInForce = "no hold is in force"
    case domainWasSeen = "the domain was described"
    case domainAcceptsUpdates = "Cognito shows ACTIVE or FAILED"
    case certificateIsNotAttached = "Cognito does not show the certificate already"
    case settingsAreEchoed = "the settings are sent back as they were described"
    case domainIsThePools = "the domain belongs to the pool"
    case certificateWasSeen = "ACM showed the certificate"
    case certificateIsEligible = "the certificate passes every check by ACM's data"
    case chainIsTrusted = "the chain was judged and is trusted"
    case replacementIsNewer = "a replacement is newer than what it replaces"
    case pinIsObeyed = "a pinned certificate is the one that the mapping pins"
    case restoreGoesBack = "a restored certificate was attached by this daemon before"
    case rollbackGoesBack =
      "a rollback leaves a certificate that edges did not serve for the one before it"
    case rolledBackIsLeft =
      "a certificate that was rolled back is not attached again before 'retry'"
    case attachedIsUnusable = "a certificate that replaces an unusable one finds it unusable"
    case resubmissionIsAsked = "the attached certificate is sent again at an operator's request"
    case causeIsKnown = "the cause of the rollout is known"
    case surveyEnds = "a survey asks nothing twice"
  }

  package struct Violation: Equatable, Sendable {
    package let domain: DomainName
    package let rule: Rule
    /// The value that broke the rule; may be empty.
    package let detail: String

    package init(domain: DomainName, rule: Rule, detail: String = "") {
      self.domain = domain
      self.rule = rule
      self.detail = detail
    }
  }

  /// The rules that the plan's call breaks; empty when it makes none.
  package static func violations(in plan: DomainPlan, of facts: DomainFacts) -> [Violation] {
    guard let update = plan.update else { return [] }
    return violations(of: update, recordedIn: plan.record, facts)
  }

  /// The rules that a call breaks whose intent is in `record`.
  package static func violations(
    of update: DomainUpdate, recordedIn record: DomainRecord, _ facts: DomainFacts
  ) -> [Violation] {
    let reviewer = Reviewer(record: record, update: update, facts: facts)
    return Rule.allCases.compactMap { rule in
      guard let detail = reviewer.breach(of: rule) else { return nil }
      return Violation(domain: update.domain, rule: rule, detail: detail)
    }
  }
}

/// Reads one call against every rule.
private struct Reviewer {
  let record: DomainRecord
  let update: DomainUpdate
  let facts: DomainFacts

  /// What breaks the rule; nil when it is kept.
  func breach(of rule: PlanReview.Rule) -> String? {
    switch rule {
    case .intentIsRecorded: unless(hasIntent)
    case .modeIsApply: unless(facts.mapping.mode == .apply)
    case .callIsTheMappings:
      unless(
        update.userPoolID == facts.mapping.userPoolID && update.region == facts.mapping.region
          && update.identity == facts.mapping.identity)
    case .noHoldIsInForce: unless(facts.record.hold.map(hasEnded) ?? true)
    case .domainWasSeen: unless(description != nil)
    case .domainAcceptsUpdates:
      unless(
        [.active, .failed].contains(description?.status),
        "\(description.map { "\($0.status)" } ?? "")")
    case .certificateIsNotAttached:
      unless(
        description?.status == .failed || description?.certificateARN != update.certificate)
    case .settingsAreEchoed: unless(description?.settings == update.settings)
    case .domainIsThePools:
      unless(description?.userPoolID.map { $0 == update.userPoolID.text } ?? true)
    case .certificateWasSeen: unless(certificate != nil)
    case .certificateIsEligible: ineligibility
    case .chainIsTrusted:
      unless(facts.certificates.evidence[update.certificate]?.value?.chain == .trusted)
    case .rolledBackIsLeft:
      unless(facts.record.rolledBack != update.certificate)
    case .replacementIsNewer, .pinIsObeyed, .restoreGoesBack, .rollbackGoesBack,
      .attachedIsUnusable,
      .resubmissionIsAsked, .causeIsKnown:
      breachOfCause(rule)
    case .surveyEnds: nil
    }
  }

  private func unless(_ holds: Bool, _ detail: String = "") -> String? { holds ? nil : detail }

  private var rollout: Rollout? { record.rollout }

  private var hasIntent: Bool {
    guard let rollout, case .submitting(let submission) = rollout.phase else { return false }
    return record.domain == update.domain && rollout.certificate == update.certificate
      && submission.settings == update.settings && rollout.attempts > 0
  }

  private func hasEnded(_ hold: Hold) -> Bool { hold.until.map { $0 <= facts.now } ?? false }

  private var description: DomainDescription? {
    guard case .described(let description)? = facts.description else { return nil }
    return description
  }

  private var certificate: Certificate? {
    facts.certificates.certificates.first { $0.arn == update.certificate }
  }

  private var attached: Certificate? {
    facts.certificates.certificates.first { $0.arn == description?.certificateARN }
  }

  /// Why ACM's data rule the certificate out.
  private var ineligibility: String? {
    guard let certificate else { return nil }
    let eligibility = ReviewedEligibility(
      certificate: certificate, mapping: facts.mapping, tags: facts.certificates.tags?.value,
      now: facts.now)
    return eligibility.problem
  }

  // MARK: Causes

  /// The reason for a rollout's first call must be true: never to an older certificate, unless
  /// it is pinned, put back, or the attached one can serve no longer.
  private func breachOfCause(_ rule: PlanReview.Rule) -> String? {
    guard let rollout, rollout.attempts == 1 else { return nil }
    switch (rollout.cause, rule) {
    case (.replacement, .replacementIsNewer): return unless(isNewer)
    case (.pinned, .pinIsObeyed): return unless(facts.mapping.selector.arn == rollout.certificate)
    case (.restore, .restoreGoesBack):
      return unless(facts.record.lastAttached == rollout.certificate)
    case (.rollback, .rollbackGoesBack): return unless(goesBack)
    case (.unusable, .attachedIsUnusable): return unless(attachedIsUnusable)
    case (.resubmit, .resubmissionIsAsked):
      return unless(
        facts.record.retryRequested && description?.status == .failed
          && description?.certificateARN == update.certificate)
    case (.other(let word), .causeIsKnown): return word
    case (.replacement, _), (.pinned, _), (.restore, _), (.unusable, _), (.resubmit, _),
      (.rollback, _), (.other, _):
      return nil
    }
  }

  /// Whether Cognito shows the certificate of the rollout under way, that one replaced this one, and
  /// enough rounds showed edges that do not serve it.
  private var goesBack: Bool {
    guard facts.mapping.rollback == .on, let failed = facts.record.rollout,
      failed.cause != .rollback, failed.certificate == description?.certificateARN,
      failed.previous == update.certificate, record.shunned.contains(failed.certificate)
    else { return false }
    switch failed.phase {
    case .propagating, .overdue: break
    case .submitting, .retrying, .refused, .completed, .superseded, .abandoned, .other:
      return false
    }
    let leaf = facts.certificates.evidence[failed.certificate]?.value?.sha256
    let isHarmful = (facts.round?.edges ?? []).contains { edge in
      switch edge.result {
      case .refusing: true
      case .served(let served):
        !served.coversDomain || (served.sha256 == leaf && served.chain != .trusted)
      case .unreachable, .noRoute: false
      }
    }
    let rounds = (facts.memory.harm?.rounds ?? 0) + (isHarmful ? 1 : 0)
    return rounds >= facts.pacing.confirmations
  }

  private var isNewer: Bool {
    let replaced = [
      description?.certificateARN,
      facts.record.rollout.flatMap { $0.isOpen ? $0.certificate : nil },
    ]
    return facts.certificates.certificates.contains { old in
      guard replaced.contains(old.arn), let certificate,
        let creation = certificate.createdAt ?? certificate.firstImportedAt
          ?? certificate.importedAt,
        let oldCreation = old.createdAt ?? old.firstImportedAt ?? old.importedAt,
        let start = certificate.notBefore,
        let oldStart = old.notBefore
      else { return false }
      return creation > oldCreation && start >= oldStart
    }
  }

  private var attachedIsUnusable: Bool {
    guard let attached else {
      guard let arn = description?.certificateARN else { return false }
      return facts.certificates.details[arn] == .seen(nil)
    }
    let eligibility = ReviewedEligibility(
      certificate: attached, mapping: facts.mapping, tags: facts.certificates.tags?.value,
      now: facts.now)
    let former = facts.record.selectorFingerprint
    let ruleChanged = former != nil && former != facts.mapping.selector.fingerprint
    return eligibility.isStatedUnusable || (ruleChanged && eligibility.isSelected == false)
  }
}
