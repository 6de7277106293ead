import Narration
import RolloutCore

/// A random history of one domain: the world changes, operators act, calls fail, the process
/// restarts. The same seed gives the same history.
struct Walk {
  let seed: UInt64
  var random: Generator
  var scene: Scene
  /// What broke an invariant, with the step at which it did.
  var faults: [String] = []
  private var step = 0
  private var restores: [Instant] = []
  /// Certificates that were rolled back and that no operator allowed again.
  private var left: Set<CertificateARN> = []
  private var names = 0
  /// Ends of which an error was logged.
  private var warnedEnds: Set<String> = []

  init(seed: UInt64) {
    self.seed = seed
    random = Generator(seed: seed)
    scene = Scene([certificate("c0", from: -60, to: 60)])
    scene.dice = Dice(seed: seed)
    for _ in 0..<random.number(0...4) { addCertificate() }
    if random.chance(3) { scene.forget() }
  }

  private mutating func note(_ fault: String) {
    faults.append("seed \(seed), step \(step), \(scene.now.rfc3339): \(fault)")
  }

  mutating func run(steps: Int) {
    for _ in 0..<steps where faults.isEmpty {
      step += 1
      change()
      pass()
    }
  }

  /// One pass, another one at once, and the answer to a call.
  mutating func pass() {
    _ = scene.dice.next()
    guard let first = scene.decide() else { return note("the survey asked for the same twice") }
    for fault in first.faults { note(fault) }
    scene.remember(first)
    if case .described(let domain) = first.assessment, case .adopt = domain.drift {
      left.remove(domain.attached)
    }
    noteEnd(first)
    if let update = first.update {
      judge(update, first)
      answer(update)
    } else {
      expectQuiet(after: first)
    }
  }

  /// With nothing changed, a second look has nothing to add.
  private mutating func expectQuiet(after first: Pass) {
    guard let second = scene.decide(isPoll: false) else {
      return note("the second survey asked for the same twice")
    }
    if !second.logged.isEmpty { note("logged again: \(second.logged) after \(first.logged)") }
    if second.record != first.record {
      note("the record changed again: \(first.record.difference(to: second.record))")
    }
    if second.update != nil { note("a call, a moment after there was none") }
    if second.plan.nextLookAt != first.plan.nextLookAt { note("the next look moved") }
  }

  /// A certificate never ends without an error having been logged before.
  private mutating func noteEnd(_ pass: Pass) {
    for event in pass.events where event.kind == .certificateExpiring && event.level == .error {
      if let end = event.fields[.notAfter] { warnedEnds.insert(end) }
    }
    if let end = pass.record.earliestEnd, end.since(scene.now) <= .days(7),
      !warnedEnds.contains(end.rfc3339)
    {
      note("\(end.rfc3339) is near, and no error was logged")
    }
    guard case .described(let domain) = pass.assessment,
      let end = domain.attachedCertificate?.notAfter
    else { return }
    if pass.record.earliestEnd.map({ $0 > end }) ?? true {
      note("the attached certificate ends at \(end.rfc3339), and the record does not know it")
    }
  }

  /// Holds a call against the world as it really is.
  private mutating func judge(_ update: DomainUpdate, _ pass: Pass) {
    for fault in scene.faults(of: update.certificate) { note("attached one that is \(fault)") }
    guard let rollout = pass.record.rollout, rollout.attempts == 1 else { return }
    if rollout.cause == .restore {
      if let last = restores.last, scene.now.since(last) < .hours(24) { note("restored again") }
      restores.append(scene.now)
    }
    if rollout.cause == .rollback, let failed = rollout.previous {
      if !left.insert(failed).inserted { note("rolled back from \(failed) again") }
    } else if pass.facts.record.rolledBack == rollout.certificate {
      note("chose \(rollout.certificate) again")
    }
  }

  /// An operator who asks for it may have a drift undone at any time.
  mutating func retry() {
    scene.retry()
    restores = []
    left = []
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
