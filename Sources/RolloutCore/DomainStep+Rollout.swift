extension DomainStep {
  /// Brings the open rollout, if there is one, in line with what Cognito shows.
  mutating func advanceRollout(
    _ description: DomainDescription, attached: CertificateARN
  ) throws(Needs) {
    guard var rollout = record.rollout, rollout.phase.isOpen else { return }
    if try isOvertaken(rollout, by: attached) {
      rollout.end(.abandoned, at: now)
      record.rollout = rollout
      events.append(
        event(
          .rolloutSuperseded, level: .warning, rollout: rollout,
          [.reason: "someone else attached \(attached)"]))
      return
    }
    let isShown = attached == rollout.certificate && description.status != .failed
    if isShown, rollout.shown(at: now, pacing: pacing) {
      record.rollout = rollout
      tookOver(rollout)
      events.append(
        event(.updateAccepted, rollout: rollout, [.status: description.status.description]))
    }
    switch rollout.phase {
    case .submitting: rollout.outcomeUnknown(at: now)
    case .propagating, .overdue:
      if !isShown, description.status.takesUpdates {
        // A description may lag behind the call: it is believed when a look is due.
        if rollout.isCheckDue(at: now) {
          notKept(&rollout, description, attached: attached)
        }
      } else {
        record.rollout = rollout
        let isActive = isShown && description.status == .active
        try check(description, isActive: isActive)
        return
      }
    case .retrying, .refused, .completed, .superseded, .abandoned: break
    }
    record.rollout = rollout
  }

  /// Whether someone else attached a third certificate, and the rollout is to give way: before
  /// its call was ever taken always, after that only to a newer one.
  private func isOvertaken(
    _ rollout: Rollout, by attached: CertificateARN
  ) throws(Needs) -> Bool {
    if attached == rollout.certificate || attached == rollout.previous { return false }
    if rollout.resubmits == 0, rollout.isCallOpen || rollout.phase == .submitting { return true }
    let chooser = chooser(baseline: attached)
    switch (chooser.known(attached), chooser.known(rollout.certificate)) {
    case (.open(let question), _), (_, .open(let question)):
      throw Needs(inquiries: [.certificate(question)])
    case (.certificate(let shown), .certificate(let mine)): return shown.isNewer(than: mine)
    case (.deleted, _), (.unseen, _), (.certificate, .deleted), (.certificate, .unseen):
      return false
    }
  }

  private mutating func notKept(
    _ rollout: inout Rollout, _ description: DomainDescription, attached: CertificateARN
  ) {
    let what = "Cognito shows \(description.status) with \(attached) after it took the call"
    let action = rollout.notKept(what, at: now, pacing: pacing, chance: dice.next())
    report(action, rollout, error: what)
  }

  /// The certificate is attached by this daemon's doing: later changes of it are someone
  /// else's.
  mutating func tookOver(_ rollout: Rollout) {
    record.lastAttached = rollout.certificate
    record.driftedTo = nil
    record.shunned.removeAll { $0 == rollout.certificate }
    record.selectorFingerprint = mapping.selector.fingerprint
  }

  private mutating func check(
    _ description: DomainDescription, isActive: Bool
  ) throws(Needs) {
    guard var rollout = record.rollout, rollout.isCheckDue(at: now) else { return }
    let verdict = try probeVerdict(of: rollout.certificate)
    let action = rollout.checked(verdict, isActive: isActive, at: now, pacing: pacing)
    record.rollout = rollout
    switch action {
    case .completed: completed(rollout, description, verdict)
    case .becameOverdue:
      reportOverdue(verdict.map(describe) ?? "Cognito shows \(description.status)")
    case .none:
      events.append(
        event(
          .propagationWaiting, rollout: rollout,
          [
            .status: description.status.description, .edges: verdict.map(describe) ?? "not probed",
            .confirmations: "\(rollout.confirmations)/\(pacing.confirmations)",
            .deadline: rollout.deadline?.rfc3339 ?? "",
          ]))
    case .call, .refused, .retrying: break
    }
  }

  /// Looks at the edges; nil when the mapping says not to.
  mutating func probeVerdict(of arn: CertificateARN) throws(Needs) -> ProbeVerdict? {
    guard mapping.probe.isEnabled else { return nil }
    guard let evidence = input.facts.evidence[arn] else {
      throw Needs(inquiries: [.certificate(.evidence(arn))])
    }
    guard let round = input.round else { throw Needs(inquiries: [.probe]) }
    schedule.lastProbedAt = now
    switch evidence {
    case .unseen(let failure):
      record.served = round.served(expecting: nil)
      return .incomparable(failure.description)
    case .seen(let leaf):
      record.served = round.served(expecting: leaf.sha256)
      return ProbeVerdict(round, expecting: leaf.sha256)
    }
  }

  private func describe(_ verdict: ProbeVerdict) -> String {
    let unreached = input.round?.unreached ?? []
    let rest = unreached.isEmpty ? "" : "; no answer from \(unreached.joined(separator: ", "))"
    return switch verdict {
    case .passed(let edges): "all \(edges) that answer serve the new leaf\(rest)"
    case .stale(let addresses): "another leaf at \(addresses.joined(separator: ", "))\(rest)"
    case .silent(let reason): "none answers: \(reason)"
    case .incomparable(let reason): "cannot be compared: \(reason)"
    }
  }

  private mutating func completed(
    _ rollout: Rollout, _ description: DomainDescription, _ verdict: ProbeVerdict?
  ) {
    tookOver(rollout)
    let isUnproven = rollout.proof == .controlPlane && mapping.probe.isEnabled
    var fields: [Event.Field: String] = [
      .proof: rollout.proof?.rawValue ?? "", .edges: verdict.map(describe) ?? "not probed",
    ]
    if let submitted = rollout.submittedAt { fields[.duration] = now.since(submitted).compact }
    events.append(
      event(
        .rolloutCompleted, level: isUnproven ? .warning : nil, rollout: rollout, fields))
    let now = Dictionary(
      description.settings.members.map { ($0.path, $0.json) }, uniquingKeysWith: { $1 })
    for (path, sent) in rollout.settings?.members ?? [] where now[path] != sent {
      events.append(
        event(
          .settingsChanged, rollout: rollout,
          [.member: path, .before: sent, .after: now[path] ?? "absent"]))
    }
  }

  mutating func reportOverdue(_ error: String) {
    guard let rollout = record.rollout else { return }
    events.append(
      event(
        .rolloutOverdue, rollout: rollout,
        [.deadline: rollout.deadline?.rfc3339 ?? "", .error: error]))
  }

  mutating func report(_ action: Rollout.Action, _ rollout: Rollout, error: String) {
    switch action {
    case .retrying(let delay):
      events.append(
        event(.updateRetrying, rollout: rollout, [.retryIn: delay.compact, .error: error]))
    case .refused:
      events.append(
        event(
          .updateRefused, rollout: rollout, [.reason: rollout.refusal ?? "", .error: error]))
    case .none, .call, .completed, .becameOverdue: break
    }
  }

  func event(
    _ kind: Event.Kind, level: Event.Level? = nil, rollout: Rollout,
    _ fields: [Event.Field: String] = [:]
  ) -> Event {
    Event.of(kind, level: level, mapping: mapping, rollout: rollout, fields)
  }

  func event(
    _ kind: Event.Kind, level: Event.Level? = nil, _ fields: [Event.Field: String] = [:]
  ) -> Event {
    Event.of(kind, level: level, mapping: mapping, rollout: nil, fields)
  }
}

extension Event {
  /// An event of a domain, with the fields that every such event has.
  package static func of(
    _ kind: Kind, level: Level? = nil, mapping: Mapping, rollout: Rollout?,
    _ fields: [Field: String]
  ) -> Event {
    var all = fields
    all[.domain] = mapping.domain.text
    all[.userPoolID] = mapping.userPoolID.text
    if let rollout {
      all[.rollout] = rollout.id
      all[.certificateARN] = all[.certificateARN] ?? rollout.certificate.text
      if let previous = rollout.previous {
        all[.previousCertificateARN] = all[.previousCertificateARN] ?? previous.text
      }
      all[.attempt] = String(rollout.attempts)
    }
    return Event(kind, level: level, all)
  }
}
