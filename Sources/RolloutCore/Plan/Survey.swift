/// What must still be asked before a domain can be decided, or the assessment when nothing must.
///
/// A survey is pure and asks nothing itself. The cycle asks the open questions, adds the answers
/// to the facts, and surveys again. Each answer stands for the whole cycle, a failure too, so a
/// domain has at most as many rounds of questions as there are things to ask about.
package enum Survey: Sendable {
  case open([Question])
  case complete(Assessment)

  package static func of(_ facts: DomainFacts) -> Survey {
    var questions: [Question] = []
    let shown = facts.shown
    if shown == nil { questions.append(.describe) }
    if facts.certificates.listed == nil { questions.append(.list) }
    if facts.isProbeDue && !facts.defersProbe && facts.round == nil { questions.append(.probe) }
    guard questions.isEmpty, let shown else { return .open(questions) }
    switch shown {
    case .unseen(let failure): return .complete(.undescribed(Explanation(failure)))
    case .empty: return .complete(.undescribed(Explanation(.emptyDescription, emptyHint)))
    case .withoutCertificate:
      return .complete(.undescribed(Explanation(.noCertificate, noCertificateHint)))
    case .described(let description):
      guard let attached = description.certificateARN else {
        return .complete(.undescribed(Explanation(.noCertificate)))
      }
      if let pool = description.userPoolID, pool != facts.mapping.userPoolID.text {
        return .complete(
          .ofAnotherPool(
            Explanation(
              .domainNotInPool,
              "the domain belongs to user pool \(pool), the configuration says \(facts.mapping.userPoolID)"
            )))
      }
      return DomainSurveyor(facts: facts, description: description, attached: attached).survey()
    }
  }

  private static let emptyHint =
    "Cognito knows no such domain in this account and region; check domain, region and credentials"
  private static let noCertificateHint =
    "the description has no CustomDomainConfig: a prefix domain, or not AWS itself"
}

/// What complete facts say about a domain.
package enum Assessment: Sendable {
  /// The domain could not be described, or the description names no certificate.
  case undescribed(Explanation)
  /// The domain belongs to another user pool than the mapping says.
  case ofAnotherPool(Explanation)
  case described(DescribedDomain)

  /// Whether the domain and all that its decision depends on were seen.
  package var isComplete: Bool {
    guard case .described(let domain) = self else { return false }
    if case .blocked = domain.course { return false }
    return true
  }
}

extension Assessment {
  /// Keeps the denials of these trials; another domain of the account has reported the others.
  package mutating func keepDenials(of trials: Set<PermissionTrial>) {
    guard case .described(var domain) = self else { return }
    domain.denials = domain.denials.filter { trials.contains($0.key) }
    self = .described(domain)
  }
}

/// A described domain: what Cognito shows, what that means for the rollout under way, and what
/// should become of the domain.
package struct DescribedDomain: Sendable {
  package var description: DomainDescription
  package var attached: CertificateARN
  /// What ACM says of the attached certificate, when it could be seen.
  package var attachedCertificate: Certificate?
  package var standing: RolloutStanding
  package var drift: DriftJudgement
  package var course: Course
  /// What picked the course; nil while nothing was to be picked.
  package var chooser: Chooser?
  /// nil: that depends on something that was not asked or could not be seen.
  package var passedOver: [PassedOver]?
  /// What this look's round of handshakes proves; nil when none was made.
  package var verdict: ProbeVerdict?
  /// The leaf that the round was compared with.
  package var expectedLeaf: String?
  /// The domain's own DNS leads away from its distribution.
  package var detour: Detour?
  /// Whether the rollout's certificate gives way to the one before it.
  package var rollback = RollbackJudgement.none
  /// Whether the domain passes the limits of the fleet: its certificate is not usable or ends soon.
  package var isUrgent = false
  /// Why permissions that were tried at this look are missing.
  package var denials: [PermissionTrial: Failure] = [:]
  /// Whether the certificate before the last rollout is released.
  package var release = ReleaseJudgement.none
}

