package import RolloutCore

/// What is known of one account's certificates. Each question is asked once a cycle, however many
/// domains ask it at the same time; what keeps its worth is remembered across cycles.
package actor AccountFacts {
  private let ports: Ports
  private let identity: Identity
  private let stop: Latch
  private let imports: ImportDates
  private let lists: SharedLists
  private var setting = CycleSetting()
  /// The number of the account, where another identity may be of it, too.
  private(set) var number: String?
  private var memory = CertificateMemory()
  /// The answers of this cycle.
  private var listed: Look<[Certificate]>? { didSet { seen = nil } }
  private var details: [CertificateARN: Look<Certificate?>] = [:] { didSet { seen = nil } }
  private var uses: [CertificateARN: Look<CertificateUse>] = [:] { didSet { seen = nil } }
  private var tags: Look<[CertificateARN: [String: String]]>? { didSet { seen = nil } }
  /// The answers but those about leaves, put together for all domains of the account.
  private var seen: CertificateFacts?
  private var evidence: [Key: Look<LeafEvidence>] = [:]
  private var underWay: [Key: [CheckedContinuation<Void, Never>]] = [:]
  /// Requests of each kind that are under way, and those that wait for them.
  private var slots: [RequestKind: Slots] = [:]
  /// The last list that was seen, and its number.
  private(set) var lastList: [Certificate]?
  private(set) var listGeneration = 0
  private(set) var summary = Summary()

  /// Requests of one kind under way at a time.
  static let width = 4
  /// A request that failed after this long counts as timed out.
  static let timeOut = Duration.seconds(5)

  /// A question, and whose roots judge the chain that it asks for.
  private struct Key: Hashable {
    let question: Question
    let caFile: String?
  }

  /// The results of a cycle's requests.
  package struct Summary: Sendable {
    package var failures: [Failure] = []
    /// A failure that took as long as a time-out.
    package var timedOut: Failure?
    /// Whether any request was answered, well or not.
    package var hasAnswer = false
  }

  /// Requests that wait for each other: a domain's description never waits for those of
  /// certificates.
  private enum RequestKind { case list, tags, certificate, domain }

  private struct Slots {
    var free = AccountFacts.width
    var waiting: [CheckedContinuation<Void, Never>] = []
  }

  /// What a cycle depends on besides its account.
  struct CycleSetting: Sendable {
    /// Whether no other identity can be of the same account.
    var isOnlyIdentity = true
    /// How long a list is good for another identity of the account: their polls are due together.
    var listLifetime = Duration.zero
    /// The sets of keys by which the mappings select tags.
    var tagKeys: [Set<String>] = []
  }

  init(
    ports: Ports, identity: Identity, stop: Latch, imports: ImportDates, lists: SharedLists
  ) {
    self.ports = ports
    self.identity = identity
    self.stop = stop
    self.imports = imports
    self.lists = lists
  }

  func beginCycle(_ setting: CycleSetting) {
    self.setting = setting
    listed = nil
    details = [:]
    uses = [:]
    tags = nil
    evidence = [:]
    summary = Summary()
    memory.prune(at: ports.clock.now)
  }

  /// Judges again every chain that was not trusted: someone says that things were corrected.
  func forgetDoubts() { memory.forgetDoubts() }

  var listing: Look<[Certificate]>? { listed }

  /// The number of this cycle's list; nil when it could not be seen.
  func listForQuietDomains() async -> Int? {
    await ask(.list, caFile: nil)
    return listed?.value == nil ? nil : listGeneration
  }

  /// What is known so far, with chains judged by the given roots.
  func facts(caFile: String?) -> (certificates: CertificateFacts, listGeneration: Int) {
    var leaves: [CertificateARN: Look<LeafEvidence>] = [:]
    for (key, look) in evidence where key.caFile == caFile {
      if case .evidence(let arn) = key.question { leaves[arn] = look }
    }
    var facts = certificates
    facts.evidence = leaves
    return (facts, listGeneration)
  }

  private var certificates: CertificateFacts {
    if let seen { return seen }
    var facts = CertificateFacts(listed: listed, details: details, tags: tags)
    facts.uses = uses
    seen = facts
    return facts
  }

  /// Asks one question about certificates, unless it was asked in this cycle already.
  func ask(_ question: Question, caFile: String?) async {
    let key: Key
    if case .evidence = question {
      key = Key(question: question, caFile: caFile)
    } else {
      key = Key(question: question, caFile: nil)
    }
    if isAnswered(key) { return }
    if underWay[key] != nil {
      await withCheckedContinuation { underWay[key]?.append($0) }
      return
    }
    underWay[key] = []
    await answer(key)
    for waiter in underWay.removeValue(forKey: key) ?? [] { waiter.resume() }
  }

  private func isAnswered(_ key: Key) -> Bool {
    switch key.question {
    case .list: listed != nil
    case .tags: tags != nil
    case .details(let arn): details[arn] != nil
    case .use(let arn): uses[arn] != nil
    case .evidence: evidence[key] != nil
    case .describe, .probe, .probeDistribution: true
    }
  }

  private func answer(_ key: Key) async {
    let (ports, identity) = (ports, identity)
    switch key.question {
    case .list:
      let look = await list().map { $0.map(imports.dated) }
      if let list = look.value, list != lastList {
        lastList = list
        listGeneration += 1
      }
      listed = look
      recallDetails()
    case .tags:
      let keys = setting.tagKeys
      tags = await request(.tags) {
        await ports.certificates.certificateTags(as: identity, having: keys)
      }
    case .details(let arn):
      let look = await request(.certificate) {
        await ports.certificates.describeCertificate(arn, as: identity)
      }.map { $0.map(imports.dated) }
      details[arn] = look
      remember(look, of: arn)
    case .use(let arn):
      // Never from memory: it changes without anything else of the certificate changing.
      uses[arn] = await request(.certificate) {
        await ports.certificates.describeCertificate(arn, as: identity)
      }.map { CertificateUse(of: $0) }
    case .evidence(let arn): evidence[key] = await judge(arn, caFile: key.caFile)
    case .describe, .probe, .probeDistribution: break
    }
  }

  /// Lists the certificates, or takes the list that another identity of the account has just got.
  private func list() async -> Look<[Certificate]> {
    let (ports, identity) = (ports, identity)
    number =
      setting.isOnlyIdentity
      ? nil : await stop.race { await ports.credentials.account(of: identity) } ?? nil
    guard let number else {
      return await request(.list) { await ports.certificates.listCertificates(as: identity) }
    }
    return await lists.list(
      of: number, for: identity, since: ports.clock.uptime - setting.listLifetime,
      uptime: { ports.clock.uptime }
    ) {
      await request(.list) { await ports.certificates.listCertificates(as: identity) }
    }
  }

  private func recallDetails() {
    let now = ports.clock.now
    var recalled = details
    for summary in listed?.value ?? [] {
      if let described = memory.details(of: summary, now: now) {
        recalled[summary.arn] = .seen(described)
      }
    }
    details = recalled
  }

  private func remember(_ look: Look<Certificate?>, of arn: CertificateARN) {
    guard case .seen(.some(let described)) = look,
      let summary = listed?.value?.first(where: { $0.arn == arn })
    else { return }
    memory.remember(described, of: summary, at: ports.clock.now)
  }

  /// The leaf and its chain, from memory while the certificate is the same.
  private func judge(_ arn: CertificateARN, caFile: String?) async -> Look<LeafEvidence> {
    let ports = ports
    let now = ports.clock.now
    var certificate: Certificate?
    if case .certificate(let known) = certificates.known(arn) { certificate = known }
    if let certificate, let known = memory.evidence(of: certificate, caFile: caFile, now: now) {
      return .seen(known)
    }
    let identity = identity
    let pem = await request(.certificate) {
      await ports.certificates.certificatePEM(arn, as: identity)
    }
    switch pem {
    case .unseen(let failure): return .unseen(failure)
    case .seen(let pem):
      do throws(Failure) {
        let leaf = try await ports.edges.evidence(
          of: pem, arn: arn, caFile: caFile, now: ports.clock.now)
        if let certificate { memory.remember(leaf, of: certificate, caFile: caFile, at: now) }
        return .seen(leaf)
      } catch {
        summary.failures.append(error)
        return .unseen(error)
      }
    }
  }

  /// Describes a domain.
  func describe(_ mapping: Mapping) async -> DomainLook {
    let (ports, identity) = (ports, identity)
    let look: Look<DomainLook> = await request(.domain) {
      let look = await ports.domains.describeDomain(
        mapping.domain, in: mapping.region, as: identity)
      if case .unseen(let failure) = look { return .unseen(failure) }
      return .seen(look)
    }
    switch look {
    case .seen(let look): return look
    case .unseen(let failure): return .unseen(failure)
    }
  }

  /// Sends one request, with at most `width` of its kind under way, and notes how it went. A stop
  /// ends it.
  private func request<Value: Sendable>(
    _ kind: RequestKind, _ body: @escaping @Sendable () async -> Look<Value>
  ) async -> Look<Value> {
    await takeSlot(kind)
    defer { releaseSlot(kind) }
    let begun = ports.clock.uptime
    let look = await stop.race(body) ?? .unseen(AccountFacts.stopped)
    ports.report.alive()
    if case .unseen(let failure) = look {
      summary.failures.append(failure)
      if failure.kind.isAnswer {
        summary.hasAnswer = true
      } else if ports.clock.uptime - begun >= AccountFacts.timeOut {
        summary.timedOut = failure
      }
    } else {
      summary.hasAnswer = true
    }
    return look
  }

  private func takeSlot(_ kind: RequestKind) async {
    if slots[kind, default: Slots()].free > 0 {
      slots[kind, default: Slots()].free -= 1
      return
    }
    await withCheckedContinuation { slots[kind, default: Slots()].waiting.append($0) }
  }

  private func releaseSlot(_ kind: RequestKind) {
    if slots[kind]?.waiting.isEmpty ?? true {
      slots[kind, default: Slots()].free += 1
    } else {
      slots[kind]?.waiting.removeFirst().resume()
    }
  }

  /// Why a request has no answer that a stop cut off.
  static let stopped = Failure(
    .unreachable, operation: "look", object: "account", message: "it was cut off by a stop")
}

extension Latch {
  /// The result of `body`, or nil when the gate opens first; then `body` is cancelled.
  func race<Value: Sendable>(
    _ body: @escaping @Sendable () async -> Value
  ) async -> Value? {
    await withTaskGroup(of: Value?.self) { group in
      group.addTask { await body() }
      group.addTask {
        await self.wait()
        return nil
      }
      let first = await group.next() ?? nil
      group.cancelAll()
      return first
    }
  }
}
