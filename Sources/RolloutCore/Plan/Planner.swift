/// Why a domain may not make a call although its own facts allow it.
package enum Constraint: Equatable, Sendable {
  /// A domain of a lower wave is not settled, or was not seen since this one wanted to begin.
  case waitsForWave(DomainName, wave: Int, WaveObstacle)
  /// Too many rollouts of the domain's wave, or of a lower one, have failed.
  case waveIsStopped(WaveStop)
  /// `wave_soak` since the last proof in a lower wave is not over.
  case waveSoaks(DomainName, wave: Int, provenAt: Instant, until: Instant)
  /// `max_in_flight` rollouts are under way, or the free slots are for domains ahead of this one.
  case waitsForSlot(inFlight: Int, limit: Int)

  package enum WaveObstacle: Equatable, Sendable {
    case notLookedAt
    /// It could not be seen, for this reason.
    case unseen(Explanation?)
    case unsettled(Condition, Explanation?)
    /// Its latest certificate failed, and the one before it was attached again.
    case rolledBack(CertificateARN)
  }

  package var explanation: Explanation {
    switch self {
    case .waitsForWave(let domain, let wave, let obstacle):
      Explanation(.waitsForWave, "\(domain) (wave \(wave)) \(Constraint.words(for: obstacle))")
    case .waveIsStopped(let stop): stop.explanation
    case .waveSoaks(let domain, let wave, let provenAt, let until):
      Explanation(
        .waveSoaking,
        "\(domain) (wave \(wave)) was proven at \(provenAt.rfc3339); this wave begins at \(until.rfc3339)"
      )
    case .waitsForSlot(let inFlight, let limit):
      Explanation(
        .waitsForSlot, "in flight: \(inFlight), max_in_flight: \(limit)")
    }
  }

  /// When it ends by itself, as far as that is known.
  package var endsAt: Instant? {
    switch self {
    case .waveSoaks(_, _, _, let until): until
    case .waitsForWave, .waveIsStopped, .waitsForSlot: nil
    }
  }

  private static func words(for obstacle: WaveObstacle) -> String {
    switch obstacle {
    case .notLookedAt: "has not been looked at since"
    case .unseen(let explanation):
      "could not be seen" + (explanation.map { ": \($0)" } ?? "")
    case .unsettled(let condition, let explanation):
      "is \(condition)" + (explanation.map { " (\($0.reason))" } ?? "")
    case .rolledBack(let certificate): "was rolled back from \(certificate)"
    }
  }
}

/// Every domain's latest record and memory: what one domain's constraint may depend on.
package struct FleetStanding: Sendable {
  package var mappings: [Mapping]
  package var pacing: Pacing
  package var now: Instant
  package var records: [DomainName: DomainRecord]
  package var memories: [DomainName: DomainMemory]
  /// The stopped waves.
  package var stops: [Int: WaveStop]
  /// Domains that wait for a slot and will take one that is offered.
  package var line: Set<DomainName>

  package init(
    mappings: [Mapping], pacing: Pacing, now: Instant, records: [DomainName: DomainRecord],
    memories: [DomainName: DomainMemory], stops: [Int: WaveStop] = [:],
    line: Set<DomainName> = []
  ) {
    self.mappings = mappings
    self.pacing = pacing
    self.now = now
    self.records = records
    self.memories = memories
    self.stops = stops
    self.line = line
  }
}

/// Decides what one domain may do as far as that depends on the others.
package enum Planner {
  /// What keeps the domain from beginning a rollout that is not urgent; nil when nothing does.
  ///
  /// A higher wave begins when every domain of the lower ones is settled and was seen since the
  /// domain first wanted to begin: one that was last seen earlier may not know of the same
  /// replacement yet. A domain with mode observe never settles by itself and does not count. Then
  /// the last proof of the lower waves must be `wave_soak` old, and a slot must be free.
  ///
  /// - Parameter since: when the look began that first wanted the replacement.
  package static func constraint(
    on mapping: Mapping, wantingSince since: Instant, in fleet: FleetStanding
  ) -> Constraint? {
    let stops = fleet.stops.values.filter { $0.wave <= mapping.wave }
    if let stop = stops.min(by: { $0.wave < $1.wave }) { return .waveIsStopped(stop) }
    for other in fleet.mappings where other.wave < mapping.wave && other.mode == .apply {
      if let obstacle = obstacle(other.domain, since: since, in: fleet) {
        return .waitsForWave(other.domain, wave: other.wave, obstacle)
      }
    }
    return soak(below: mapping.wave, in: fleet) ?? fleet.waitForSlot(mapping.domain)
  }

  /// What keeps the rollout under way from making its call again; nil when nothing does.
  package static func constraint(
    onCallOf domain: DomainName, in fleet: FleetStanding
  ) -> Constraint? {
    fleet.waitForSlot(domain)
  }

  private static func obstacle(
    _ domain: DomainName, since: Instant, in fleet: FleetStanding
  ) -> Constraint.WaveObstacle? {
    let memory = fleet.memories[domain] ?? DomainMemory()
    guard let record = fleet.records[domain], let lookedAt = memory.lookedAt, lookedAt >= since
    else { return .notLookedAt }
    let isSeen = memory.seenAt == lookedAt
    if let failed = record.rolledBack, record.condition == .inSync { return .rolledBack(failed) }
    if !record.isSettled && (isSeen || record.condition != .unknown) {
      return .unsettled(record.condition, record.reason)
    }
    return isSeen ? nil : .unseen(memory.obstruction?.explanation)
  }

  /// The last proof of the lower waves, while it is younger than `wave_soak`. A proof of the future
  /// comes from a clock that was wrong, and holds up nothing.
  private static func soak(below wave: Int, in fleet: FleetStanding) -> Constraint? {
    let soak = fleet.pacing.waveSoak
    if soak == .zero { return nil }
    var last: (mapping: Mapping, provenAt: Instant)?
    for other in fleet.mappings where other.wave < wave && other.mode == .apply {
      guard let provenAt = fleet.records[other.domain]?.rollout?.provenAt, provenAt <= fleet.now
      else { continue }
      if last.map({ provenAt > $0.provenAt }) ?? true { last = (other, provenAt) }
    }
    guard let last, last.provenAt + soak > fleet.now else { return nil }
    return .waveSoaks(
      last.mapping.domain, wave: last.mapping.wave, provenAt: last.provenAt,
      until: last.provenAt + soak)
  }
}
