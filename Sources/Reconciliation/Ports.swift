package import Narration
package import RolloutCore

/// What the loop needs of its surroundings.
package struct Ports: Sendable {
  package var certificates: any CertificatePort
  package var domains: any DomainPort
  package var credentials: any CredentialPort
  package var edges: any EdgePort
  package var state: any StatePort
  package var clock: any ClockPort
  package var report: any ReportPort

  package init(
    certificates: any CertificatePort, domains: any DomainPort,
    credentials: any CredentialPort, edges: any EdgePort, state: any StatePort,
    clock: any ClockPort, report: any ReportPort
  ) {
    self.certificates = certificates
    self.domains = domains
    self.credentials = credentials
    self.edges = edges
    self.state = state
    self.clock = clock
    self.report = report
  }
}

/// The credentials that the other ports sign with.
package protocol CredentialPort: Sendable {
  /// Drops every cached credential, so that the next request reads its source again.
  func refreshCredentials() async

  /// The number of the AWS account that an identity's credentials are of, asked for once; nil when
  /// it could not be found out in a few seconds.
  func account(of identity: Identity) async -> String?
}

/// The certificates that an identity reaches, all in us-east-1. Each call is one or more
/// requests with their own retries; what comes back has been tried.
package protocol CertificatePort: Sendable {
  /// Every certificate of every key type and status.
  func listCertificates(as identity: Identity) async -> Look<[Certificate]>

  /// One certificate in full; `.seen(nil)` when ACM says that it does not exist.
  func describeCertificate(
    _ arn: CertificateARN, as identity: Identity
  ) async -> Look<Certificate?>

  /// The tags of the certificates that have all keys of one of these sets.
  func certificateTags(
    as identity: Identity, having keys: [Set<String>]
  ) async -> Look<[CertificateARN: [String: String]]>

  /// The leaf and its chain as PEM: the leaf first, then the intermediates.
  func certificatePEM(
    _ arn: CertificateARN, as identity: Identity
  ) async -> Look<CertificatePEM>
}

/// What GetCertificate answers.
package struct CertificatePEM: Equatable, Sendable {
  /// The leaf.
  package let certificate: String
  /// The intermediates, issuer after issuer; may be empty.
  package let chain: String

  package init(certificate: String, chain: String) {
    self.certificate = certificate
    self.chain = chain
  }
}

/// Cognito's custom domains.
package protocol DomainPort: Sendable {
  func describeDomain(
    _ domain: DomainName, in region: Region, as identity: Identity
  ) async -> DomainLook

  /// Makes the call once, on a connection of its own, and never again by itself: whether a
  /// call is made twice is the state machine's decision.
  func updateDomain(_ update: DomainUpdate) async -> UpdateOutcome
}

/// The edges, and the judgement of certificates: all that OpenSSL does.
package protocol EdgePort: Sendable {
  /// One new handshake with every address. `caFile` nil: the system's roots.
  func probe(
    _ domain: DomainName, at target: ProbeTarget, caFile: String?, now: Instant
  ) async -> ProbeRound

  /// Parses the leaf and verifies its chain as of `now`. Throws a `Failure` of kind
  /// `malformedAnswer` when the PEM cannot be read, and of kind `unreachable` when the roots
  /// in `caFile` cannot be.
  func evidence(
    of pem: CertificatePEM, arn: CertificateARN, caFile: String?, now: Instant
  ) async throws(Failure) -> LeafEvidence
}

/// The state file. Every commit is one durable transaction: after it returns, a power cut
/// loses nothing of it; when it throws, nothing of it is there.
package protocol StatePort: Sendable {
  func loadRecords() async throws(StateFailure) -> [DomainRecord]

  /// When each imported certificate without a CreatedAt was first seen to have been imported.
  func loadFirstImports() async throws(StateFailure) -> [CertificateARN: Instant]

  /// Waves that were stopped when the last process ended.
  func loadStoppedWaves() async throws(StateFailure) -> [WaveStop]

  /// Replaces the given records whole and appends to the history.
  func commit(_ change: StateChange) async throws(StateFailure)

  /// What operators asked for since, by `hold`, `resume` and `retry`, oldest first. A commit
  /// that names a request's id in `handled` removes it in the same transaction.
  func pendingRequests() async throws(StateFailure) -> [OperatorRequest]
}

package struct StateChange: Equatable, Sendable {
  package var records: [DomainRecord]
  /// Rollouts that ended as another took their place in a record.
  package var ended: [EndedRollout]
  package var history: [HistoryEntry]
  /// Imports that were seen for the first time.
  package var firstImports: [CertificateARN: Instant]
  /// Waves that were stopped.
  package var stops: [WaveStop]
  /// Stopped waves that go on.
  package var resumedWaves: [Int]
  package var handled: [Int64]
  /// A domain for which no operator's request may be waiting: otherwise nothing is written and
  /// the commit throws `requestWaiting`. Once `hold` has returned, no new intent can get to disk.
  package var guarding: DomainName?

  package init(
    records: [DomainRecord] = [], ended: [EndedRollout] = [], history: [HistoryEntry] = [],
    firstImports: [CertificateARN: Instant] = [:], stops: [WaveStop] = [],
    resumedWaves: [Int] = [], handled: [Int64] = [], guarding: DomainName? = nil
  ) {
    self.records = records
    self.ended = ended
    self.history = history
    self.firstImports = firstImports
    self.stops = stops
    self.resumedWaves = resumedWaves
    self.handled = handled
    self.guarding = guarding
  }

  package var isEmpty: Bool {
    records.isEmpty && ended.isEmpty && history.isEmpty && firstImports.isEmpty
      && stops.isEmpty && resumedWaves.isEmpty && handled.isEmpty
  }
}