/// What a description means for the open rollout.
package enum RolloutStanding: Equatable, Sendable {
  /// No rollout is open.
  case none
  /// Someone else attached a third certificate: the rollout ends.
  case overtaken
  /// Its certificate is no longer eligible, or no longer wanted: the rollout ends.
  case ended(Explanation)
  /// Cognito shows its certificate, and not FAILED.
  case shown
  /// Its call is still to be made, or its outcome is not known.
  case awaitingCall
  /// Cognito accepted the call and is still working.
  case underWay
  /// Cognito accepted the call a moment ago and does not show it: a description may lag behind,
  /// so nothing is concluded before the next check is due.
  case lagging
  /// Cognito accepted the call and shows another certificate, or FAILED.
  case notKept
}

/// What should become of a domain.
package enum Course: Equatable, Sendable {
  /// The present certificate is right.
  case keep
  case begin(Certificate, Rollout.Cause, isUrgent: Bool)
  /// A replacement only has to grow older.
  case wait(Certificate, Explanation, until: Instant)
  /// Someone attached another certificate than `former`, and a person is asked.
  case reportDrift(former: CertificateARN)
  case missing(Explanation)
  /// The decision depends on something that could not be seen.
  case blocked(Obstacle)

  package struct Obstacle: Equatable, Sendable {
    package var failure: Failure
    /// The certificate of the rollout under way itself could not be seen, so that its call must
    /// wait, too.
    package var holdsUpRollout: Bool
    /// ACM says that the attached certificate is unusable.
    package var attachedIsUnusable: Bool
  }
}

/// Surveys a described domain.
struct DomainSurveyor {
  let facts: DomainFacts
  let description: DomainDescription
  let attached: CertificateARN

  private var record: DomainRecord { facts.record }

  func survey() -> Survey {
    // 1. What the description means for the rollout under way.
    var standing: RolloutStanding
    switch self.standing() {
    case .open(let questions): return .open(questions)
    case .known(let known): standing = known
    }

    // 2. What should become of the domain, as seen from the rollout's certificate or, without
    //    one, from the attached certificate.
    var judgement: Judgement
    switch judge(standing) {
    case .open(let questions): return .open(questions)
    case .known(let known): judgement = known
    }
    if let explanation = judgement.endOfRollout {
      standing = .ended(explanation)
      switch judge(standing) {
      case .open(let questions): return .open(questions)
      case .known(let known): judgement = known
      }
    }

    // 3. What the edges prove. The leaf to compare with is one question more.
    let verdict: (ProbeVerdict?, String?)
    switch self.verdict(expecting: expectedCertificate(standing)) {
    case .open(let questions): return .open(questions)
    case .known(let known): verdict = known
    }
    // Edges that serve another leaf may serve a certificate that someone else attached.
    if case .stale = verdict.0, facts.description == nil, facts.servesNewLeaves {
      return .open([.describe])
    }
    if asksDistribution(verdict.0), facts.distributionRound == nil {
      return .open([.probeDistribution])
    }

    // 4. Whether the edges make the rollout's certificate give way to the one before it.
    let detour = detour(verdict.1)
    let rollback: RollbackJudgement
    switch judgeRollback(standing, facts.harm(expecting: verdict.1, detour: detour)) {
    case .open(let questions): return .open(questions)
    case .known(let known): rollback = known
    }
    switch rollback {
    case .none, .impossible: break
    case .attach(let previous, _):
      judgement.course = .begin(previous, .rollback, isUrgent: true)
    case .blocked(let failure): judgement.course = .blocked(obstacle(failure))
    }

    // 5. Permissions that a replacement will need.
    let denials: [PermissionTrial: Failure]
    switch tryPermissions() {
    case .open(let questions): return .open(questions)
    case .known(let known): denials = known
    }

    // 6. Whether the certificate before the last rollout is released.
    let release: ReleaseJudgement
    switch judgeRelease(judgement.course, verdict.0) {
    case .open(let questions): return .open(questions)
    case .known(let known): release = known
    }

    var certificate: Certificate?
    if case .certificate(let known) = facts.certificates.known(attached) { certificate = known }
    return .complete(
      .described(
        DescribedDomain(
          description: description, attached: attached, attachedCertificate: certificate,
          standing: standing, drift: judgement.drift, course: judgement.course,
          chooser: judgement.chooser,
          passedOver: judgement.passedOver?.filter { $0.certificate != attached },
          verdict: verdict.0, expectedLeaf: verdict.1, detour: detour,
          rollback: rollback, isUrgent: facts.chooser(present: attached).urgency != nil,
          denials: denials, release: release)))
  }

