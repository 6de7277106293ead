import RolloutCore

/// A domain's life at random: the world changes, operators meddle, calls fail, the process
/// restarts. The same seed lives the same life.
struct Walk {
  let seed: UInt64
  var random: Generator
  var scene: Scene
  /// What was wrong, with the step at which it was.
  var wrongs: [String] = []
  private var step = 0
  private var restores: [Instant] = []
  private var names = 0

  init(seed: UInt64) {
    self.seed = seed
    random = Generator(seed: seed)
    scene = Scene([certificate("c0", from: -60, to: 60)])
    scene.dice = Dice(seed: seed)
    for _ in 0..<random.number(0...4) { addCertificate() }
    if random.chance(3) { scene.forget() }
  }

  private mutating func wrong(_ what: String) {
    wrongs.append("seed \(seed), step \(step), \(scene.now.rfc3339): \(what)")
  }

  mutating func run(steps: Int) {
    for _ in 0..<steps where wrongs.isEmpty {
      step += 1
      meddle()
      pass()
    }
  }

  /// One pass, another one at once, and the answer to a call.
  mutating func pass() {
    _ = scene.dice.next()
    guard let first = scene.decide() else { return wrong("the decision never came") }
    for rule in first.wrongs { wrong(rule) }
    scene.record = first.decision.record
    scene.schedule = first.decision.schedule
    if let update = first.update {
      judge(update, first)
      answer(update)
    } else {
      expectQuiet(after: first)
    }
  }

  /// With nothing changed, a second look has nothing to add, unless the first one looked at the
  /// edges: what they serve may make haste.
  private mutating func expectQuiet(after first: Pass) {
    guard let second = scene.decide() else { return wrong("the second decision never came") }
    if first.asked.contains(.probe) {
      for rule in second.wrongs { wrong(rule) }
      scene.record = second.record
      scene.schedule = second.decision.schedule
      if let update = second.update { return answer(update) }
      return expectQuiet(after: second)
    }
    if !second.told.isEmpty { wrong("told again: \(second.told) after \(first.told)") }
    if second.record != first.record {
      wrong("the record changed again: \(first.record.difference(to: second.record))")
    }
    if second.update != nil { wrong("a call, a moment after there was none") }
    if second.decision.schedule.nextLookAt != first.decision.schedule.nextLookAt {
      wrong("the next look moved")
    }
  }

  /// Holds a call against the world as it really is.
  private mutating func judge(_ update: DomainUpdate, _ pass: Pass) {
    for fault in scene.faults(of: update.certificate) { wrong("attached one that is \(fault)") }
    guard let rollout = pass.record.rollout, rollout.attempts == 1 else { return }
    if rollout.cause == .restore {
      if let last = restores.last, scene.now.since(last) < .hours(24) { wrong("restored again") }
      restores.append(scene.now)
    }
  }

  /// An operator who asks for it may have a drift undone at any time.
  mutating func retry() {
    scene.retry()
    restores = []
  }

  mutating func addCertificate() {
    names += 1
    scene.list(random.certificate("c\(names)"))
  }
}

extension Scene {
  /// Why a certificate must never be attached, by what ACM would truly say; empty when it may.
  func faults(of arn: CertificateARN) -> [String] {
    var truth = listed.value?.first { $0.arn == arn }
    if case .seen(let described)? = details[arn] { truth = described }
    guard let truth else { return ["not there"] }
    var faults: [String] = []
    if truth.status != .issued { faults.append("not issued") }
    if truth.managedBy != nil { faults.append("someone else's") }
    if truth.arn.region != "us-east-1" { faults.append("elsewhere") }
    if truth.type == .private { faults.append("private") }
    if !truth.names.contains(where: { $0 == "auth.example.com" || $0 == "*.example.com" }),
      truth.primaryName != "auth.example.com"
    {
      faults.append("for another name")
    }
    if truth.notBefore.map({ $0 > now }) ?? true { faults.append("not valid yet") }
    if truth.notAfter.map({ $0 <= now }) ?? true { faults.append("over") }
    switch evidence[arn] {
    case nil: break
    case .unseen: faults.append("unproven")
    case .seen(let leaf): if leaf.chain != .trusted { faults.append("untrusted") }
    }
    return faults
  }
}

extension DomainRecord {
  /// The members that differ, for a test's message.
  func difference(to other: DomainRecord) -> String {
    let pairs = zip(Mirror(reflecting: self).children, Mirror(reflecting: other).children)
    return pairs.compactMap { left, right in
      let texts = (String(describing: left.value), String(describing: right.value))
      return texts.0 == texts.1 ? nil : "\(left.label ?? ""): \(texts.0) -> \(texts.1)"
    }.joined(separator: "; ")
  }
}
