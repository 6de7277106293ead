import RolloutCore
import Testing

extension Generator {
  /// A record such as only a damaged or foreign state file could hold.
  mutating func record(_ mapping: Mapping, among arns: [CertificateARN]) -> DomainRecord {
    var record = DomainRecord(unseen: mapping)
    let some = { (generator: inout Generator) -> CertificateARN? in
      generator.chance(3) ? nil : arns.randomElement(using: &generator.dice)
    }
    record.condition = (Condition.known + [.other("new")]).randomElement(using: &dice) ?? .unknown
    record.reason = pick(nil, Explanation(.held, "why"), Explanation(.other("new")))
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
    record.retryRequested = chance(4)
    if !chance(4) { record.rollout = rollout(some(&self) ?? arn("c0"), from: some(&self)) }
    return record
  }

  private mutating func servedEdge() -> ServedEdge {
    ServedEdge(
      address: "192.0.2.0:443", sha256: "", serial: "", notAfter: instant(), matches: chance(2))
  }

  private mutating func rollout(_ arn: CertificateARN, from previous: CertificateARN?) -> Rollout {
    Rollout(
      id: dice.identifier(), certificate: arn, previous: previous,
      previousNotAfter: pick(nil, instant()),
      cause: (Rollout.Cause.known + [.other("new")]).randomElement(using: &dice) ?? .replacement,
      startedAt: instant(), freshUntil: pick(nil, instant()), attempts: 1 + count(),
      resubmits: count(), phase: phase())
  }

  private mutating func count() -> Int { Int(pick(0, 1, 3, 1_000_000)) }

  private mutating func phase() -> Rollout.Phase {
    let submission = Rollout.Submission(
      intendedAt: instant(), settings: EchoedSettings(), mapping: "", failures: count())
    let propagation = Rollout.Propagation(
      acceptedAt: instant(), deadline: instant(), nextCheckAt: instant(), checks: count(),
      confirmations: count(), sent: pick(nil, EchoedSettings()))
    return pick(
      .submitting(submission),
      .retrying(
        Rollout.Retry(
          dueAt: instant(), failures: count(), error: Explanation(.throttled),
          lost: pick(nil, submission), notBefore: pick(nil, instant()))),
      .propagating(propagation), .overdue(propagation),
      .refused(
        Rollout.Refusal(error: Explanation(.notFound), nextAttemptAt: instant(), mapping: "")),
      .completed(
        Rollout.Completion(acceptedAt: instant(), completedAt: instant(), proof: .other("new"))),
      .superseded(at: instant()), .abandoned(at: instant()), .other("new"))
  }

  /// What a running daemon could remember, and more.
  mutating func memory() -> DomainMemory {
    DomainMemory(
      lookedAt: pick(nil, instant()), seenAt: pick(nil, instant()),
      probedAt: pick(nil, instant(), noon - .minutes(number(0...10))),
      wantingSince: pick(nil, instant(), noon),
      found: pick(nil, DomainMemory.Found(.refused, .notFound)))
  }

  mutating func pacing() -> Pacing {
    let durations: [Duration] = [
      .zero, .milliseconds(1), .minutes(1), .days(1), .seconds(Int64.max),
    ]
    let duration = { (generator: inout Generator) in
      durations.randomElement(using: &generator.dice) ?? .zero
    }
    return Pacing(
      driftInterval: duration(&self), retryInitial: duration(&self), retryMaximum: duration(&self),
      window: duration(&self),
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
    scene.memory = memory()
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

@Suite("Plans over random fleets")
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
    "whatever the records hold, plans end, break no rule and attach nothing unsuitable",
    arguments: UInt64(0)..<4)
  func plans(part: UInt64) {
    for seed in part * 100..<(part + 1) * 100 {
      var random = Generator(seed: seed)
      var fleet = WaveFleet(fleet(&random))
      for index in fleet.scenes.indices {
        let before = fleet.standing
        fleet.scenes[index].constraint = fleet.constraint(on: index)
        guard let pass = fleet.scenes[index].decide() else {
          Issue.record("seed \(seed): a survey asked for the same twice")
          continue
        }
        for fault in pass.faults + faults(pass, fleet.scenes[index]) {
          Issue.record("seed \(seed), \(index): \(fault)")
        }
        expectWaves(pass, before, seed: seed)
        fleet.scenes[index].remember(pass)
      }
    }
  }

  private func faults(_ pass: Pass, _ scene: Scene) -> [String] {
    guard let update = pass.update else { return [] }
    return scene.faults(of: update.certificate).filter { $0 != "for another name" }
  }

  /// No rollout begins before the lower waves are settled, unless it is urgent.
  private func expectWaves(_ pass: Pass, _ before: FleetStanding, seed: UInt64) {
    let facts = pass.facts
    guard pass.update != nil, pass.record.rollout?.attempts == 1,
      pass.record.rollout?.startedAt == noon
    else { return }
    let lower = before.mappings.filter { $0.wave < facts.mapping.wave && $0.mode == .apply }
    let isSettled = lower.allSatisfy { before.records[$0.domain]?.isSettled ?? false }
    if isSettled { return }
    let attached = facts.certificates.certificates.first { $0.arn == pass.record.attached }
    var ends = [attached?.notAfter].compactMap { $0 }
    if let round = facts.round {
      ends += round.served(expecting: nil).map(\.notAfter)
    } else if let probedAt = facts.memory.probedAt,
      noon.since(probedAt) <= facts.pacing.maxCheckInterval
    {
      ends += facts.record.served.map(\.notAfter)
    }
    let isUrgent =
      ends.contains { $0.since(noon) < .hours(72) } || attached?.status != .issued
      || attached?.covers(facts.mapping.domain) == false
    #expect(isUrgent, "seed \(seed): \(facts.mapping.domain) did not wait for its wave")
  }

  @Test("extreme times and pacings do not trap", arguments: UInt64(0)..<4)
  func extremes(part: UInt64) {
    for seed in part * 50..<(part + 1) * 50 {
      var random = Generator(seed: seed + 10_000)
      for scene in fleet(&random) {
        var scene = scene
        scene.now = random.pick(
          Instant(milliseconds: .min), Instant(milliseconds: .max), Instant(milliseconds: 0))
        let pass = scene.decide()
        #expect(pass != nil, "seed \(seed)")
        let step: Duration = random.pick(
          .seconds(Int64.max), .seconds(Int64.min), .days(-1))
        scene.record.shift(by: step)
        scene.memory.shift(by: step)
        scene.record = scene.record.bounded(at: scene.now, pacing: scene.pacing)
        guard let next = scene.decide(), next.update != nil else { continue }
        scene.remember(next)
        scene.answer(
          random.pick(
            .accepted(requestID: nil), .failed(failure(.throttled, retryAfter: .seconds(Int64.max)))
          ),
          chance: .max)
      }
    }
  }
}
