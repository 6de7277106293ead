import Narration
import RolloutCore
import Testing

/// One domain in a small world of its own: what ACM, Cognito and the edges would answer, and
/// what the daemon remembers. A test changes the world, makes passes and reads what came of
/// them; every pass is reviewed and held against what must always be true.
struct Scene {
  var mapping: Mapping
  /// Every poll describes the domain, so that a story reads poll by poll.
  var pacing = Pacing(driftInterval: .zero)
  var now = noon
  var record: DomainRecord
  var memory = DomainMemory()
  /// When the domain is due again, where that is before the next poll.
  var nextLookAt: Instant?
  var look: DomainLook
  var listed: Look<[Certificate]>
  /// Answers to DescribeCertificate that are not simply what the list holds.
  var details: [CertificateARN: Look<Certificate?>] = [:]
  var tags: Look<[CertificateARN: [String: String]]> = .seen([:])
  /// Answers about leaves that are not simply a trusted chain.
  var evidence: [CertificateARN: Look<LeafEvidence>] = [:]
  var edges: ProbeRound
  /// What the addresses of the distribution answer.
  var distributionEdges = ProbeRound(edges: [])
  var distribution: String?
  /// Permissions that each look tries.
  var trials: Set<PermissionTrial> = []
  /// Whether polls look at the certificate before the last rollout.
  var looksAtRelease = false
  /// What uses it.
  var use: Look<CertificateUse> = .seen(.unused)
  /// What the rules across domains say to a rollout that is not urgent.
  var constraint: Constraint?
  /// What they say to another call of the rollout under way.
  var callConstraint: Constraint?
  var dice = Dice(seed: 1)
  var settings = EchoedSettings(
    customDomainConfig: ["SecurityPolicy": "\"TLS_V1_2_2021\""],
    topLevel: ["ManagedLoginVersion": "2"])

  /// The daemon attached the first certificate some time ago and all is well.
  init(_ certificates: [Certificate], _ edit: (inout Mapping) -> Void = { _ in }) {
    mapping = RolloutCoreTests.mapping(auth, edit)
    record = DomainRecord(unseen: mapping)
    look = .empty
    listed = .seen(certificates)
    edges = round([])
    guard let first = certificates.first else { return }
    record.condition = .inSync
    record.reason = nil
    record.attached = first.arn
    record.attachedNotAfter = first.notAfter
    record.desired = first.arn
    record.lastAttached = first.arn
    record.selectorFingerprint = mapping.selector.fingerprint
    cognito(.active, first.arn)
    serve(first.arn)
  }

  /// The state file was lost: nothing is remembered.
  mutating func forget() {
    record = DomainRecord(unseen: mapping)
    memory = DomainMemory()
    nextLookAt = nil
  }

  /// The process ends and begins again: only the record comes back.
  mutating func restart() {
    memory = DomainMemory()
    nextLookAt = nil
    record = record.bounded(at: now, pacing: pacing)
    record.rollout?.expedite(at: now)
  }

  /// What Cognito shows from now on.
  mutating func cognito(_ status: DomainStatus, _ certificate: CertificateARN) {
    look = .described(
      DomainDescription(
        userPoolID: mapping.userPoolID.text, status: status, certificateARN: certificate,
        cloudFrontDomain: distribution, settings: settings))
  }

  /// What the edges serve from now on, one an argument.
  mutating func serve(_ served: CertificateARN...) {
    let known = listed.value ?? []
    edges = round(
      served.map { arn in
        leaf(arn, notAfter: known.first { $0.arn == arn }?.notAfter ?? noon + .days(300))
      })
  }

  mutating func list(_ certificate: Certificate) {
    let others = (listed.value ?? []).filter { $0.arn != certificate.arn }
    listed = .seen(others + [certificate])
  }

  /// An operator's `retry`, as the loop obeys it.
  mutating func retry() {
    record.retryRequested = true
    record.shunned = []
    record.rolledBack = nil
    record.rollout?.expedite(at: now)
  }