  // MARK: The edges

  /// The certificate whose leaf the edges should serve: the attached one, unless a rollout that
  /// Cognito accepted goes on.
  private func expectedCertificate(_ standing: RolloutStanding) -> CertificateARN {
    switch standing {
    case .shown, .underWay, .lagging, .notKept: facts.openRollout?.certificate ?? attached
    case .none, .overtaken, .ended, .awaitingCall: attached
    }
  }

  private func verdict(
    expecting arn: CertificateARN
  ) -> Answerable<(ProbeVerdict?, String?)> {
    guard let round = facts.round else { return .known((nil, nil)) }
    switch facts.certificates.evidence[arn] {
    case nil: return .open([.evidence(arn)])
    case .unseen(let failure): return .known((.incomparable(failure.description), nil))
    case .seen(let leaf):
      return .known((ProbeVerdict(round, expecting: leaf.sha256), leaf.sha256))
    }
  }

  /// Whether the distribution is probed, too: the domain's own addresses do not serve the leaf.
  private func asksDistribution(_ verdict: ProbeVerdict?) -> Bool {
    guard facts.cloudFrontDomain != nil, facts.mapping.probe.isOfDomainItself else { return false }
    switch verdict {
    case .stale, .refused, .silent: return true
    case .passed, .rejected, .incomparable, nil: return false
    }
  }

  private func detour(_ leaf: String?) -> Detour? {
    guard let leaf, let round = facts.round, let other = facts.distributionRound,
      let distribution = facts.cloudFrontDomain
    else { return nil }
    return Detour(
      of: facts.mapping.domain, round, distribution: distribution, other, expecting: leaf)
  }

  /// Only a certificate that Cognito shows gives way.
  private func judgeRollback(
    _ standing: RolloutStanding, _ harm: EdgeHarm?
  ) -> Answerable<RollbackJudgement> {
    switch standing {
    case .shown: RollbackJudge(facts: facts, attached: attached, harm: harm).judge()
    case .none, .overtaken, .ended, .awaitingCall, .underWay, .lagging, .notKept: .known(.none)
    }
  }

  // MARK: Permissions

  /// What the trials of this look were denied. They come after everything that decides, so that no
  /// call waits for them.
  private func tryPermissions() -> Answerable<[PermissionTrial: Failure]> {
    if facts.defersProbe { return .known([:]) }
    var questions: [Question] = []
    var denials: [PermissionTrial: Failure] = [:]
    for trial in facts.trials {
      switch facts.certificates.outcome(of: trial, attached: attached) {
      case nil: questions.append(trial.question(attached: attached))
      case .success: break
      case .failure(let failure):
        if failure.kind == .accessDenied { denials[trial] = failure }
      }
    }
    return questions.isEmpty ? .known(denials) : .open(questions)
  }

  /// Asked when everything that decides is known, as the trials are.
  private func judgeRelease(
    _ course: Course, _ verdict: ProbeVerdict?
  ) -> Answerable<ReleaseJudgement> {
    if facts.defersProbe { return .known(.none) }
    return ReleaseJudge(facts: facts, attached: attached, course: course, verdict: verdict).judge()
  }

  // MARK: The rollout under way

  private func standing() -> Answerable<RolloutStanding> {
    guard let rollout = facts.openRollout else { return .known(.none) }
    if attached == rollout.certificate, description.status != .failed { return .known(.shown) }
    switch isOvertaken(rollout) {
    case .open(let questions): return .open(questions)
    case .known(true): return .known(.overtaken)
    case .known(false): break
    }
    if rollout.awaitsCall { return eligibility(of: rollout, standing: .awaitingCall) }
    guard description.status.acceptsUpdates else { return .known(.underWay) }
    if !rollout.isCheckDue(at: facts.now) { return .known(.lagging) }
    return eligibility(of: rollout, standing: .notKept)
  }