/// A rollout that is no longer its domain's latest.
package struct EndedRollout: Equatable, Sendable {
  package let domain: DomainName
  package let rollout: Rollout

  package init(domain: DomainName, rollout: Rollout) {
    self.domain = domain
    self.rollout = rollout
  }
}

/// One line of the append-only record, in the log's words.
package struct HistoryEntry: Equatable, Sendable {
  package var at: Instant
  /// nil for what concerns no domain.
  package var domain: DomainName?
  package var event: String
  package var level: String
  package var fields: [String: String]

  package init(
    at: Instant, domain: DomainName?, event: String, level: String, fields: [String: String]
  ) {
    self.at = at
    self.domain = domain
    self.event = event
    self.level = level
    self.fields = fields
  }
}

/// What an operator asked for at the command line.
package struct OperatorRequest: Equatable, Sendable {
  package let id: Int64
  /// nil where it concerns a wave.
  package let domain: DomainName?
  package let user: OperatorName
  package let at: Instant
  package let kind: Kind

  package init(
    id: Int64, domain: DomainName?, by user: OperatorName, at: Instant, kind: Kind
  ) {
    self.id = id
    self.domain = domain
    self.user = user
    self.at = at
    self.kind = kind
  }

  package enum Kind: Equatable, Sendable {
    /// nil: until `resume`.
    case hold(until: Instant?)
    case resume
    case retry
    /// `resume --wave`.
    case resumeWave(Int)
  }
}

/// Why the state file could not be read or written.
package struct StateFailure: Error, Equatable, Sendable, CustomStringConvertible {
  package let kind: Kind
  package let path: String
  /// What failed and what to do, without any value that was to be stored.
  package let message: String

  package init(_ kind: Kind, path: String, message: String) {
    self.kind = kind
    self.path = path
    self.message = message
  }

  package enum Kind: Equatable, Sendable {
    /// No room on the disk, or over a quota: passes when there is room again.
    case full
    /// Not a database, or damaged.
    case damaged
    /// Written by a newer version.
    case newer
    /// Another process uses it; its id where it is known.
    case locked(pid: Int32?)
    case permission
    case io
    /// A guarded commit found a request of an operator, and wrote nothing.
    case requestWaiting
  }

  package var description: String { "state file \(path): \(message)" }
}

/// Time, chance and waiting: all that the loop may not take from its surroundings.
package protocol ClockPort: Sendable {
  /// The time that decides: the wall clock, or AWS's clock where the answers show that the wall clock
  /// is wrong.
  var now: Instant { get }
  /// How far the wall clock is ahead of `now`; zero unless it is wrong.
  var hostError: Duration { get }
  /// A clock that no one sets, from an arbitrary origin, counting while the machine sleeps.
  var uptime: Duration { get }
  /// 64 random bits.
  func random() -> UInt64
  /// The dispatcher's sleep: returns when `duration` has passed or at a wake-up.
  func sleep(for duration: Duration) async -> WakeReason
  /// Returns when `duration` has passed, or at once in a cancelled task. No wake-up ends it.
  func pause(for duration: Duration) async
  /// Ends the dispatcher's sleep, or its next one at once.
  func wake(_ reason: WakeReason)
}

package enum WakeReason: Equatable, Sendable {
  case time
  /// A cycle ended, and others may begin.
  case cycleEnded
  /// `hold`, `resume` or `retry` was written to the state file.
  case operatorRequest
  /// SIGUSR1, or a new configuration: look at everything now, and try what was refused.
  case pollRequested
  case shutdown
}

/// Where events and the state of the loop are shown.
package protocol ReportPort: Sendable {
  func emit(_ event: Event)
  /// A sign of life for the watchdog: called at every answer, and while the loop sleeps.
  func alive()
  /// One line for `systemctl status`.
  func status(_ line: String)
  /// The first looks have begun: the service is ready.
  func looksBegan()
  /// Every account has been listed; the one listed longest ago was listed at `instant`.
  func pollSucceeded(at instant: Instant)
  /// A rollout was proven, this long after the decision.
  func rolloutProven(after duration: Duration)
  /// The wall clock is ahead of the time that decides, by another amount than before.
  func hostErrorChanged(to error: Duration)
}

extension ReportPort {
  func emit(_ finding: ServiceFinding) { emit(Narration.event(for: finding)) }
}