  /// The facts of one look, with the answers to the questions.
  func facts(answering questions: [Question] = [], isPoll: Bool = true) -> DomainFacts {
    var facts = DomainFacts(
      mapping: mapping, pacing: pacing, record: record, memory: memory, now: now, isPoll: isPoll)
    facts.trials = trials
    facts.looksAtRelease = looksAtRelease && isPoll
    for question in questions { answer(question, in: &facts) }
    return facts
  }

  private func answer(_ question: Question, in facts: inout DomainFacts) {
    switch question {
    case .describe: facts.description = look
    case .list: facts.certificates.list(listed)
    case .probe: facts.round = edges
    case .probeDistribution: facts.distributionRound = distributionEdges
    case .tags: facts.certificates.tags = tags
    case .details(let arn):
      let own = listed.value?.first { $0.arn == arn }
      facts.certificates.details[arn] = details[arn] ?? .seen(own.map(described))
    case .use(let arn): facts.certificates.uses[arn] = use
    case .evidence(let arn):
      let known = facts.certificates.certificates.first { $0.arn == arn }
      facts.certificates.evidence[arn] =
        evidence[arn]
        ?? .seen(RolloutCoreTests.evidence(of: known ?? Certificate(arn: arn)))
    }
  }

  /// A bound on the rounds of questions; a survey that asks something twice fails earlier.
  static let maximumRounds = 100

  /// One pass: surveys, asks, and decides. nil when the survey asks a second time for what was
  /// answered.
  func decide(isPoll: Bool = true) -> Pass? {
    var asked: [Question] = []
    for _ in 0..<Scene.maximumRounds {
      let facts = facts(answering: asked, isPoll: isPoll)
      switch Survey.of(facts) {
      case .open(let questions):
        if questions.contains(where: asked.contains) { return nil }
        asked += questions
      case .complete(let assessment):
        let plan = DomainPlan.of(
          facts, assessment, constraint: constraint, callConstraint: callConstraint, dice: dice)
        // No call is made from a remembered description.
        if plan.update != nil, facts.description == nil {
          asked.append(.describe)
          continue
        }
        return Pass(plan: plan, assessment: assessment, everythingAsked: asked, facts: facts)
      }
    }
    return nil
  }

  /// A pass after some time; its record and memory are the scene's from then on.
  @discardableResult
  mutating func pass(
    after wait: Duration = .zero, isPoll: Bool = true,
    sourceLocation: SourceLocation = #_sourceLocation
  ) -> Pass {
    now = now + wait
    _ = dice.next()
    guard let pass = decide(isPoll: isPoll) else {
      Issue.record("the survey asked for the same twice", sourceLocation: sourceLocation)
      preconditionFailure("a survey without an end cannot be continued")
    }
    for fault in pass.faults { Issue.record("\(fault)", sourceLocation: sourceLocation) }
    remember(pass)
    return pass
  }

  mutating func remember(_ pass: Pass) {
    record = pass.record
    memory = pass.plan.memory
    nextLookAt = pass.plan.nextLookAt
  }

  /// What the call was answered with.
  @discardableResult
  mutating func answer(_ outcome: UpdateOutcome, chance: UInt64 = .max / 2) -> [Event] {
    let result = CallOutcome(
      of: outcome, record: record, memory: memory, mapping: mapping, pacing: pacing,
      now: now, chance: chance)
    record = result.record
    memory = result.memory
    nextLookAt = record.rollout?.nextStepAt
    return result.findings.map { Narration.event(for: $0, of: mapping) }
  }

  /// Cognito accepts the call.
  mutating func accept() { answer(.accepted(requestID: "request-1")) }

  /// Passes whenever one is due, until `isDone` or for as long as `limit`; true when done.
  mutating func run(for limit: Duration, until isDone: (Scene) -> Bool) -> Bool {
    let end = now + limit
    while !isDone(self) {
      let poll = now + pacing.pollInterval
      let next = min(nextLookAt ?? poll, poll)
      if next > end {
        now = end
        return false
      }
      pass(after: next.since(now), isPoll: next == poll)
    }
    return true
  }
}

/// What the rules across domains say while a lower wave is under way.
let lowerWaveUnsettled = Constraint.waitsForWave(
  domain("other.example.com"), wave: 0, .unsettled(.propagating, nil))
