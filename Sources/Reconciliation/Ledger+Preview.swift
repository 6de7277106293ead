import RolloutCore

extension Ledger {
  /// What the ledger is for.
  package enum Purpose: Equatable, Sendable {
    /// To carry decisions out.
    case service
    /// To show them: nothing is called.
    ///
    /// - Parameter isStart: whether they are those of a daemon that starts, which makes at once
    ///   every call that waits for its time.
    case preview(isStart: Bool)
  }

  /// Reads what is remembered and obeys the requests that wait, as the daemon would now.
  func beginPreview(lookingAt looked: Set<DomainName>) async throws(StateFailure) {
    if purpose == .preview(isStart: true) {
      try await start()
    } else {
      try await load()
    }
    await takeRequests()
    // The others stand as the state file tells.
    let now = ports.clock.now
    for mapping in fleet.mappings where !looked.contains(mapping.domain) {
      var memory = DomainMemory()
      memory.lookedAt = now
      memory.seenAt = now
      memories[mapping.domain] = memory
    }
  }

  func previewCycle(of identity: Identity, lookingAt looked: Set<DomainName>) -> AccountCycle? {
    let turn = Turn(identity: identity, isPoll: true, domains: [], isLeftOver: false)
    var cycle = cycle(for: turn)
    cycle?.domains.removeAll { !looked.contains($0.domain) }
    return cycle.flatMap { $0.domains.isEmpty ? nil : $0 }
  }

  /// Decides, as `settle` does, and only notes the decision. What would be called is not: the turn
  /// ends there.
  func note(_ facts: DomainFacts, _ assessment: Assessment) -> Settlement {
    let plan = plan(facts, assessment)
    noted[facts.mapping.domain] = (facts, assessment)
    records[facts.mapping.domain] = shown(plan)
    memories[facts.mapping.domain] = plan.memory
    endTrials(facts, assessment)
    return plan.update == nil ? .settled : .dropped
  }

  /// The record that others see: a call that would be made has not been made.
  private func shown(_ plan: DomainPlan) -> DomainRecord {
    var record = plan.record
    if plan.update != nil { record.condition = .pending }
    return record
  }

  /// The decisions, each made once more when all domains have been looked at, the lower waves first:
  /// what one may do depends on the others.
  func decisions() -> [DomainName: Decision] {
    var decisions: [DomainName: Decision] = [:]
    let mappings = fleet.mappings.enumerated()
      .sorted { ($0.element.wave, $0.offset) < ($1.element.wave, $1.offset) }.map(\.element)
    for mapping in mappings {
      guard let (facts, assessment) = noted[mapping.domain] else { continue }
      let plan = plan(facts, assessment)
      records[mapping.domain] = shown(plan)
      decisions[mapping.domain] = Decision(
        facts: facts, assessment: assessment, plan: plan,
        violations: plan.update == nil ? [] : PlanReview.violations(in: plan, of: facts))
    }
    return decisions
  }

  /// What remains to be asked to judge every certificate of the domain's account is asked, as far
  /// as it goes.
  func complete(_ decision: Decision) async -> Decision {
    guard var chooser = decision.described?.chooser,
      let account = accounts[decision.facts.mapping.identity]
    else { return decision }
    var decision = decision
    let caFile = decision.facts.mapping.caFile
    var asked: Set<Question> = []
    while !stop.isOpen, asked.count < Ledger.maximumQuestions {
      chooser.facts = decision.facts.certificates
      let open = CandidateRanking.openQuestions(
        chooser, limit: Ledger.maximumQuestions - asked.count)
      let questions = open.filter { asked.insert($0).inserted }
      if questions.isEmpty { break }
      await withTaskGroup(of: Void.self) { group in
        for question in questions {
          group.addTask { await account.ask(question, caFile: caFile) }
        }
      }
      decision.facts.certificates = await account.facts(caFile: caFile).certificates
    }
    return decision
  }

  /// Requests for one explanation beyond those of the decision. ACM allows 10 a second.
  private static let maximumQuestions = 100

  /// The leaf that ACM has for a certificate; nil where it could not be seen.
  func leaf(of certificate: CertificateARN, for mapping: Mapping) async -> LeafEvidence? {
    guard let account = accounts[mapping.identity] else { return nil }
    await account.ask(.evidence(certificate), caFile: mapping.caFile)
    return await account.facts(caFile: mapping.caFile).certificates.evidence[certificate]?.value
  }

  /// Why the certificates of an account could not be listed.
  func listFailure(of identity: Identity) async -> Failure? {
    await accounts[identity]?.listing?.failure
  }
}
