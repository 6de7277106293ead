package import RolloutCore

/// What the metrics show of the fleet, as it is at one moment.
package struct FleetFacts: Sendable {
  package var now: Instant
  package var pollInterval: Duration
  /// In the configuration's order.
  package var domains: [Domain]
  package var polls: [Poll]
  /// Since when every account was listed well; nil when one never was.
  package var lastGoodPoll: Instant?
  /// The waves of the mappings, and whether each is stopped.
  package var waves: [Wave]
  /// Transactions that were committed to the state file.
  package var stateWrites: Int
  /// Whether the last one failed.
  package var stateHasFailed: Bool

  package init(
    now: Instant, pollInterval: Duration, domains: [Domain] = [], polls: [Poll] = [],
    lastGoodPoll: Instant? = nil, waves: [Wave] = [], stateWrites: Int = 0,
    stateHasFailed: Bool = false
  ) {
    self.now = now
    self.pollInterval = pollInterval
    self.domains = domains
    self.polls = polls
    self.lastGoodPoll = lastGoodPoll
    self.waves = waves
    self.stateWrites = stateWrites
    self.stateHasFailed = stateHasFailed
  }

  package struct Domain: Sendable {
    package var record: DomainRecord
    /// The last round of this process; nil before the first one, and with the probe off.
    package var edges: EdgeStates?
    /// The end of the desired certificate, where it is known.
    package var desiredNotAfter: Instant?

    package init(
      _ record: DomainRecord, edges: EdgeStates? = nil, desiredNotAfter: Instant? = nil
    ) {
      self.record = record
      self.edges = edges
      self.desiredNotAfter = desiredNotAfter
    }
  }

  package struct Poll: Equatable, Sendable {
    /// The number of the AWS account where it is known, otherwise the description of the identity.
    package var account: String
    /// nil when none succeeded since the start.
    package var succeededAt: Instant?

    package init(account: String, succeededAt: Instant?) {
      self.account = account
      self.succeededAt = succeededAt
    }
  }

  package struct Wave: Equatable, Sendable {
    package var number: Int
    package var isStopped: Bool

    package init(_ number: Int, isStopped: Bool) {
      self.number = number
      self.isStopped = isStopped
    }
  }
}

extension Ledger {
  /// Nothing of it is worked out before someone asks.
  package func fleetFacts() async -> FleetFacts {
    let stateWrites = await journal.writes
    let ends = await endsOfDesired()
    return FleetFacts(
      now: ports.clock.now, pollInterval: fleet.pacing.pollInterval,
      domains: fleet.mappings.compactMap { mapping in
        records[mapping.domain].map { record in
          FleetFacts.Domain(
            record, edges: memories[mapping.domain]?.edgeStates,
            desiredNotAfter: record.desired.flatMap {
              $0 == record.attached ? record.attachedNotAfter : ends[$0]
            })
        }
      },
      polls: pollsOfAccounts, lastGoodPoll: lastGoodPoll,
      waves: Set(fleet.mappings.map(\.wave)).sorted().map {
        FleetFacts.Wave($0, isStopped: stops[$0] != nil)
      },
      stateWrites: stateWrites, stateHasFailed: troubles.stateHasFailed)
  }

  /// The ends of the certificates that are to replace the attached ones.
  private func endsOfDesired() async -> [CertificateARN: Instant] {
    var wanted: [Identity: Set<CertificateARN>] = [:]
    for mapping in fleet.mappings {
      guard let record = records[mapping.domain], let desired = record.desired,
        desired != record.attached
      else { continue }
      wanted[mapping.identity, default: []].insert(desired)
    }
    var ends: [CertificateARN: Instant] = [:]
    for (identity, arns) in wanted {
      guard let account = accounts[identity] else { continue }
      ends.merge(await account.ends(of: arns)) { first, _ in first }
    }
    return ends
  }

  /// Of several identities of one account the one that was polled longest ago counts.
  private var pollsOfAccounts: [FleetFacts.Poll] {
    var order: [String] = []
    var times: [String: Instant?] = [:]
    for identity in identities {
      let poll = polls[identity]
      let account = numbers[identity] ?? poll?.account ?? identity.description
      guard let known = times[account] else {
        order.append(account)
        times[account] = .some(poll?.succeededAt)
        continue
      }
      let both = [known, poll?.succeededAt]
      times[account] = .some(both.contains(nil) ? nil : both.compactMap { $0 }.min())
    }
    return order.map { FleetFacts.Poll(account: $0, succeededAt: times[$0] ?? nil) }
  }
}

extension AccountFacts {
  /// The ends of those certificates that the last list that was seen has.
  func ends(of arns: Set<CertificateARN>) -> [CertificateARN: Instant] {
    var ends: [CertificateARN: Instant] = [:]
    for certificate in lastList ?? [] where arns.contains(certificate.arn) {
      ends[certificate.arn] = certificate.notAfter
    }
    return ends
  }
}

extension Rollout {
  /// The time from the decision to the proof, where `former` was not proven yet.
  func durationOfProof(since former: Rollout?) -> Duration? {
    guard case .completed(let completion) = phase else { return nil }
    if former?.id == id, case .completed = former?.phase { return nil }
    return completion.completedAt.since(startedAt)
  }
}
