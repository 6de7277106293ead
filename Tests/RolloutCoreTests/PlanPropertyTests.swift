import RolloutCore
import Testing

extension Generator {
  /// A record such as only a damaged or foreign state file could hold.
  mutating func record(_ mapping: Mapping, among arns: [CertificateARN]) -> DomainRecord {
    var record = DomainRecord(fresh: mapping)
    let some = { (generator: inout Generator) -> CertificateARN? in
      generator.chance(3) ? nil : arns.randomElement(using: &generator.dice)
    }
    record.condition = Condition.allCases.randomElement(using: &dice) ?? .unknown
    record.reason = pick(nil, Reason("held", "why"), Reason("expired", ""))
    record.attached = some(&self)
    record.attachedNotAfter = pick(nil, instant())
    record.desired = some(&self)
    record.lastAttached = some(&self)
    record.selectorFingerprint = pick(nil, "", mapping.selector.fingerprint)
    record.lastRestoredAt = pick(nil, instant())
    record.driftedTo = some(&self)
    record.shunned = arns.filter { _ in chance(5) }
    if chance(4) { record.hold = Hold(since: instant(), until: pick(nil, instant())) }
    record.served = chance(2) ? [] : [servedEdge()]
    if !chance(4) { record.rollout = rollout(some(&self) ?? arn("c0"), from: some(&self)) }
    return record
  }

  private mutating func servedEdge() -> ServedEdge {
    ServedEdge(
      address: "192.0.2.0:443", sha256: "", serial: "", notAfter: instant(), matches: chance(2))
  }

  private mutating func rollout(_ arn: CertificateARN, from previous: CertificateARN?) -> Rollout {
    let count = { (generator: inout Generator) in Int(generator.pick(0, 1, 3, 1_000_000)) }
    return Rollout(
      id: dice.identifier(), certificate: arn, previous: previous,
      cause: Rollout.Cause.allCases.randomElement(using: &dice) ?? .replacement,
      phase: Rollout.Phase.allCases.randomElement(using: &dice) ?? .submitting,
      startedAt: instant(), submittedAt: pick(nil, instant()), deadline: pick(nil, instant()),
      attempts: 1 + count(&self), failures: count(&self), resubmits: count(&self),
      checks: count(&self), confirmations: count(&self), nextStepAt: pick(nil, instant()),
      freshUntil: pick(nil, instant()), settings: pick(nil, EchoedSettings()),
      lastError: pick(nil, "it failed"), refusal: pick(nil, "not_found"))
  }

  mutating func pacing() -> Pacing {
    let durations: [Duration] = [
      .zero, .milliseconds(1), .minutes(1), .days(1), .seconds(Int64.max),
    ]
    let duration = { (generator: inout Generator) in
      durations.randomElement(using: &generator.dice) ?? .zero
    }
    return Pacing(
      retryInitial: duration(&self), retryMaximum: duration(&self), window: duration(&self),
      checkInterval: duration(&self), maxCheckInterval: duration(&self),
      confirmations: Int(number(0...3)), resubmits: Int(number(0...3)),
      idleProbeInterval: pick(nil, duration(&self)))
  }

  mutating func mapping(_ name: DomainName, among arns: [CertificateARN]) -> Mapping {
    let selector = selector(among: arns)
    let wave = Int(number(0...2))
    let isObserved = chance(6)
    let isReported = chance(3)
    let isProbed = !chance(4)
    return RolloutCoreTests.mapping(name) {
      $0.selector = selector
      $0.wave = wave
      $0.mode = isObserved ? .observe : .apply
      $0.onDrift = isReported ? .report : .restore
      $0.probe.isEnabled = isProbed
    }
  }

  /// One domain of a fleet that shares its certificates.
  mutating func scene(_ name: DomainName, _ certificates: [Certificate]) -> Scene {
    let arns = certificates.map(\.arn) + [arn("unlisted")]
    var scene = Scene(certificates)
    scene.mapping = mapping(name, among: arns)
    scene.record = record(scene.mapping, among: arns)
    scene.pacing = chance(2) ? Pacing() : pacing()
    scene.dice = Dice(seed: dice.next())
    let attached = arns.randomElement(using: &dice) ?? arn("unlisted")
    scene.cognito(pick(.active, .active, .failed, .updating, .other("NEW")), attached)
    if chance(10) { scene.look = pick(.empty, .unseen(failure(.throttled))) }
    if chance(20) { scene.listed = unseen(.accessDenied) }
    if chance(3) {
      scene.tags = .seen(Dictionary(uniqueKeysWithValues: arns.map { ($0, ["app": "login"]) }))
    }
    for arn in arns where chance(8) { scene.evidence[arn] = unseen(.throttled) }
    for arn in arns where chance(8) { scene.details[arn] = unseen(.throttled) }
    return scene
  }
}

