import RolloutCore

/// One cycle of one account: its domains are looked at side by side, and each is decided,
/// journalled, called and recorded as soon as its own look is complete. A failure is a value of
/// the look that met it; a sick account ends with its own cycle.
struct AccountCycle: Sendable {
  let ports: Ports
  let ledger: Ledger
  let account: AccountFacts
  let identity: Identity
  let isPoll: Bool
  /// Whether the last cycle ran out of its budget. The domains that begin in this one are then
  /// looked at to the end, so that an account with slow answers is decided at last.
  let isLeftOver: Bool
  let lookBegan: LookStart
  let setting: AccountFacts.CycleSetting
  /// Lower waves first; within a wave, those first that were looked at longest ago.
  var domains: [Mapping]

  /// Domains looked at side by side. Cognito allows 4 custom domains in a region and account.
  static let width = 8
  /// How long a cycle asks. What is left over is due at once, after the other accounts.
  static let budget = Duration.seconds(30)

  /// All but those that this poll brings nothing new for.
  private func domainsToLookAt() async -> [Mapping] {
    guard isPoll, !isLeftOver, await ledger.hasQuietDomains(domains),
      let generation = await account.listForQuietDomains()
    else { return domains }
    return await ledger.domainsToLookAt(
      domains, listGeneration: generation, lookBegan: lookBegan)
  }

  /// Runs the cycle and returns the domains that it left over.
  func run() async -> [DomainName] {
    await account.beginCycle(setting)
    let domains = await domainsToLookAt()
    if domains.isEmpty { return [] }
    let gate = WaveGate(domains)
    let deadline = ports.clock.uptime + AccountCycle.budget
    return await withTaskGroup(of: DomainName?.self) { group in
      var pending = domains.makeIterator()
      var leftOver: [DomainName] = []
      func addNext() {
        guard let mapping = pending.next() else { return }
        group.addTask {
          let turn = DomainTurn(
            ports: ports, ledger: ledger, account: account, gate: gate, domain: mapping.domain,
            wave: mapping.wave, identity: identity, isPoll: isPoll, lookBegan: lookBegan,
            deadline: deadline,
            mayOverrun: isLeftOver)
          let isComplete = await turn.run()
          await gate.pass(mapping.domain)
          return isComplete ? nil : mapping.domain
        }
      }
      for _ in 0..<AccountCycle.width { addNext() }
      for await domain in group {
        if let domain { leftOver.append(domain) }
        addNext()
      }
      return leftOver
    }
  }
}

/// Lets a domain of a higher wave wait for the lower ones of the same cycle, so that it does not
/// wait for the next.
actor WaveGate {
  /// The wave of each domain that is not decided yet.
  private var undecided: [DomainName: Int] = [:]
  private var waiters: [(wave: Int, continuation: CheckedContinuation<Void, Never>)] = []

  init(_ mappings: [Mapping]) {
    for mapping in mappings { undecided[mapping.domain] = mapping.wave }
  }

  func waitForLowerWaves(than wave: Int) async {
    if isOpen(below: wave) { return }
    await withCheckedContinuation { waiters.append((wave, $0)) }
  }

  /// The domain is decided, or its turn ended.
  func pass(_ domain: DomainName) {
    guard undecided.removeValue(forKey: domain) != nil else { return }
    let ready = waiters.filter { isOpen(below: $0.wave) }
    waiters.removeAll { isOpen(below: $0.wave) }
    for waiter in ready { waiter.continuation.resume() }
  }

  private func isOpen(below wave: Int) -> Bool { undecided.values.allSatisfy { $0 >= wave } }
}
