import AWSWire
package import Configuration
import EdgeProbe
import Narration
import POSIX
package import Reconciliation
package import RolloutCore
import StateStore

/// What the commands need that look at AWS as the daemon does and change nothing: the daemon's own
/// clients with the caller's credentials, and a copy of the daemon's memory.
package struct Inspection: Sendable {
  package let configuration: Configuration
  private let clients: Clients
  private let clock: SystemClock
  private let state: StateCopy
  private let isDaemonRunning: Bool
  /// Whether nothing is remembered: no daemon has run yet, or it has another state file.
  package let hasNoState: Bool

  /// How long the looks of a command may take. Every command ends within 30 seconds.
  package static let limit = Duration.seconds(22)
  /// How long the questions may take that only an explanation asks.
  package static let extraLimit = Duration.seconds(5)
  /// How long `probe` may take with all of that. Edges that do not answer end it earlier.
  private static let wholeLimit = Duration.seconds(28)

  /// Throws where the state file is damaged or of another version; one that is missing is no
  /// failure.
  package init(
    configuration: Configuration, environment: [String: String], version: String
  ) throws {
    self.configuration = configuration
    let awsTime = AWSTime()
    clock = SystemClock(awsTime: awsTime)
    clients = try Clients(
      environment: environment, version: version, awsTime: awsTime, answered: { _ in })
    (state, isDaemonRunning) = try Inspection.memory(of: configuration.stateFile)
    hasNoState = try StateReader.isAbsent(configuration.stateFile)
  }

  private static func memory(
    of path: String
  ) throws(StateFailure) -> (StateCopy, isDaemonRunning: Bool) {
    (try StateReader.copy(of: path), try ProcessLock.holder(ofStateFile: path) != nil)
  }

  package var now: Instant { clock.now }

  /// Decides about the given domains; all where it is nil.
  package func decide(
    about domains: Set<DomainName>? = nil, within limit: Duration = Inspection.limit
  ) async throws(StateFailure) -> (preview: Preview, outcome: Preview.Outcome) {
    let ports = Ports(
      certificates: clients.client, domains: ReadOnlyDomains(client: clients.client),
      credentials: clients.client, edges: clients.probe, state: state, clock: clock,
      report: SilentReport())
    let preview = Preview(
      ports: ports, fleet: configuration.fleet, isStart: !isDaemonRunning)
    let all = Set(configuration.fleet.mappings.map(\.domain))
    let outcome = try await preview.run(lookingAt: domains ?? all, within: limit)
    return (preview, outcome)
  }

  /// What to do where the caller's credentials do not suffice.
  package static func credentialHint(command: String) -> String {
    """
    these are your credentials, not the service's; where the service has a file of its own, use it as \
    root: sudo AWS_SHARED_CREDENTIALS_FILE=/etc/cognito-certd/aws-credentials cognito-certd \(command)
    """
  }

  package func end() async { await clients.shutDown() }
}

/// Cognito for commands: what would change something is refused, whatever asks for it.
private struct ReadOnlyDomains: DomainPort {
  let client: AWSClient

  func describeDomain(
    _ domain: DomainName, in region: Region, as identity: Identity
  ) async -> DomainLook {
    await client.describeDomain(domain, in: region, as: identity)
  }

  func updateDomain(_ update: DomainUpdate) async -> UpdateOutcome {
    .failed(
      Failure(
        .refused(.planReview), operation: "UpdateUserPoolDomain", object: update.domain.text,
        message: "this command changes nothing"))
  }
}

/// A command prints its result; what a daemon would log is part of it, or of no interest.
private struct SilentReport: ReportPort {
  func emit(_ event: Event) {}
  func alive() {}
  func status(_ line: String) {}
  func looksBegan() {}
  func rolloutProven(after duration: Duration) {}
  func pollSucceeded(at instant: Instant) {}
  func hostErrorChanged(to error: Duration) {}
}

extension Inspection {
  /// One round of handshakes with the domain's edges, against the certificate that it is to have.
  package func probe(_ mapping: Mapping) async throws(StateFailure) -> ProbeReport {
    let begun = SystemClock.uptime
    let (preview, outcome) = try await decide(
      about: [mapping.domain], within: Inspection.decisionLimit)
    let decision = outcome.decisions[mapping.domain]
    let record = try await record(of: mapping)
    let certificate = decision?.wanted ?? record?.desired ?? record?.attached
    var wanted: ProbeReport.Wanted?
    if let certificate {
      let known = decision?.facts.certificates.evidence[certificate]?.value
      var leaf = known
      if leaf == nil {
        leaf = await preview.leaf(of: certificate, for: mapping, within: Inspection.leafLimit)
      }
      wanted = ProbeReport.Wanted(
        certificate: certificate, sha256: leaf?.sha256, notAfter: leaf?.notAfter)
    }
    let seen = Guarded(decision?.facts.round)
    if decision?.facts.round == nil {
      let target = target(of: mapping, decision, record)
      await withTimeLimit(Inspection.wholeLimit - (SystemClock.uptime - begun)) {
        let round = await clients.probe.probe(
          mapping.domain, at: target, caFile: mapping.caFile, now: now)
        seen.withLock { $0 = round }
      }
    }
    return ProbeReport(
      domain: mapping.domain, wanted: wanted, round: seen.withLock { $0 } ?? ProbeRound(edges: []),
      now: now)
  }

  /// What of the time the decision may take, and the question for the leaf that ACM has. The rest is
  /// for the edges.
  private static let decisionLimit = Duration.seconds(14)
  private static let leafLimit = Duration.seconds(3)

  private func record(of mapping: Mapping) async throws(StateFailure) -> DomainRecord? {
    try await state.loadRecords().first { $0.domain == mapping.domain }
  }

  /// The addresses that the daemon probes, with the distribution as Cognito named it last.
  private func target(
    of mapping: Mapping, _ decision: Decision?, _ record: DomainRecord?
  ) -> ProbeTarget {
    if let decision { return decision.facts.edgeTarget }
    return DomainFacts(
      mapping: mapping, pacing: configuration.fleet.pacing,
      record: record ?? DomainRecord(unseen: mapping), memory: DomainMemory(), now: now
    ).edgeTarget
  }
}
