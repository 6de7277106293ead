/// Why a domain may not begin a rollout although its own facts allow it.
package enum Constraint: Equatable, Sendable {
  /// A domain of a lower wave is not settled, or was not seen since this one wanted to begin.
  case waitsForWave(DomainName, wave: Int, WaveObstacle)

  package enum WaveObstacle: Equatable, Sendable {
    case notLookedAt
    /// It could not be seen, for this reason.
    case unseen(Explanation?)
    case unsettled(Condition, Explanation?)
  }

  package var explanation: Explanation {
    switch self {
    case .waitsForWave(let domain, let wave, let obstacle):
      Explanation(.waitsForWave, "\(domain) (wave \(wave)) \(Constraint.words(for: obstacle))")
    }
  }

  private static func words(for obstacle: WaveObstacle) -> String {
    switch obstacle {
    case .notLookedAt: "has not been looked at since"
    case .unseen(let explanation):
      "could not be seen" + (explanation.map { ": \($0)" } ?? "")
    case .unsettled(let condition, let explanation):
      "is \(condition)" + (explanation.map { " (\($0.reason))" } ?? "")
    }
  }
}

/// Every domain's latest record and memory: what one domain's constraint may depend on.
package struct FleetStanding: Sendable {
  package var mappings: [Mapping]
  package var records: [DomainName: DomainRecord]
  package var memories: [DomainName: DomainMemory]

  package init(
    mappings: [Mapping], records: [DomainName: DomainRecord],
    memories: [DomainName: DomainMemory]
  ) {
    self.mappings = mappings
    self.records = records
    self.memories = memories
  }
}

/// Decides what one domain may do as far as that depends on the others.
package enum Planner {
  /// What keeps the domain from beginning a rollout that is not urgent; nil when nothing does.
  ///
  /// A higher wave begins when every domain of the lower ones is settled and was seen since the
  /// domain first wanted to begin: one that was last seen earlier may not know of the same
  /// replacement yet. A domain with mode observe never settles by itself and does not count.
  ///
  /// - Parameter since: when the look began that first wanted the replacement.
  package static func constraint(
    on mapping: Mapping, wantingSince since: Instant, in fleet: FleetStanding
  ) -> Constraint? {
    for other in fleet.mappings where other.wave < mapping.wave && other.mode == .apply {
      if let obstacle = obstacle(other.domain, since: since, in: fleet) {
        return .waitsForWave(other.domain, wave: other.wave, obstacle)
      }
    }
    return nil
  }

  private static func obstacle(
    _ domain: DomainName, since: Instant, in fleet: FleetStanding
  ) -> Constraint.WaveObstacle? {
    let memory = fleet.memories[domain] ?? DomainMemory()
    guard let record = fleet.records[domain], let lookedAt = memory.lookedAt, lookedAt >= since
    else { return .notLookedAt }
    let isSeen = memory.seenAt == lookedAt
    if !record.isSettled && (isSeen || record.condition != .unknown) {
      return .unsettled(record.condition, record.reason)
    }
    return isSeen ? nil : .unseen(memory.obstruction?.explanation)
  }
}
