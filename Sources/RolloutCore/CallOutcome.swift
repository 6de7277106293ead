/// What the answer to an UpdateUserPoolDomain call means for its domain.
package struct CallOutcome: Sendable {
  package var record: DomainRecord
  package var schedule: DomainSchedule
  package var events: [Event]

  /// Pure: `record` is as it was journalled before the call.
  package init(
    of outcome: UpdateOutcome, record: DomainRecord, schedule: DomainSchedule, mapping: Mapping,
    pacing: Pacing, now: Instant, chance: UInt64
  ) {
    self.record = record
    self.schedule = schedule
    events = []
    guard var rollout = record.rollout, rollout.phase == .submitting else { return }
    switch outcome {
    case .accepted(let requestID):
      rollout.accepted(at: now, pacing: pacing)
      accepted(rollout, mapping, requestID: requestID)
    case .failed(let failure):
      let action = rollout.failed(failure, at: now, pacing: pacing, chance: chance)
      failed(failure, action, rollout, mapping)
    }
    self.record.rollout = rollout
    self.record.condition =
      record.condition == .held ? .held : rollout.condition ?? record.condition
    self.schedule.nextLookAt = rollout.nextStepAt
    self.schedule.found = DomainSchedule.Finding(
      rollout.condition ?? record.condition, self.record.reason?.code)
  }

  private mutating func accepted(_ rollout: Rollout, _ mapping: Mapping, requestID: String?) {
    record.lastAttached = rollout.certificate
    record.driftedTo = nil
    record.shunned.removeAll { $0 == rollout.certificate }
    record.selectorFingerprint = mapping.selector.fingerprint
    record.reason = nil
    var fields: [Event.Field: String] = [.deadline: rollout.deadline?.rfc3339 ?? ""]
    if let requestID { fields[.requestID] = requestID }
    events.append(Event.of(.updateAccepted, mapping: mapping, rollout: rollout, fields))
  }

  private mutating func failed(
    _ failure: Failure, _ action: Rollout.Action, _ rollout: Rollout, _ mapping: Mapping
  ) {
    var fields: [Event.Field: String] = [.error: failure.description]
    if let requestID = failure.requestID { fields[.requestID] = requestID }
    if failure.kind == .credentials {
      events.append(
        Event.of(
          .credentialsFailed, mapping: mapping, rollout: rollout,
          fields.merging([.identity: mapping.identity.description]) { $1 }))
    }
    switch action {
    case .retrying(let delay):
      fields[.retryIn] = delay.compact
      record.reason = Reason(failure.kind.code, failure.description)
      events.append(Event.of(.updateRetrying, mapping: mapping, rollout: rollout, fields))
    case .refused:
      fields[.reason] = rollout.refusal ?? failure.kind.code
      record.reason = Reason(rollout.refusal ?? failure.kind.code, failure.description)
      events.append(Event.of(.updateRefused, mapping: mapping, rollout: rollout, fields))
    case .none, .call, .completed, .becameOverdue: break
    }
  }
}
