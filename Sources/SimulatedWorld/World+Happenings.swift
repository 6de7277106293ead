import LosslessJSON
import POSIX
import Reconciliation
import RolloutCore
import SimulatedAWS
import VirtualTime

/// What happens in the world while the daemon runs.
extension World {
  /// Plays the script to its end.
  func play() async -> Int {
    await withDiscardingTaskGroup { group in
      for happening in script.happenings {
        await machine.sleep(for: happening.at - machine.uptime)
        report.note("--- \(happening.kind)")
        group.addTask {
          do {
            try await self.carryOut(happening.kind)
          } catch {
            self.violations.record("the script could not be carried out: \(error)")
          }
        }
      }
      await machine.sleep(for: script.storm - machine.uptime)
      if script.calm > .zero { await beCalm() }
      group.addTask { await self.resumeWaves() }
      await machine.sleep(for: script.storm + script.calm - machine.uptime)
      machine.end()
    }
    return 0
  }

  /// Ends every fault and takes back every changed order.
  private func beCalm() async {
    report.note("--- calm")
    aws.withCloud { cloud in
      cloud.release(at: machine.trueTime)
      for plan in script.domains {
        cloud.change(plan.name) { $0.behaviour.descriptionLag = .zero }
      }
    }
    machine.setDisk(isFull: false)
    state.withLock { state in
      state.edges = [:]
      state.refusedCertificates = []
      state.hangingDescriptions = []
      state.hangingAccounts = []
    }
    await configure { state in
      state.orders = [:]
      state.waves = nil
    }
  }

  private func carryOut(_ kind: HappeningKind) async throws {
    let domains = script.domains
    switch kind {
    case .replacement(let index, let lifetime): _ = try replace(domains[index], lifetime)
    case .refusedReplacement(let index):
      let arn = try replace(domains[index], .days(200))
      state.withLock { _ = $0.refusedCertificates.insert(arn) }
    case .decoy(let index, let flaw): try plant(domains[index], flaw)
    case .renewal(let index): try renew(domains[index])
    case .manualAttachment(let index): try meddle(domains[index])
    case .revocation(let index): try revoke(domains[index])
    case .changedSettings(let index): changeSettings(domains[index])
    case .powerCut(let points): machine.cutPower(in: points)
    case .clockStep(let step, let inRequest):
      if inRequest { machine.stepClockInNextRequest(by: step) } else { machine.stepClock(by: step) }
    case .fullDisk(let length):
      machine.setDisk(isFull: true)
      await machine.sleep(for: length)
      machine.setDisk(isFull: false)
    case .unreachableEdges(let index, let length):
      await during(length, { $0.edges[domains[index].name] = .unreachable }) {
        $0.edges[domains[index].name] = nil
      }
    case .hangingEdges(let index, let length):
      await during(length, { $0.edges[domains[index].name] = .hanging }) {
        $0.edges[domains[index].name] = nil
      }
    case .stuckUpdate(let index, let length): await stick(domains[index], length)
    case .laggingDescription(let index, let lag, let length):
      checkers.settings.lags(domains[index].name, by: lag)
      change(domains[index]) { $0.behaviour.descriptionLag = lag }
      await machine.sleep(for: length)
      change(domains[index]) { $0.behaviour.descriptionLag = .zero }
    case .hangingDescription(let index, let length):
      await during(length, { $0.hangingDescriptions.insert(domains[index].name) }) {
        $0.hangingDescriptions.remove(domains[index].name)
      }
    case .hangingAccount(let account, let length):
      await during(length, { $0.hangingAccounts.insert(account) }) {
        $0.hangingAccounts.remove(account)
      }
    case .lostCredentials(let account, let length): await loseCredentials(account, length)
    case .lostPermission(let account, let action, let length):
      let number = World.accountNumber(account)
      aws.withCloud { $0.deny(action, in: number) }
      await machine.sleep(for: length)
      aws.withCloud { $0.allow(action, in: number) }
    case .poll: machine.process?.clock.wake(.pollRequested)
    case .hold(let index, let until, let pause):
      await hold(index, until: until, resumedAfter: pause)
    case .retry(let index): await request(.retry, index)
    case .observeMode(let index, let length): await order(index, for: length) { $0.mode = .observe }
    case .changedSelector(let index, let length):
      await order(index, for: length) { $0.selectsNothing = true }
    case .pin(let index, let length): await pin(index, length)
    case .changedWaves(let length):
      let waves = domains.map { _ in draw(3) }
      await configure { $0.waves = waves }
      await machine.sleep(for: length)
      await configure { $0.waves = nil }
    case .wrongAccount(let index, let length):
      let other = (domains[index].account + 1) % script.accounts
      await order(index, for: length) { $0.account = other }
    }
  }

  // MARK: Certificates

  private func replace(
    _ plan: WorldScript.DomainPlan, _ lifetime: Duration
  ) throws -> String {
    let now = machine.trueTime
    let fresh = try material([plan.name], notBefore: now - .minutes(1), notAfter: now + lifetime)
    return issue(
      CertificateOrder(
        account: World.accountNumber(plan.account), names: [plan.name], material: fresh))
  }

