/// Rollouts of a domain that failed in a wave: refused, overdue, or rolled back. They count until the
/// domain is in sync, and not by a rollback.
package struct CampaignFailure: Equatable, Sendable {
  /// The wave that the domain had when they failed.
  package var wave: Int
  /// The latest of them; each counts once.
  package var rollout: String
  package var count: Int

  package init(wave: Int, rollout: String, count: Int = 1) {
    self.wave = wave
    self.rollout = rollout
    self.count = count
  }
}

/// A wave in which too many rollouts failed: no further one begins in it or above it until
/// `resume --wave` or a restart.
package struct WaveStop: Equatable, Sendable {
  package let wave: Int
  package let at: Instant
  package let failures: Int
  /// The domains whose rollouts failed, by name.
  package let domains: [DomainName]

  package init(wave: Int, at: Instant, failures: Int, domains: [DomainName]) {
    self.wave = wave
    self.at = at
    self.failures = failures
    self.domains = domains
  }

  /// The most domains that a reason names: it is shown for every domain that waits.
  static let namedDomains = 5

  package var explanation: Explanation {
    let named = domains.prefix(WaveStop.namedDomains).map(\.text).joined(separator: ", ")
    let others = domains.count - WaveStop.namedDomains
    let more = others > 0 ? " and \(others) more" : ""
    return Explanation(
      .waveStopped,
      "\(failures) failed in wave \(wave): \(named)\(more); 'resume --wave \(wave)' goes on")
  }
}

extension DomainRecord {
  /// Counts a failed rollout once in the domain's wave.
  mutating func noteFailure(of rollout: Rollout) {
    guard let former = failure, former.wave == wave else {
      failure = CampaignFailure(wave: wave, rollout: rollout.id)
      return
    }
    if former.rollout == rollout.id { return }
    failure = CampaignFailure(wave: wave, rollout: rollout.id, count: former.count + 1)
  }

  /// Takes the wave that the configuration gives the domain. What failed in another one is forgotten.
  package mutating func join(wave: Int) {
    if let failure, failure.wave != wave { self.failure = nil }
    self.wave = wave
  }
}

extension Rollout {
  /// Whether a call of it may be at work at Cognito and its window is not over.
  package var isInFlight: Bool {
    switch phase {
    case .submitting, .propagating: true
    case .retrying(let retry): retry.lost != nil
    case .overdue, .refused, .completed, .superseded, .abandoned, .other: false
    }
  }

  /// Whether it counts for `max_in_flight`.
  package var takesSlot: Bool { isInFlight && !isUrgent }

  /// When the edges or Cognito proved it.
  var provenAt: Instant? {
    if case .completed(let completion) = phase { return completion.completedAt }
    return nil
  }
}

// MARK: - Stops

extension FleetStanding {
  /// The stop that the failures of a wave amount to; nil while there are fewer than
  /// `stop_after_failures`.
  package func stop(of wave: Int) -> WaveStop? {
    let limit = pacing.stopAfterFailures
    if limit == 0 { return nil }
    var failures = 0
    var domains: [DomainName] = []
    for mapping in mappings where mapping.wave == wave {
      guard let failure = records[mapping.domain]?.failure, failure.wave == wave else { continue }
      failures += failure.count
      domains.append(mapping.domain)
    }
    if failures < limit { return nil }
    return WaveStop(wave: wave, at: now, failures: failures, domains: domains.sorted())
  }
}

// MARK: - Slots

extension FleetStanding {
  /// The free slots of `max_in_flight`; nil where there is no limit. Negative when the limit was
  /// lowered, or when updates took effect that were given up.
  package var freeSlots: Int? {
    pacing.maxInFlight == 0 ? nil : pacing.maxInFlight - inFlight
  }

  private var inFlight: Int {
    mappings.count { records[$0.domain]?.rollout?.takesSlot ?? false }
  }

  /// Why the domain must wait for the end of another rollout; nil when it may make its call.
  ///
  /// A free slot goes to the domain that is first in the line. A domain whose rollout is in flight
  /// has a slot already.
  func waitForSlot(_ domain: DomainName) -> Constraint? {
    guard let free = freeSlots, records[domain]?.rollout?.takesSlot != true else { return nil }
    if free > 0 {
      let place = place(of: domain)
      let ahead = line.count { $0 != domain && self.place(of: $0) < place }
      if ahead < free { return nil }
    }
    return .waitsForSlot(inFlight: pacing.maxInFlight - free, limit: pacing.maxInFlight)
  }

  /// The domains that wait for a slot, first the one that is to get the next.
  package func ordered(_ domains: Set<DomainName>) -> [DomainName] {
    domains.map { (domain: $0, place: place(of: $0)) }.sorted { $0.place < $1.place }
      .map(\.domain)
  }

  /// Lower waves first, then those that have waited longest; of those that are equal, by name.
  private func place(of domain: DomainName) -> Place {
    let record = records[domain]
    let open = record?.rollout.flatMap { $0.isOpen ? $0.startedAt : nil }
    return Place(
      wave: record?.wave ?? 0, since: open ?? memories[domain]?.wantingSince ?? now,
      domain: domain)
  }

  private struct Place: Comparable {
    let wave: Int
    let since: Instant
    let domain: DomainName

    static func < (left: Place, right: Place) -> Bool {
      if left.wave != right.wave { return left.wave < right.wave }
      if left.since != right.since { return left.since < right.since }
      return left.domain < right.domain
    }
  }
}
