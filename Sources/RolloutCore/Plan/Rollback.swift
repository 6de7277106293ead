/// What becomes of a certificate that Cognito took and that edges do not serve to viewers.
package enum RollbackJudgement: Equatable, Sendable {
  /// Nothing speaks for it, or it is off.
  case none
  /// The previous certificate is attached again.
  case attach(Certificate, Explanation)
  /// The previous certificate cannot serve either.
  case impossible(Explanation)
  /// Whether the previous certificate can serve could not be seen.
  case blocked(Failure)
}

/// Rounds in a row in which edges did not serve the certificate of the rollout to viewers.
package struct EdgeHarm: Equatable, Sendable {
  /// Why, by the last of them.
  package var explanation: Explanation
  package var rounds: Int
  /// Whether it was logged that the previous certificate cannot be attached again.
  package var isLoggedAsLasting = false

  package init(_ explanation: Explanation, rounds: Int) {
    self.explanation = explanation
    self.rounds = rounds
  }
}

extension ProbeRound {
  /// Why viewers of the domain see an error since Cognito took the certificate: an edge refuses the
  /// name, serves a leaf that does not cover it, such as CloudFront's own, or serves the
  /// certificate's leaf with a chain that is not trusted. Another leaf for the name, such as the
  /// previous certificate's, is not this certificate's fault.
  func harm(of sha256: String?) -> (explanation: Explanation, addresses: [String])? {
    var refusing: [String] = []
    var untrusted: [String] = []
    var uncovered: [String] = []
    for edge in edges {
      switch edge.result {
      case .unreachable, .noRoute: break
      case .refusing: refusing.append(edge.address)
      case .served(let leaf) where !leaf.coversDomain: uncovered.append(edge.address)
      case .served(let leaf) where leaf.sha256 != sha256: break
      case .served(let leaf) where leaf.chain != .trusted: untrusted.append(edge.address)
      case .served: break
      }
    }
    for (reason, addresses, words) in [
      (Reason.edgesRefusing, refusing, "the handshake is refused"),
      (.nameNotCovered, uncovered, "the leaf that is served does not cover the domain"),
      (.chainUntrusted, untrusted, "the chain that is served is not trusted"),
    ] where !addresses.isEmpty {
      let list = addresses.joined(separator: ", ")
      return (Explanation(reason, "\(words) at \(list)"), addresses)
    }
    return nil
  }
}

extension DomainFacts {
  /// The harm by the certificate of the rollout under way, this look's round included; nil when there
  /// is none, or when that certificate cannot be the cause.
  ///
  /// Edges that refused the domain before the rollout refuse it for another reason, and a detour
  /// leads to edges that are not the domain's.
  func harm(expecting sha256: String?, detour: Detour?) -> EdgeHarm? {
    guard mapping.rollback == .on, mapping.probe.isEnabled, let rollout = openRollout,
      rollout.propagation != nil, rollout.wasServed, detour == nil
    else { return nil }
    guard let round, rollout.isCheckDue(at: now), round.hasAnswer else { return memory.harm }
    guard let (explanation, _) = round.harm(of: sha256) else { return nil }
    var harm = memory.harm ?? EdgeHarm(explanation, rounds: 0)
    harm.explanation = explanation
    harm.rounds += 1
    return harm
  }
}

/// Judges whether a rollout under way gives way to the certificate before it.
struct RollbackJudge {
  let facts: DomainFacts
  /// The certificate that Cognito shows.
  let attached: CertificateARN
  let harm: EdgeHarm?

  func judge() -> Answerable<RollbackJudgement> {
    guard let harm, harm.rounds >= facts.pacing.confirmations, let rollout = facts.openRollout,
      rollout.certificate == attached, rollout.cause != .rollback, !awaitsRound
    else { return .known(.none) }
    guard let previous = rollout.previous, previous != attached else {
      return .known(.impossible(cannot("there was none before it")))
    }
    switch facts.certificates.known(previous) {
    case .open(let question): return .open([question])
    case .unseen(let failure): return .known(.blocked(failure))
    case .deleted: return .known(.impossible(cannot("ACM no longer has \(previous)")))
    case .certificate(let certificate): return judge(certificate, harm)
    }
  }

  /// The edges are asked after everything else, and what they answer now decides.
  private var awaitsRound: Bool {
    facts.defersProbe && facts.isProbeDue && facts.round == nil
  }

  private func judge(
    _ previous: Certificate, _ harm: EdgeHarm
  ) -> Answerable<RollbackJudgement> {
    let chooser = facts.chooser(present: attached)
    // It has served already: how old it is does not matter.
    switch chooser.checks(chooser.urgency).verdict(on: previous).outcome(waiving: [.soaking]) {
    case .open(let questions): return .open(questions)
    case .unseen(let failure): return .known(.blocked(failure))
    case .ineligible(let explanation):
      return .known(.impossible(cannot("\(previous.arn) is not eligible: \(explanation)")))
    case .eligible: return .known(.attach(previous, harm.explanation))
    }
  }

  private func cannot(_ detail: String) -> Explanation { Explanation(.cannotRollBack, detail) }
}

extension DomainPlan {
  /// The rollout's certificate gives way to the one before it, and is not chosen again until `retry`
  /// or a newer one.
  mutating func leave(
    _ failed: Rollout, for previous: CertificateARN, _ explanation: Explanation
  ) {
    record.shun(failed.certificate)
    record.rolledBack = failed.certificate
    record.noteFailure(of: failed)
    findings.append(.rolledBack(failed, to: previous, explanation))
  }

  /// Shows why a rollout that does harm goes on.
  mutating func showHarm(_ domain: DescribedDomain, _ summary: EdgeSummary) {
    guard case .impossible(let explanation) = domain.rollback,
      let rollout = record.rollout, rollout.isOpen
    else { return }
    reason = explanation
    guard memory.harm?.isLoggedAsLasting == false else { return }
    memory.harm?.isLoggedAsLasting = true
    findings.append(.edgesRefusing(rollout.certificate, summary, isLasting: true))
  }

  /// The domain is in sync. After a rollback that is shown until the certificate that failed is gone or
  /// may be chosen again; otherwise nothing is left of what failed.
  mutating func restInSync() {
    let listed = facts.certificates.listed?.value
    if let failed = record.rolledBack,
      failed == record.attached || listed?.contains(where: { $0.arn == failed }) == false
    {
      record.rolledBack = nil
    }
    guard let failed = record.rolledBack else {
      record.failure = nil
      return
    }
    if reason == nil {
      reason = Explanation(
        .rolledBack, "edges did not serve \(failed); 'retry' allows it again")
    }
  }
}
