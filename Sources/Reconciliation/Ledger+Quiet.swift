import RolloutCore

extension Ledger {
  /// Whether a poll of these domains may bring nothing new for one of them.
  func hasQuietDomains(_ domains: [Mapping]) -> Bool {
    domains.contains { memories[$0.domain]?.quiet != nil }
  }

  /// All but the domains in order whose decision cannot be another one than last time. Those count as
  /// looked at.
  func domainsToLookAt(
    _ domains: [Mapping], listGeneration: Int, lookBegan: LookStart
  ) -> [Mapping] {
    noteClock()
    // What waits for others must hear of each look.
    guard waitingForWave.isEmpty, slots.waiting.isEmpty, unwritten.isEmpty else { return domains }
    let now = ports.clock.now
    let lookBeganAt = lookBegan.at + (clockSteps - lookBegan.clockSteps)
    return domains.filter { mapping in
      let domain = mapping.domain
      guard let quiet = memories[domain]?.quiet, quiet.listGeneration == listGeneration,
        now < quiet.end, !isCommitting(domain), records[domain]?.hold == nil,
        openTrials(of: mapping).isEmpty
      else { return true }
      memories[domain]?.lookedAt = lookBeganAt
      memories[domain]?.seenAt = lookBeganAt
      schedule(domain, uptime(of: quiet.nextLookAt))
      return false
    }
  }
}
