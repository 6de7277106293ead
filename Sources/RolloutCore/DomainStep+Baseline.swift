extension DomainStep {
  /// What the choice starts from: the certificate of a rollout under way, as long as it may
  /// still be attached; else what Cognito shows, and whether that is a drift comes next.
  mutating func baseline(
    attached: CertificateARN
  ) throws(Needs) -> Result<CertificateARN, Failure> {
    guard let rollout = record.rollout, rollout.certificate != attached || rollout.isCallOpen
    else { return .success(attached) }
    switch rollout.phase {
    case .submitting, .completed, .superseded, .abandoned: return .success(attached)
    case .propagating, .overdue: return .success(rollout.certificate)
    case .retrying, .refused: break
    }
    let chooser = chooser(baseline: attached)
    switch chooser.known(rollout.certificate) {
    case .open(let question): throw Needs(inquiries: [.certificate(question)])
    case .unseen(let failure): return .failure(failure)
    case .deleted:
      giveUp("ACM no longer has it", attached: attached)
    case .certificate(let certificate):
      let verdict = chooser.checks(chooser.urgency(chooser.known(attached)))
        .verdict(on: certificate)
      let waived = rollout.cause.waived
      if let failure = verdict.obstacle(ignoring: waived) { return .failure(failure) }
      let questions = verdict.questions(ignoring: waived)
      if !questions.isEmpty { throw Needs(inquiries: questions.map { .certificate($0) }) }
      if verdict.isEligible(ignoring: waived) { return .success(rollout.certificate) }
      giveUp(verdict.reason?.description ?? "not eligible", attached: attached)
    }
    return .success(attached)
  }

  /// Ends the rollout under way without another in its place. That Cognito shows something
  /// else than its certificate is nobody's drift then.
  mutating func giveUp(_ why: String, attached: CertificateARN) {
    guard var rollout = record.rollout, rollout.phase.isOpen else { return }
    rollout.end(.abandoned, at: now)
    record.rollout = rollout
    if record.lastAttached == rollout.certificate { record.lastAttached = attached }
    events.append(event(.rolloutSuperseded, level: .warning, rollout: rollout, [.reason: why]))
  }

  /// Why the rollout under way leads nowhere any more, so that what Cognito shows is to be
  /// judged by itself.
  func pointless(
    _ choice: Choice, baseline: CertificateARN, attached: CertificateARN
  ) -> String? {
    guard baseline != attached, let rollout = record.rollout, rollout.phase.isOpen else {
      return nil
    }
    switch choice {
    case .missing(let reason): return reason.description
    case .replace(let winner, _, _) where winner.arn == attached && rollout.isCallOpen:
      return "\(attached) is attached, and is the better one again"
    case .keep, .replace, .wait, .undetermined, .ask: return nil
    }
  }
}
