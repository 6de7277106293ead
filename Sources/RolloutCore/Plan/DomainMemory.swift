/// What is remembered of a domain while the daemon runs, and no longer.
package struct DomainMemory: Equatable, Sendable {
  /// When the last look began, whatever it brought.
  package var lookedAt: Instant?
  /// When the last look began that showed the domain and its account's certificates.
  package var seenAt: Instant?
  package var probedAt: Instant?
  /// Set while the domain is in order.
  package var quiet: QuietPeriod?
  /// The last description, while nothing is known to have changed since.
  package var described: Described?
  /// When the use of the certificate before the last rollout was looked at.
  package var releaseLookedAt: Instant?
  /// Since when the desired certificate differs from the attached one.
  package var wantingSince: Instant?
  /// Why each passed-over certificate was last logged.
  package var passedOver: [CertificateARN: Reason]
  /// What the decision could not see, and for how many polls in a row.
  package var obstruction: Obstruction?
  /// The condition and reason last found: a hold hides them in the record.
  package var found: Found?
  /// What the last `propagation.waiting` said.
  package var waiting: Waiting?
  /// Why viewers are not served, by the last rounds of a domain at rest.
  package var unserved: Unserved?
  /// Rounds in which edges did not serve the rollout's certificate to viewers.
  package var harm: EdgeHarm?
  /// What the last round showed that a person can act on.
  package var edgeTrouble: Explanation?
  /// How many edges the last round showed in each state.
  package var edgeStates: EdgeStates?
  /// Whether `edges.refusing` was logged for the present rollout or rest.
  package var refusalIsLogged = false

  package init(
    lookedAt: Instant? = nil, seenAt: Instant? = nil, probedAt: Instant? = nil,
    wantingSince: Instant? = nil, passedOver: [CertificateARN: Reason] = [:],
    obstruction: Obstruction? = nil, found: Found? = nil, waiting: Waiting? = nil,
    unserved: Unserved? = nil
  ) {
    self.lookedAt = lookedAt
    self.seenAt = seenAt
    self.probedAt = probedAt
    self.wantingSince = wantingSince
    self.passedOver = passedOver
    self.obstruction = obstruction
    self.found = found
    self.waiting = waiting
    self.unserved = unserved
  }

  /// What Cognito showed, and when.
  package struct Described: Equatable, Sendable {
    package var description: DomainDescription
    package var at: Instant

    package init(_ description: DomainDescription, at: Instant) {
      self.description = description
      self.at = at
    }
  }

  package struct Found: Equatable, Sendable {
    package var condition: Condition
    package var reason: Reason?

    package init(_ condition: Condition, _ reason: Reason?) {
      self.condition = condition
      self.reason = reason
    }
  }

  /// What a decision depends on and could not see.
  package struct Obstruction: Equatable, Sendable {
    /// The first trouble of its reason; a later one of the same reason is no news.
    package var explanation: Explanation
    /// Every reason that was met since the last complete look.
    package var reasons: Set<Reason>
    /// Polls in a row that met it.
    package var polls: Int
    package var loggedAt: Instant
    package var isLoggedAsError: Bool

    /// Polls after which it counts as lasting.
    package static let lastingPolls = 3
    /// How often one that lasts is logged again.
    package static let reminderInterval = Duration.hours(1)
  }

  /// Rounds in a row in which an edge did not serve the domain to viewers.
  package struct Unserved: Equatable, Sendable {
    /// Why, by the last of them.
    package var explanation: Explanation
    package var rounds: Int
    /// Whether it was logged as an error for this reason.
    package var isLoggedAsLasting: Bool

    package init(_ explanation: Explanation, rounds: Int = 0, isLoggedAsLasting: Bool = false) {
      self.explanation = explanation
      self.rounds = rounds
      self.isLoggedAsLasting = isLoggedAsLasting
    }
  }

  package struct Waiting: Equatable, Sendable {
    package var status: DomainStatus
    package var verdict: ProbeVerdict?
    package var confirmations: Int

    /// Whether both say the same, times and durations apart.
    func saysTheSame(as other: Waiting?) -> Bool {
      guard let other else { return false }
      return status == other.status && confirmations == other.confirmations
        && verdict?.masked == other.verdict?.masked
    }
  }

  /// Moves every time with a clock that was stepped.
  package mutating func shift(by step: Duration) {
    lookedAt = lookedAt.map { $0 + step }
    seenAt = seenAt.map { $0 + step }
    probedAt = probedAt.map { $0 + step }
    releaseLookedAt = releaseLookedAt.map { $0 + step }
    quiet = nil
    if let describedAt = described?.at { described?.at = describedAt + step }
    wantingSince = wantingSince.map { $0 + step }
    if let loggedAt = obstruction?.loggedAt { obstruction?.loggedAt = loggedAt + step }
  }
}