@Suite("Plans over fleets at random")
struct PlanPropertyTests {
  private func fleet(_ random: inout Generator) -> [Scene] {
    let certificates = (0..<random.number(0...7)).map { index in
      var certificate = random.certificate("c\(index)")
      if certificate.names == ["auth.example.com"] { certificate.names = ["*.example.com"] }
      return certificate
    }
    return (0..<random.number(1...5)).map { index in
      random.scene(domain("d\(index).example.com"), certificates)
    }
  }

  @Test(
    "whatever the records hold, plans come to an end, break no rule and attach nothing unsuitable",
    arguments: UInt64(0)..<4)
  func plans(part: UInt64) {
    for seed in part * 100..<(part + 1) * 100 {
      var random = Generator(seed: seed)
      let scenes = fleet(&random)
      let passes = scenes.map { $0.decide() }
      #expect(!passes.contains { $0 == nil }, "seed \(seed): a decision never came")
      let inputs = passes.compactMap { $0?.input }
      let fleet = Fleet(mappings: scenes.map(\.mapping))
      let records = Dictionary(
        scenes.map { ($0.mapping.domain, $0.record) }, uniquingKeysWith: { $1 })
      let plan = Planner.plan(inputs, fleet: fleet, records: records)
      #expect(plan.decisions.map(\.record.domain) == inputs.map(\.mapping.domain))
      for violation in PlanReview.violations(in: plan, inputs: inputs, now: noon) {
        Issue.record("seed \(seed): \(violation.domain) \(violation.rule)")
      }
      for (decision, scene) in zip(plan.decisions, scenes) {
        for wrong in wrongs(decision, scene) { Issue.record("seed \(seed): \(wrong)") }
      }
      expectWaves(plan, scenes, seed: seed)
    }
  }

  private func wrongs(_ decision: DomainDecision, _ scene: Scene) -> [String] {
    var wrongs: [String] = []
    if let next = decision.schedule.nextLookAt, next <= noon { wrongs.append("a look in the past") }
    if (decision.record.condition == .held) != decision.record.isHeld(at: noon) {
      wrongs.append("\(decision.record.condition), hold \(decision.record.isHeld(at: noon))")
    }
    if let update = decision.update {
      var own = scene
      own.listed = scene.listed.value.map { .seen($0) } ?? scene.listed
      wrongs += own.faults(of: update.certificate).filter { $0 != "for another name" }
    }
    return wrongs
  }

  /// No rollout begins before the lower waves are proven, unless it is urgent.
  private func expectWaves(_ plan: PassPlan, _ scenes: [Scene], seed: UInt64) {
    for (decision, scene) in zip(plan.decisions, scenes) {
      guard decision.update != nil, decision.record.rollout?.attempts == 1 else { continue }
      let lower = zip(plan.decisions, scenes).filter { $0.1.mapping.wave < scene.mapping.wave }
      guard lower.contains(where: { !$0.0.record.isSettled }) else { continue }
      let facts = CertificateFacts(listed: scene.listed, details: scene.details)
      let attached = facts.certificates.first { $0.arn == decision.record.attached }
      let ends =
        [attached?.notAfter].compactMap { $0 }
        + (scene.record.served + decision.record.served).map(\.notAfter)
      let fingerprint = scene.record.selectorFingerprint ?? scene.mapping.selector.fingerprint
      let isReselected = fingerprint != scene.mapping.selector.fingerprint
      let isShort = ends.contains { $0.since(noon) < .hours(72) }
      let isUrgent =
        isShort || isReselected || decision.record.rollout?.cause == .unusable
        || attached?.status != .issued || attached?.covers(scene.mapping.domain) == false
      #expect(isUrgent, "seed \(seed): \(scene.mapping.domain) did not wait for its wave")
    }
  }

  @Test("no time is too far off, nor any pacing too odd, for a decision", arguments: UInt64(0)..<4)
  func extremes(part: UInt64) {
    for seed in part * 50..<(part + 1) * 50 {
      var random = Generator(seed: seed + 10_000)
      for scene in fleet(&random) {
        var scene = scene
        scene.now = random.pick(
          Instant(milliseconds: .min), Instant(milliseconds: .max), Instant(milliseconds: 0))
        let pass = scene.decide()
        #expect(pass != nil, "seed \(seed)")
        scene.record.shift(by: random.pick(.seconds(Int64.max), .seconds(Int64.min), .days(-1)))
        guard let decision = scene.decide()?.decision, decision.update != nil else { continue }
        scene.record = decision.record
        scene.answer(
          random.pick(
            .accepted(requestID: nil), .failed(failure(.throttled, retryAfter: .seconds(Int64.max)))
          ),
          chance: .max)
      }
    }
  }
}
