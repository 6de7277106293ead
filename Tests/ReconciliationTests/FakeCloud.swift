import POSIX
import Reconciliation
import RolloutCore
import VirtualTime

/// Accounts with certificates, domains and edges, below the loop's ports. Every request can be
/// made to take its time or to fail, and every request is recorded.
final class FakeCloud: Sendable {
  /// What is asked of whom.
  enum Request: Hashable, Sendable {
    case list(Identity)
    case describe(DomainName)
    case pem(Identity)
    case tags(Identity)
    case update(DomainName)
    case probe(DomainName)
    case refreshCredentials
    case account(Identity)
  }

  /// How a request goes.
  struct Manner: Sendable {
    var takes: Duration = .milliseconds(10)
    var failure: Failure?
    /// Whether an update that fails has its effect all the same.
    var isDone = false

    static func takes(_ duration: Duration) -> Manner { Manner(takes: duration) }

    /// No answer until the client gives up. The text says how long that took.
    static func hangs(for duration: Duration = .seconds(60)) -> Manner {
      Manner(takes: duration, failure: failure(.unreachable, "no answer"))
    }

    static func fails(_ kind: Failure.Kind, after duration: Duration = .milliseconds(10)) -> Manner
    {
      Manner(takes: duration, failure: failure(kind, "it failed"))
    }

    static let denied = fails(.accessDenied)

    /// The update is made, and its answer does not arrive.
    static let answerLost = Manner(failure: failure(.answerLost, "no answer"), isDone: true)

    private static func failure(_ kind: Failure.Kind, _ message: String) -> Failure {
      Failure(kind, operation: "Operation", object: "object", message: message)
    }
  }

  struct Domain: Sendable {
    var certificate: CertificateARN
    var status = DomainStatus.active
    var settings = EchoedSettings(topLevel: ["ManagedLoginVersion": "1"])
  }

  private struct State {
    var certificates: [Identity: [Certificate]] = [:]
    /// Every state of a domain and the uptime since which it holds, the latest last.
    var domains: [DomainName: [(since: Duration, domain: Domain)]] = [:]
    var manners: [Request: Manner] = [:]
    /// The numbers of accounts, where they can be found out.
    var numbers: [Identity: String] = [:]
    var draw: (@Sendable (Request) -> Manner?)?
    var requests: [(request: Request, at: Duration)] = []
    var updates: [(update: DomainUpdate, at: Duration)] = []
    var descriptionLag: Duration = .zero
    var edgeAddress = "192.0.2.1:443"
    /// Certificates with which the edges refuse the handshake.
    var refused: Set<CertificateARN> = []
    /// Certificates that something else than a domain uses.
    var used: Set<CertificateARN> = []
    var beforeUpdate: (@Sendable (DomainUpdate) -> Void)?
    var beforeDescription: (@Sendable () -> Void)?

    func isUsed(_ arn: CertificateARN) -> Bool {
      used.contains(arn) || domains.values.contains { $0.last?.domain.certificate == arn }
    }
  }

  private let executor: VirtualExecutor
  private let state = Guarded(State())

  init(_ executor: VirtualExecutor) { self.executor = executor }

  // MARK: What a test sets

  func add(_ certificates: [Certificate], to identity: Identity) {
    state.withLock { $0.certificates[identity, default: []] += certificates }
  }

  func set(_ name: DomainName, _ edit: (inout Domain) -> Void) {
    let now = executor.uptime
    state.withLock { state in
      guard var domain = state.domains[name]?.last?.domain else { return }
      edit(&domain)
      state.domains[name]?.append((now, domain))
    }
  }

  /// Replaces the certificates of the account.
  func number(_ identity: Identity, _ number: String) {
    state.withLock { $0.numbers[identity] = number }
  }

  func set(_ certificates: [Certificate], of identity: Identity) {
    state.withLock { $0.certificates[identity] = certificates }
  }

  func addDomain(_ name: DomainName, certificate: CertificateARN) {
    state.withLock { $0.domains[name] = [(.zero, Domain(certificate: certificate))] }
  }

  func answer(_ request: Request, _ manner: Manner) {
    state.withLock { $0.manners[request] = manner }
  }

  /// Draws the manner of each request that none is set for.
  func drawManners(_ draw: (@Sendable (Request) -> Manner?)?) { state.withLock { $0.draw = draw } }

  /// Descriptions show the domain as it was that long ago.
  func lagDescriptions(by lag: Duration) { state.withLock { $0.descriptionLag = lag } }

  func refuse(_ certificates: Set<CertificateARN>) { state.withLock { $0.refused = certificates } }

  /// Something else than a domain uses these.
  func use(_ certificates: Set<CertificateARN>) { state.withLock { $0.used = certificates } }

  func moveEdges(to address: String) { state.withLock { $0.edgeAddress = address } }

  func beforeEachUpdate(_ body: @escaping @Sendable (DomainUpdate) -> Void) {
    state.withLock { $0.beforeUpdate = body }
  }

  func beforeEachDescription(_ body: @escaping @Sendable () -> Void) {
    state.withLock { $0.beforeDescription = body }
  }

  // MARK: What a test sees

  func times(of request: Request) -> [Duration] {
    state.withLock { state in state.requests.filter { $0.request == request }.map(\.at) }
  }

