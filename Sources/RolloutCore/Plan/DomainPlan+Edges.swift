/// What the edges serve: the proof of a rollout, or the trouble of a domain at rest.
extension DomainPlan {
  mutating func checkEdges(_ domain: DescribedDomain) {
    let summary = summary(of: domain)
    if let round = facts.round {
      memory.probedAt = now
      memory.edgeStates = round.states(
        expecting: domain.expectedLeaf, known: before.served, notAfter: record.attachedNotAfter)
      memory.edgeTrouble = trouble(summary, expecting: domain.expectedLeaf)
      record.noteServed(
        round.served(
          expecting: domain.expectedLeaf, known: before.served,
          notAfter: record.attachedNotAfter))
    }
    switch domain.standing {
    case .shown, .underWay: checkRollout(domain, summary)
    case .none, .overtaken, .ended: checkAtRest(domain, summary)
    case .awaitingCall, .lagging, .notKept: break
    }
  }

  func summary(of domain: DescribedDomain) -> EdgeSummary {
    EdgeSummary(
      verdict: verdict(domain), unreached: facts.round?.unreached ?? [], detour: domain.detour)
  }

  /// The verdict of the round. With rollbacks a leaf that viewers do not accept proves nothing.
  private func verdict(_ domain: DescribedDomain) -> ProbeVerdict? {
    guard case .passed = domain.verdict, mapping.rollback == .on,
      let harm = facts.round?.harm(of: domain.expectedLeaf)
    else { return domain.verdict }
    return .rejected(harm.addresses)
  }

  /// What a round shows that a person can act on.
  private func trouble(_ summary: EdgeSummary, expecting expectedLeaf: String?) -> Explanation? {
    if let detour = summary.detour { return detour.explanation }
    switch summary.verdict {
    case .refused(let addresses):
      return Explanation(
        .edgesRefusing, "the handshake is refused at \(addresses.joined(separator: ", "))")
    case .rejected, .stale: return facts.round?.harm(of: expectedLeaf)?.explanation
    case .passed, .silent, .incomparable, nil: return nil
    }
  }

  private mutating func checkRollout(_ domain: DescribedDomain, _ summary: EdgeSummary) {
    memory.harm = facts.harm(expecting: domain.expectedLeaf, detour: domain.detour)
    guard var rollout = record.rollout, rollout.isCheckDue(at: now) else { return }
    if mapping.probe.isEnabled && summary.verdict == nil { return }
    let status = domain.description.status
    let sent = rollout.propagation?.sent
    let isActive = domain.standing == .shown && status == .active
    let outcome = rollout.checked(
      summary.verdict, isActive: isActive, at: now, pacing: pacing)
    record.rollout = rollout
    if case .refused = summary.verdict {
      noteRefusal(of: rollout.certificate, summary, isLasting: false)
    }
    switch outcome {
    case .completed(let proof):
      memory.waiting = nil
      memory.harm = nil
      memory.refusalIsLogged = false
      record.noteAttachment(of: rollout.certificate)
      findings.append(
        .rolloutCompleted(
          rollout, summary, after: now.since(rollout.submittedAt ?? rollout.startedAt),
          isUnproven: proof == .controlPlane && mapping.probe.isEnabled))
      compareSettings(sent: sent, domain.description.settings, rollout)
    case .becameOverdue:
      record.noteFailure(of: rollout)
      findings.append(.rolloutOverdue(rollout, summary, status))
    case .waiting:
      let waiting = DomainMemory.Waiting(
        status: status, verdict: summary.verdict,
        confirmations: rollout.propagation?.confirmations ?? 0)
      findings.append(
        .propagationWaiting(
          rollout, status, summary, isNews: !waiting.saysTheSame(as: memory.waiting)))
      memory.waiting = waiting
    }
  }

  /// Every setting was sent back as it was described: one that came back different was changed
  /// by the update.
  private mutating func compareSettings(
    sent: EchoedSettings?, _ shown: EchoedSettings, _ rollout: Rollout
  ) {
    let shown = Dictionary(
      shown.members.map { ($0.path, $0.json) }, uniquingKeysWith: { _, last in last })
    for (path, json) in sent?.members ?? [] where shown[path] != json {
      findings.append(
        .settingChanged(rollout, member: path, sent: json, shown: shown[path]))
    }
  }

  /// Finds a renewal that the edges do not serve yet, and edges that serve the domain to nobody.
  private mutating func checkAtRest(_ domain: DescribedDomain, _ summary: EdgeSummary) {
    guard let round = facts.round else { return }
    if case .stale = domain.verdict, !before.hasStaleEdges {
      findings.append(.renewalUnserved(domain.attached, summary))
    }
    if memory.unserved == nil, wasUnserved(domain), let reason = before.reason {
      // It was logged before the restart.
      memory.unserved = DomainMemory.Unserved(
        reason, rounds: pacing.confirmations, isLoggedAsLasting: true)
      memory.refusalIsLogged = true
    }
    guard
      let explanation = round.unservedReason(
        expecting: domain.expectedLeaf, notAfter: record.attachedNotAfter, at: now)
    else {
      if round.hasAnswer {
        memory.unserved = nil
        memory.refusalIsLogged = false
      }
      return
    }
    var unserved = memory.unserved ?? DomainMemory.Unserved(explanation)
    unserved.isLoggedAsLasting =
      unserved.isLoggedAsLasting && unserved.explanation.reason == explanation.reason
    unserved.explanation = explanation
    unserved.rounds += 1
    let becomesLasting = unserved.rounds >= pacing.confirmations && !unserved.isLoggedAsLasting
    if becomesLasting { unserved.isLoggedAsLasting = true }
    memory.unserved = unserved
    if explanation.reason == .edgesRefusing {
      noteRefusal(of: domain.attached, summary, isLasting: becomesLasting)
    } else if becomesLasting {
      findings.append(.unserved(domain.attached, explanation, summary))
    }
  }

  /// Logs edges that refuse the domain once, and again when that lasts.
  private mutating func noteRefusal(
    of certificate: CertificateARN, _ summary: EdgeSummary, isLasting: Bool
  ) {
    if memory.refusalIsLogged && !isLasting { return }
    memory.refusalIsLogged = true
    findings.append(.edgesRefusing(certificate, summary, isLasting: isLasting))
  }

  /// Whether the domain was unserved when the daemon last ran: it stays so until a round shows
  /// otherwise.
  private func wasUnserved(_ domain: DescribedDomain) -> Bool {
    before.condition == .unserved && facts.memory.probedAt == nil && mapping.probe.isEnabled
      && before.attached == domain.attached
  }

  /// Why viewers are not served, once enough rounds in a row say so.
  func lastingUnserved(_ domain: DescribedDomain) -> Explanation? {
    if let unserved = memory.unserved {
      return unserved.rounds >= pacing.confirmations ? unserved.explanation : nil
    }
    // Until the first round since the start shows otherwise.
    return wasUnserved(domain) && facts.round == nil ? before.reason : nil
  }

  var unservedRenewal: Explanation? {
    let stale = record.served.filter { !$0.matches }.map(\.address)
    if stale.isEmpty { return nil }
    return Explanation(.renewalUnserved, "another leaf at \(stale.joined(separator: ", "))")
  }
}
