/// What the answer to an UpdateUserPoolDomain call means for its domain.
package struct CallOutcome: Sendable {
  package private(set) var record: DomainRecord
  package private(set) var memory: DomainMemory
  package private(set) var findings: [Finding] = []

  /// Pure: `record` is as it was journalled before the call.
  package init(
    of outcome: UpdateOutcome, record: DomainRecord, memory: DomainMemory, mapping: Mapping,
    pacing: Pacing, now: Instant, chance: UInt64
  ) {
    self.record = record
    self.memory = memory
    guard var rollout = record.rollout, case .submitting = rollout.phase else { return }
    switch outcome {
    case .accepted(let requestID, let cloudFrontDomain):
      rollout.accepted(at: now, pacing: pacing)
      rollout.cloudFrontDomain = cloudFrontDomain ?? self.record.cloudFrontDomain
      if let cloudFrontDomain,
        let finding = self.record.noteDistribution(cloudFrontDomain)
      {
        findings.append(finding)
      }
      self.record.noteAttachment(of: rollout.certificate)
      self.record.expectNewLeaf()
      self.record.selectorFingerprint = mapping.selector.fingerprint
      findings.append(.updateAccepted(rollout, requestID: requestID))
    case .failed(let failure):
      let consequence = rollout.failed(failure, at: now, pacing: pacing, chance: chance)
      if failure.kind == .credentials {
        findings.append(.credentialsRefused(rollout, mapping.identity, failure))
      }
      switch consequence {
      case .retrying(let delay, let explanation):
        findings.append(
          .updateRetrying(rollout, explanation, in: delay, requestID: failure.requestID))
      case .refused(let explanation):
        self.record.noteFailure(of: rollout)
        findings.append(.updateRefused(rollout, explanation, requestID: failure.requestID))
      case nil: break
      }
    }
    self.record.rollout = rollout
    let condition = rollout.condition ?? record.condition
    self.memory.found = DomainMemory.Found(condition, rollout.error?.reason)
    if record.condition == .held { return }
    self.record.condition = condition
    self.record.reason = rollout.error
  }
}