  var requests: [Request] { state.withLock { $0.requests.map(\.request) } }

  func updates(of name: DomainName? = nil) -> [DomainUpdate] {
    state.withLock { state in
      state.updates.map(\.update).filter { name == nil || $0.domain == name }
    }
  }

  /// When calls were made, for one domain or for all.
  func updateTimes(of name: DomainName? = nil) -> [Duration] {
    state.withLock { state in
      state.updates.filter { name == nil || $0.update.domain == name }.map(\.at)
    }
  }

  func attached(to name: DomainName) -> CertificateARN? {
    state.withLock { $0.domains[name]?.last?.domain.certificate }
  }

  // MARK: Answering

  /// Records the request and waits as long as its answer takes.
  private func begin(_ request: Request) async -> Manner {
    let now = executor.uptime
    let manner = state.withLock { state in
      state.requests.append((request, now))
      return state.manners[request] ?? state.draw?(request) ?? Manner()
    }
    await executor.sleep(for: manner.takes)
    return manner
  }

  private func look<Value: Sendable>(
    _ request: Request, _ value: (State) -> Value
  ) async -> Look<Value> {
    if var failure = await begin(request).failure {
      if failure.kind == .unreachable {
        failure.message += " after \(executor.uptime.inMilliseconds) ms"
      }
      return .unseen(failure)
    }
    return .seen(state.withLock { value($0) })
  }

  static func leaf(of arn: CertificateARN) -> String { "sha256 of \(arn)" }
}

extension FakeCloud: CertificatePort {
  func listCertificates(as identity: Identity) async -> Look<[Certificate]> {
    await look(.list(identity)) { state in
      (state.certificates[identity] ?? []).map { certificate in
        var summary = certificate
        summary.isInUse = state.isUsed(certificate.arn)
        return summary
      }
    }
  }

  func describeCertificate(
    _ arn: CertificateARN, as identity: Identity
  ) async -> Look<Certificate?> {
    await look(.pem(identity)) { state in
      var certificate = state.certificates[identity]?.first { $0.arn == arn }
      certificate?.isDescribed = true
      certificate?.users = state.isUsed(arn) ? 1 : 0
      return certificate
    }
  }

  func certificateTags(
    as identity: Identity, having keys: [Set<String>]
  ) async -> Look<[CertificateARN: [String: String]]> {
    await look(.tags(identity)) { _ in [:] }
  }

  func certificatePEM(
    _ arn: CertificateARN, as identity: Identity
  ) async -> Look<CertificatePEM> {
    await look(.pem(identity)) { _ in CertificatePEM(certificate: arn.text, chain: "") }
  }
}

extension FakeCloud: DomainPort {
  func describeDomain(
    _ name: DomainName, in region: Region, as identity: Identity
  ) async -> DomainLook {
    let now = executor.uptime
    state.withLock { $0.beforeDescription }?()
    let look = await look(.describe(name)) { state in
      state.domains[name]?.last { $0.since <= now - state.descriptionLag }?.domain
    }
    switch look {
    case .unseen(let failure): return .unseen(failure)
    case .seen(nil): return .empty
    case .seen(let domain?):
      return .described(
        DomainDescription(
          userPoolID: nil, status: domain.status, certificateARN: domain.certificate,
          settings: domain.settings))
    }
  }

  func updateDomain(_ update: DomainUpdate) async -> UpdateOutcome {
    let now = executor.uptime
    let before = state.withLock { state in
      state.updates.append((update, now))
      return state.beforeUpdate
    }
    before?(update)
    let manner = await begin(.update(update.domain))
    if manner.failure == nil || manner.isDone {
      set(update.domain) { domain in
        domain.certificate = update.certificate
        domain.settings = update.settings
        domain.status = .active
      }
    }
    return manner.failure.map { .failed($0) } ?? .accepted(requestID: nil)
  }
}

extension FakeCloud: CredentialPort {
  func refreshCredentials() async { _ = await begin(.refreshCredentials) }

  func account(of identity: Identity) async -> String? {
    _ = await begin(.account(identity))
    return state.withLock { $0.numbers[identity] }
  }
}

extension FakeCloud: EdgePort {
  func probe(
    _ name: DomainName, at target: ProbeTarget, caFile: String?, now: Instant
  ) async -> ProbeRound {
    let look = await look(.probe(name)) { state in
      (state.domains[name]?.last?.domain.certificate, state.edgeAddress)
    }
    guard case .seen((let arn?, let address)) = look else {
      return ProbeRound(edges: [], failure: look.failure)
    }
    if state.withLock({ $0.refused.contains(arn) }) {
      return ProbeRound(edges: [EdgeLook(address: address, result: .refusing("internal error"))])
    }
    let leaf = ServedLeaf(
      sha256: FakeCloud.leaf(of: arn), serial: "01", notAfter: noon + .days(200),
      coversDomain: true, chain: .trusted)
    return ProbeRound(edges: [EdgeLook(address: address, result: .served(leaf))])
  }

  func evidence(
    of pem: CertificatePEM, arn: CertificateARN, caFile: String?, now: Instant
  ) async throws(Failure) -> LeafEvidence {
    LeafEvidence(
      sha256: FakeCloud.leaf(of: arn), serial: "01", notAfter: noon + .days(200), chain: .trusted)
  }
}
