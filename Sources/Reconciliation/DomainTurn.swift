import RolloutCore

/// One domain's part of a cycle: survey, ask, survey again; then decide and, where the decision says
/// so, call.
struct DomainTurn: Sendable {
  let ports: Ports
  let ledger: Ledger
  let account: AccountFacts
  let gate: WaveGate
  let domain: DomainName
  /// The domain's wave as the gate knows it: a reload may change it during the cycle.
  let wave: Int
  let identity: Identity
  let isPoll: Bool
  let lookBegan: LookStart
  /// Uptime after which nothing more is asked.
  let deadline: Duration
  /// Whether a look that began before the deadline goes on after it.
  let mayOverrun: Bool

  /// What this look was answered, besides what the account knows.
  private struct Answers {
    var description: (look: DomainLook, at: Duration)?
    var round: ProbeRound?
    var distributionRound: ProbeRound?
    var asked: Set<Question> = []
    /// The mapping that they were asked for.
    var mapping: Mapping?
    /// Whether a remembered description is not good enough.
    var needsDescription = false
    /// Whether the domain was decided once without the edges.
    var isDecided = false
  }

  /// False when the cycle's budget did not suffice.
  func run() async -> Bool {
    var answers = Answers()
    while let facts = await facts(answers) {
      switch Survey.of(facts) {
      case .open(let questions):
        let mayAsk = answers.isDecided || (mayOverrun && !answers.asked.isEmpty)
        if ports.clock.uptime >= deadline && !mayAsk { return false }
        if ledger.stop.isOpen { return true }
        // Each answer stands for the whole look, so a question is asked once for a mapping.
        if answers.mapping != facts.mapping {
          answers.mapping = facts.mapping
          answers.asked = []
        }
        guard questions.contains(where: { !answers.asked.contains($0) }) else {
          await ledger.noteStall(of: facts.mapping, questions)
          return true
        }
        await ask(questions, facts, &answers)
      case .complete(let assessment):
        if assessment.beginsUnhurriedRollout {
          await gate.waitForLowerWaves(than: wave)
        }
        let age = answers.description.map { ports.clock.uptime - $0.at }
        switch await ledger.settle(facts, assessment, age: age) {
        case .dropped: return true
        case .settled, .unrecorded:
          // The edges are asked when all that AWS says is decided: no call waits for them.
          if answers.isDecided { return true }
          answers.isDecided = true
          await gate.pass(domain)
          guard let facts = await self.facts(answers),
            facts.isProbeDue || !facts.trials.isEmpty || facts.isReleaseDue,
            case .described = assessment
          else { return true }
        case .outdated: break
        case .early(let wait): await ledger.stop.race { await ports.clock.pause(for: wait) }
        case .tooOld:
          answers.description = nil
          answers.needsDescription = true
          answers.asked.remove(.describe)
        case .call(let update):
          let outcome = await ports.domains.updateDomain(update)
          ports.report.alive()
          await ledger.record(outcome, of: domain, for: facts.mapping)
          return true
        }
      }
    }
    return true
  }

  /// What is known now, with the record and the orders of this moment.
  private func facts(_ answers: Answers) async -> DomainFacts? {
    guard
      var facts = await ledger.facts(
        of: domain, for: identity, lookBegan: lookBegan,
        isPoll: isPoll && !answers.isDecided)
    else { return nil }
    (facts.certificates, facts.listGeneration) = await account.facts(caFile: facts.mapping.caFile)
    facts.description = answers.description?.look
    facts.needsDescription = answers.needsDescription
    facts.round = answers.round
    facts.distributionRound = answers.distributionRound
    facts.defersProbe = !answers.isDecided
    let mayTry = isPoll && ports.clock.uptime < deadline
    if !mayTry { facts.trials = [] }
    facts.looksAtRelease = mayTry && facts.looksAtRelease
    return facts
  }

  /// Asks every open question side by side.
  private func ask(
    _ questions: [Question], _ facts: DomainFacts, _ answers: inout Answers
  ) async {
    enum Answer: Sendable {
      case description(DomainLook)
      case round(ProbeRound)
      case distributionRound(ProbeRound)
      case none
    }
    let (ports, account, mapping) = (ports, account, facts.mapping)
    await withTaskGroup(of: Answer.self) { group in
      for question in questions where answers.asked.insert(question).inserted {
        group.addTask {
          switch question {
          case .describe: return .description(await account.describe(mapping))
          case .probe:
            return await probeEdges(facts).map { .round($0) } ?? .none
          case .probeDistribution:
            return await probe(mapping, at: facts.distributionTarget)
              .map { .distributionRound($0) } ?? .none
          case .list, .details, .use, .tags, .evidence:
            await account.ask(question, caFile: mapping.caFile)
            return .none
          }
        }
      }
      for await answer in group {
        switch answer {
        case .description(let look): answers.description = (look, ports.clock.uptime)
        case .round(let round): answers.round = round
        case .distributionRound(let round): answers.distributionRound = round
        case .none: break
        }
      }
    }
    await ledger.noteAnswer(of: identity)
  }

  private func probeEdges(_ facts: DomainFacts) async -> ProbeRound? {
    guard facts.lacksDistribution else { return await probe(facts.mapping, at: facts.edgeTarget) }
    let failure = Failure(
      .notFound, operation: "probe", object: domain.text,
      message: "Cognito has not named the distribution that probe.connect_to asks for")
    if facts.mapping.probe.connectTo.isEmpty { return ProbeRound(edges: [], failure: failure) }
    var round = await probe(facts.mapping, at: facts.edgeTarget)
    round?.edges.append(
      EdgeLook(address: "cloudfront", result: .unreachable(failure.message)))
    return round
  }

  private func probe(_ mapping: Mapping, at target: ProbeTarget) async -> ProbeRound? {
    let (ports, stop) = (ports, ledger.stop)
    let round = await stop.race {
      await ports.edges.probe(
        mapping.domain, at: target, caFile: mapping.caFile, now: ports.clock.now)
    }
    ports.report.alive()
    return round
  }
}
