import RolloutCore
import Testing

/// One domain in a small world of its own: what ACM, Cognito and the edges would answer, and
/// what the daemon remembers. A test changes the world, makes passes and reads what came of
/// them; every pass is reviewed and held against what must always be true.
struct Scene {
  var mapping: Mapping
  var pacing = Pacing()
  var now = noon
  var record: DomainRecord
  var schedule = DomainSchedule()
  var look: DomainLook
  var listed: Look<[Certificate]>
  /// Answers to DescribeCertificate that are not simply what the list holds.
  var details: [CertificateARN: Look<Certificate?>] = [:]
  var tags: Look<[CertificateARN: [String: String]]> = .seen([:])
  /// Answers about leaves that are not simply a trusted chain.
  var evidence: [CertificateARN: Look<LeafEvidence>] = [:]
  var edges: ProbeRound
  var waveBlocker: String?
  var dice = Dice(seed: 1)
  var settings = EchoedSettings(
    customDomainConfig: ["SecurityPolicy": "\"TLS_V1_2_2021\""],
    topLevel: ["ManagedLoginVersion": "2"])

  /// The daemon attached the first certificate some time ago and all is well.
  init(_ certificates: [Certificate], _ edit: (inout Mapping) -> Void = { _ in }) {
    mapping = RolloutCoreTests.mapping(auth, edit)
    record = DomainRecord(fresh: mapping)
    look = .empty
    listed = .seen(certificates)
    edges = round([])
    guard let first = certificates.first else { return }
    record.condition = .inSync
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
    record = DomainRecord(fresh: mapping)
    schedule = DomainSchedule()
  }

  /// What Cognito shows from now on.
  mutating func cognito(_ status: DomainStatus, _ certificate: CertificateARN) {
    look = .described(
      DomainDescription(
        userPoolID: mapping.userPoolID.text, status: status, certificateARN: certificate,
        settings: settings))
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

  /// Everything that a decision could need, asked for as it asks.
  func input(answering inquiries: [Inquiry] = []) -> DomainInput {
    var input = DomainInput(
      mapping: mapping, pacing: pacing, record: record, schedule: schedule, look: look,
      facts: CertificateFacts(listed: listed), now: now, dice: dice, waveBlocker: waveBlocker)
    for inquiry in inquiries { answer(inquiry, in: &input) }
    return input
  }

  private func answer(_ inquiry: Inquiry, in input: inout DomainInput) {
    switch inquiry {
    case .probe: input.round = edges
    case .certificate(.tags): input.facts.tags = tags
    case .certificate(.details(let arn)):
      let own = listed.value?.first { $0.arn == arn }
      input.facts.details[arn] = details[arn] ?? .seen(own.map(described))
    case .certificate(.evidence(let arn)):
      let known = input.facts.certificates.first { $0.arn == arn }
      input.facts.evidence[arn] =
        evidence[arn]
        ?? .seen(RolloutCoreTests.evidence(of: known ?? certificate("gone")))
    }
  }

  /// Rounds of questions after which a decision is taken to go round in circles.
  static let maximumRounds = 24

  /// One pass: looks, decides, and remembers. `nil` only when the decision never came.
  func decide() -> Pass? {
    var asked: [Inquiry] = []
    for _ in 0..<Scene.maximumRounds {
      let input = input(answering: asked)
      switch DomainStep.decide(input) {
      case .ask(let inquiries):
        if Set(inquiries).isSubset(of: asked) { return nil }
        asked += inquiries
      case .decided(let decision):
        return Pass(decision: decision, asked: asked, input: input)
      }
    }
    return nil
  }

  /// A pass after some time; its record and schedule are the scene's from then on.
  @discardableResult
  mutating func pass(
    after wait: Duration = .zero, sourceLocation: SourceLocation = #_sourceLocation
  ) -> Pass {
    now = now + wait
    _ = dice.next()
    guard let pass = decide() else {
      Issue.record("the decision never came", sourceLocation: sourceLocation)
      preconditionFailure("a decision that never comes cannot be gone on from")
    }
    for wrong in pass.wrongs { Issue.record("\(wrong)", sourceLocation: sourceLocation) }
    record = pass.decision.record
    schedule = pass.decision.schedule
    return pass
  }

  /// What the call was answered with.
  @discardableResult
  mutating func answer(_ outcome: UpdateOutcome, chance: UInt64 = .max / 2) -> [Event] {
    let result = CallOutcome(
      of: outcome, record: record, schedule: schedule, mapping: mapping, pacing: pacing,
      now: now, chance: chance)
    record = result.record
    schedule = result.schedule
    return result.events
  }

  /// Cognito takes the call.
  mutating func accept() { answer(.accepted(requestID: "request-1")) }

  /// Passes whenever one is due, until `isDone` or for as long as `limit`; true when done.
  mutating func run(for limit: Duration, until isDone: (Scene) -> Bool) -> Bool {
    let end = now + limit
    while !isDone(self) {
      let poll = now + pacing.pollInterval
      let next = min(schedule.nextLookAt ?? poll, poll)
      if next > end {
        now = end
        return false
      }
      pass(after: next.since(now))
    }
    return true
  }
}
