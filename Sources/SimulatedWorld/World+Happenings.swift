import POSIX
import Reconciliation
import RolloutCore
import SimulatedAWS

/// What happens in the world while the daemon runs.
extension World {
  func scheduleAll() {
    for happening in script.happenings {
      clock.schedule(after: happening.at) { [self] in
        report.note("--- \(happening.kind)")
        do {
          try carryOut(happening.kind)
        } catch {
          invariants.violate("the script could not be carried out: \(error)")
        }
      }
    }
    clock.schedule(after: WorldScript.storm) { [self] in
      report.note("--- calm")
      aws.withCloud { $0.release(at: clock.trueTime) }
      state.withLock { state in
        state.diskIsFull = false
        state.unreachable = []
      }
    }
    clock.schedule(after: WorldScript.storm + WorldScript.calm) { [self] in
      state.withLock { $0.isOver = true }
      clock.stop()
    }
  }

  private func carryOut(_ kind: WorldScript.Kind) throws {
    switch kind {
    case .replace(let index, let lifetime): try replace(script.domains[index], lifetime)
    case .decoy(let index, let flaw): try plant(script.domains[index], flaw)
    case .renew(let index): try renew(script.domains[index])
    case .meddle(let index): try meddle(script.domains[index])
    case .revoke(let index): try revoke(script.domains[index])
    case .powerCut(let points): power.cut(in: points)
    case .clockStep(let step): clock.step(by: step)
    case .diskFull(let length):
      during(length) {
        $0.diskIsFull = true
      } undo: {
        $0.diskIsFull = false
      }
    case .unreachableEdges(let index, let length):
      let name = script.domains[index].name
      during(length) {
        $0.unreachable.insert(name)
      } undo: {
        $0.unreachable.remove(name)
      }
    case .stuckUpdating(let index, let length): try stick(script.domains[index], length)
    case .credentialsGone(let account, let length): loseCredentials(account, length)
    case .poll: clock.wake(.pollRequested)
    case .hold(let index, let length): hold(script.domains[index], length)
    }
  }

  private func replace(_ plan: WorldScript.DomainPlan, _ lifetime: Duration) throws {
    let now = clock.trueTime
    let fresh = try material([plan.name], notBefore: now - .minutes(1), notAfter: now + lifetime)
    let order = CertificateOrder(
      account: World.accountNumber(plan.account), names: [plan.name], material: fresh)
    aws.withCloud { _ = $0.issue(order, at: now) }
  }

  /// A newer certificate that can never serve the domain, for one of several reasons.
  private func plant(_ plan: WorldScript.DomainPlan, _ flaw: Int) throws {
    let now = clock.trueTime
    let names = flaw == 0 ? ["other.example.com"] : [plan.name]
    let fresh = try material(
      names, notBefore: flaw == 1 ? now + .days(30) : now - .minutes(1),
      notAfter: flaw == 2 ? now + .days(3) : now + .days(100), selfSigned: flaw == 3)
    var order = CertificateOrder(
      account: World.accountNumber(plan.account), names: names, material: fresh)
    switch flaw {
    case 3: order.type = "IMPORTED"
    case 4: order.keyAlgorithm = "EC_secp384r1"
    case 5: order.managedBy = "CLOUDFRONT"
    case 6: order.type = "PRIVATE"
    default: break
    }
    let planted = order
    aws.withCloud { _ = $0.issue(planted, at: now) }
  }

  private func renew(_ plan: WorldScript.DomainPlan) throws {
    let now = clock.trueTime
    let arn = shown(plan)
    let isIssued = aws.withCloud { $0.certificates[arn]?.state == .issued }
    if !isIssued { return }
    let fresh = try material(
      [plan.name], notBefore: now - .minutes(1), notAfter: now + .days(200))
    try aws.withCloud { (cloud) throws(SimulationProblem) in
      try cloud.reissue(arn, as: fresh, at: now)
    }
  }

  /// A person attaches the certificate that was there before.
  private func meddle(_ plan: WorldScript.DomainPlan) throws {
    let now = clock.trueTime
    let earlier = aws.withCloud { cloud in
      cloud.domains[plan.name]?.attachments.map(\.certificateARN).first {
        $0 != shown(plan, in: cloud)
      }
    }
    guard let earlier else { return }
    state.withLock { _ = $0.meddled.insert(plan.name) }
    try aws.withCloud { (cloud) throws(SimulationProblem) in
      try cloud.attach(earlier, to: plan.name, at: now)
    }
  }

  private func revoke(_ plan: WorldScript.DomainPlan) throws {
    let arn = shown(plan)
    let now = clock.trueTime
    try aws.withCloud { (cloud) throws(SimulationProblem) in try cloud.revoke(arn, at: now) }
  }

  private func stick(_ plan: WorldScript.DomainPlan, _ length: Duration) throws {
    try aws.withCloud { (cloud) throws(SimulationProblem) in
      try cloud.change(domain: plan.name) { $0.behaviour.staysUpdating = true }
    }
    clock.schedule(after: length) { [self] in
      let now = clock.trueTime
      do throws(SimulationProblem) {
        try aws.withCloud { (cloud) throws(SimulationProblem) in
          try cloud.change(domain: plan.name) { domain in
            domain.behaviour.staysUpdating = false
            domain.settle(at: now)
          }
        }
      } catch {
        invariants.violate("the script could not be carried out: \(error)")
      }
    }
  }

  private func loseCredentials(_ account: Int, _ length: Duration) {
    let id = "AKIASIMULATED000000\(account)"
    let key = aws.withCloud { cloud in
      let key = cloud.keys[id]
      cloud.removeKey(id)
      return key
    }
    guard let key else { return }
    clock.schedule(after: length) { [self] in aws.withCloud { $0.add(key) } }
  }

  private func hold(_ plan: WorldScript.DomainPlan, _ length: Duration) {
    let until = clock.now + length
    state.withLock { state in
      state.wishCount += 1
      state.wishes.append(Wish(id: state.wishCount, domain: plan.name, until: until))
    }
    clock.wake(.operatorRequest)
  }

  private func during(
    _ length: Duration, _ change: @Sendable (inout Standing) -> Void,
    undo: @escaping @Sendable (inout Standing) -> Void
  ) {
    state.withLock { change(&$0) }
    clock.schedule(after: length) { [self] in state.withLock { undo(&$0) } }
  }

  func shown(_ plan: WorldScript.DomainPlan) -> String {
    aws.withCloud { shown(plan, in: $0) }
  }

  private func shown(_ plan: WorldScript.DomainPlan, in cloud: FakeCloud) -> String {
    cloud.domains[plan.name]?.shownARN(at: clock.trueTime) ?? ""
  }
}