  /// A newer certificate that can never serve the domain, for one of several reasons.
  private func plant(_ plan: WorldScript.DomainPlan, _ flaw: Int) throws {
    let now = machine.trueTime
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
    issue(order)
  }

  private func renew(_ plan: WorldScript.DomainPlan) throws {
    let now = machine.trueTime
    let arn = shown(plan)
    let isIssued = aws.withCloud { $0.certificates[arn]?.state == .issued }
    if !isIssued { return }
    let fresh = try material(
      [plan.name], notBefore: now - .minutes(1), notAfter: now + .days(200))
    try aws.withCloud { (cloud) throws(SimulationProblem) in
      try cloud.reissue(arn, as: fresh, at: now)
    }
  }

  private func revoke(_ plan: WorldScript.DomainPlan) throws {
    let (arn, now) = (shown(plan), machine.trueTime)
    try aws.withCloud { (cloud) throws(SimulationProblem) in try cloud.revoke(arn, at: now) }
  }

  // MARK: Domains

  /// A person attaches the certificate that was there before.
  private func meddle(_ plan: WorldScript.DomainPlan) throws {
    let now = machine.trueTime
    let earlier = aws.withCloud { cloud in
      cloud.domains[plan.name]?.attachments.map(\.certificateARN).first {
        $0 != shown(plan, in: cloud)
      }
    }
    guard let earlier else { return }
    state.withLock { _ = $0.meddled.insert(plan.name) }
    checkers.rollbacks.forgets(plan.name)
    checkers.releases.noteAttachment(of: earlier)
    try aws.withCloud { (cloud) throws(SimulationProblem) in
      try cloud.attach(earlier, to: plan.name, at: now)
    }
  }

  private func changeSettings(_ plan: WorldScript.DomainPlan) {
    let now = machine.trueTime
    let policy = ["TLS_V1_2_2021", "TLS_V1_3_2025", "TLS_V1_2_2025"][draw(3)]
    let version = 1 + draw(2)
    let text = change(plan) { domain in
      domain.keepSettings(until: now)
      domain.config.removeAll { $0.name == "SecurityPolicy" }
      domain.config.append(JSONValue.Member("SecurityPolicy", .string(policy)))
      domain.topLevel = [
        JSONValue.Member("ManagedLoginVersion", .number(String(version)))
      ]
      return domain.settingsText
    }
    if let text { checkers.settings.changed(plan.name, to: text) }
  }

  private func stick(_ plan: WorldScript.DomainPlan, _ length: Duration) async {
    change(plan) { $0.behaviour.staysUpdating = true }
    await machine.sleep(for: length)
    let now = machine.trueTime
    change(plan) { domain in
      domain.behaviour.staysUpdating = false
      domain.settle(at: now)
    }
  }

  @discardableResult
  private func change<Result>(
    _ plan: WorldScript.DomainPlan, _ body: (inout FakeDomain) -> Result
  ) -> Result? {
    aws.withCloud { $0.change(plan.name, body) }
  }

  // MARK: Accounts and orders

  private func loseCredentials(_ account: Int, _ length: Duration) async {
    let id = World.accessKey(account)
    let key = aws.withCloud { cloud in
      let key = cloud.keys[id]
      cloud.removeKey(id)
      return key
    }
    await machine.sleep(for: length)
    if let key { aws.withCloud { $0.add(key) } }
  }

  /// Pins one of the account's certificates that could serve the domain.
  private func pin(_ index: Int, _ length: Duration) async {
    let plan = script.domains[index]
    let arns = aws.withCloud { cloud in
      cloud.certificates.values
        .filter { $0.account == World.accountNumber(plan.account) && $0.covers(plan.name) }
        .map(\.arn).sorted()
    }
    guard !arns.isEmpty else { return }
    let arn = arns[draw(arns.count)]
    await order(index, for: length) { $0.pin = arn }
  }

  private func during(
    _ length: Duration, _ change: @Sendable (inout State) -> Void,
    undo: @Sendable (inout State) -> Void
  ) async {
    state.withLock { change(&$0) }
    await machine.sleep(for: length)
    state.withLock { undo(&$0) }
  }

  func shown(_ plan: WorldScript.DomainPlan) -> String {
    aws.withCloud { shown(plan, in: $0) }
  }

  private func shown(_ plan: WorldScript.DomainPlan, in cloud: FakeCloud) -> String {
    cloud.domains[plan.name]?.shownARN(at: machine.trueTime) ?? ""
  }
}

extension FakeCloud {
  /// Changes a domain that the world has; nil when it has none.
  @discardableResult
  fileprivate mutating func change<Result>(
    _ name: String, _ body: (inout FakeDomain) -> Result
  ) -> Result? {
    guard var domain = domains[name] else { return nil }
    let result = body(&domain)
    add(domain)
    return result
  }
}