  /// Whether someone else attached a third certificate and the rollout gives way: before its
  /// call was ever accepted always, after that only to a newer one.
  private func isOvertaken(_ rollout: Rollout) -> Answerable<Bool> {
    if attached == rollout.certificate || attached == rollout.previous { return .known(false) }
    if rollout.resubmits == 0, rollout.awaitsCall { return .known(true) }
    switch (facts.certificates.known(attached), facts.certificates.known(rollout.certificate)) {
    case (.open(let question), _), (_, .open(let question)): return .open([question])
    case (.certificate(let shown), .certificate(let mine)):
      return .known(shown.isNewer(than: mine))
    case (.deleted, _), (.unseen, _), (.certificate, .deleted), (.certificate, .unseen):
      return .known(false)
    }
  }

  /// A call is made for a certificate only as long as that one is eligible.
  private func eligibility(
    of rollout: Rollout, standing: RolloutStanding
  ) -> Answerable<RolloutStanding> {
    switch facts.certificates.known(rollout.certificate) {
    case .open(let question): return .open([question])
    case .unseen: return .known(standing)
    case .deleted: return .known(.ended(Explanation(.deleted)))
    case .certificate:
      switch outcome(of: rollout) {
      case .open(let questions): return .open(questions)
      case .ineligible(let explanation): return .known(.ended(explanation))
      case .eligible, .unseen: return .known(standing)
      }
    }
  }

  private func outcome(of rollout: Rollout) -> CandidateVerdict.Outcome {
    switch facts.certificates.known(rollout.certificate) {
    case .open(let question): return .open([question])
    case .unseen(let failure): return .unseen(failure)
    case .deleted: return .ineligible(Explanation(.deleted))
    case .certificate(let certificate):
      let chooser = facts.chooser(present: attached)
      return chooser.checks(chooser.urgency).verdict(on: certificate)
        .outcome(waiving: rollout.cause.waivedChecks)
    }
  }

  // MARK: The course

  private struct Judgement {
    var drift = DriftJudgement.none
    var course: Course
    var chooser: Chooser?
    var passedOver: [PassedOver]?
    /// Why the rollout under way leads nowhere any more, so that the domain must be judged from
    /// what Cognito shows.
    var endOfRollout: Explanation?
  }

  private func judge(_ standing: RolloutStanding) -> Answerable<Judgement> {
    guard let rollout = facts.openRollout else { return judgeAttached(former: record.lastAttached) }
    switch standing {
    case .none, .overtaken: return judgeAttached(former: record.lastAttached)
    case .ended:
      // That Cognito does not show the rollout's certificate is nobody's drift.
      let isMine = record.lastAttached == rollout.certificate
      return judgeAttached(former: isMine ? attached : record.lastAttached)
    case .lagging: return .known(Judgement(course: .keep))
    case .shown, .underWay:
      return judge(from: facts.chooser(present: rollout.certificate), rollout)
    case .awaitingCall, .notKept:
      if case .unseen(let failure) = outcome(of: rollout) {
        return .known(Judgement(course: .blocked(obstacle(failure, holdsUpRollout: true))))
      }
      return judge(from: facts.chooser(present: rollout.certificate, attached: attached), rollout)
    }
  }

  /// From the certificate of the rollout under way: only a better one, or nothing at all, takes
  /// its place.
  private func judge(from chooser: Chooser, _ rollout: Rollout) -> Answerable<Judgement> {
    let choice: Choice
    switch chooser.choose() {
    case .open(let questions): return .open(questions)
    case .known(let known): choice = known
    }
    var judgement = Judgement(
      course: course(for: choice), chooser: chooser, passedOver: chooser.passedOver(for: choice))
    if attached == rollout.certificate { return .known(judgement) }
    switch choice {
    case .missing(let explanation): judgement.endOfRollout = explanation
    case .replace(let replacement) where replacement.certificate.arn == attached:
      judgement.endOfRollout =
        rollout.awaitsCall || standingIsNotKept
        ? Explanation(.notNewer, "\(attached) is attached and is better again") : nil
    case .keep, .replace, .wait, .blocked: break
    }
    return .known(judgement)
  }

  /// Whether the open rollout's call is to be made again.
  private var standingIsNotKept: Bool {
    description.status.acceptsUpdates && facts.openRollout?.isCheckDue(at: facts.now) ?? false
  }

  /// From the certificate that Cognito shows: first whether it is a drift, then whether there is
  /// a better one.
  private func judgeAttached(former: CertificateARN?) -> Answerable<Judgement> {
    let drift: DriftJudgement
    switch DriftJudge(facts: facts, shown: attached, former: former).judge() {
    case .open(let questions): return .open(questions)
    case .known(let known): drift = known
    }
    var chooser = facts.chooser(present: attached)
    switch drift {
    case .none: break
    case .adopt(let former, _):
      chooser.shunned.insert(former)
      chooser.shunned.remove(attached)
    case .restore(let former): chooser.floor = former
    case .report(let former):
      chooser.floor = former
      chooser.shunned.insert(former.arn)
    case .blocked(let failure):
      return .known(Judgement(drift: drift, course: .blocked(obstacle(failure))))
    }
    let choice: Choice
    switch chooser.choose() {
    case .open(let questions): return .open(questions)
    case .known(let known): choice = known
    }
    let course: Course
    switch self.course(for: choice, chooser, drift) {
    case .open(let questions): return .open(questions)
    case .known(let known): course = known
    }
    return .known(
      Judgement(
        drift: drift, course: course, chooser: chooser,
        passedOver: chooser.passedOver(for: choice)))
  }

  /// The choice, with what a drift or an operator's `retry` makes of it.
  private func course(
    for choice: Choice, _ chooser: Chooser, _ drift: DriftJudgement
  ) -> Answerable<Course> {
    switch drift {
    case .none, .adopt, .blocked: break
    case .restore(let former):
      switch choice {
      case .keep, .missing, .wait:
        return .known(.begin(former, .restore, isUrgent: chooser.urgency != nil))
      case .replace(let replacement) where replacement.certificate.arn == former.arn:
        return .known(.begin(former, .restore, isUrgent: replacement.isUrgent))
      case .replace, .blocked: break
      }
    case .report(let former):
      switch choice {
      case .keep, .wait: return .known(.reportDrift(former: former.arn))
      case .replace(let replacement)
      where replacement.certificate.arn == former.arn
        && chooser.unusability(of: facts.certificates.known(attached)) == nil:
        return .known(.reportDrift(former: former.arn))
      case .replace, .missing, .blocked: break
      }
    }
    if case .keep = choice, description.status == .failed, record.retryRequested {
      return resubmission(chooser)
    }
    return .known(course(for: choice))
  }

  /// Cognito shows FAILED and an operator asked to try again: the attached certificate is sent
  /// once more, if it still passes the checks.
  private func resubmission(_ chooser: Chooser) -> Answerable<Course> {
    guard case .certificate(let certificate) = facts.certificates.known(attached) else {
      return .known(.keep)
    }
    let verdict = chooser.checks(chooser.urgency).verdict(on: certificate)
    switch verdict.outcome(waiving: Rollout.Cause.resubmit.waivedChecks) {
    case .open(let questions): return .open(questions)
    case .unseen(let failure): return .known(.blocked(obstacle(failure)))
    case .ineligible: return .known(.keep)
    case .eligible: return .known(.begin(certificate, .resubmit, isUrgent: chooser.urgency != nil))
    }
  }

  private func course(for choice: Choice) -> Course {
    switch choice {
    case .keep: .keep
    case .replace(let replacement):
      .begin(replacement.certificate, replacement.cause, isUrgent: replacement.isUrgent)
    case .wait(let certificate, let explanation, let until):
      .wait(certificate, explanation, until: until)
    case .missing(let explanation): .missing(explanation)
    case .blocked(let failure): .blocked(obstacle(failure))
    }
  }

  private func obstacle(_ failure: Failure, holdsUpRollout: Bool = false) -> Course.Obstacle {
    let chooser = facts.chooser(present: attached)
    return Course.Obstacle(
      failure: failure, holdsUpRollout: holdsUpRollout || facts.certificates.listed?.value == nil,
      attachedIsUnusable: chooser.statedUnusability(of: facts.certificates.known(attached)) != nil)
  }
}
