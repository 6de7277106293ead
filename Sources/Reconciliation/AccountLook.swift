import RolloutCore

/// What the loop needs of its surroundings.
package struct Ports: Sendable {
  package var certificates: any CertificatePort
  package var domains: any DomainPort
  package var edges: any EdgePort
  package var state: any StatePort
  package var clock: any ClockPort
  package var report: any ReportPort

  package init(
    certificates: any CertificatePort, domains: any DomainPort, edges: any EdgePort,
    state: any StatePort, clock: any ClockPort, report: any ReportPort
  ) {
    self.certificates = certificates
    self.domains = domains
    self.edges = edges
    self.state = state
    self.clock = clock
    self.report = report
  }
}

/// One identity's certificates and the domains that are due, looked at one after the other.
/// Every failure is a value in it; a sick account ends with its own look.
struct AccountLook: Sendable {
  let ports: Ports
  let identity: Identity
  var memory: CertificateMemory
  /// Entries learnt in this look, to be merged when it is over.
  var learnt = CertificateMemory()
  private(set) var listed: Look<[Certificate]> = .seen([])
  private(set) var inputs: [DomainInput] = []
  private(set) var failures: [Failure] = []
  private var details: [CertificateARN: Look<Certificate?>] = [:]
  private var tags: Look<[CertificateARN: [String: String]]>?
  private var evidence: [String: [CertificateARN: Look<LeafEvidence>]] = [:]

  /// Times that a domain's decision may ask before it is made with what is known.
  static let maximumRounds = 64
  /// Descriptions asked for in one look at an account: DescribeCertificate allows 10 a second.
  static let maximumDescriptions = 500

  init(ports: Ports, identity: Identity, memory: CertificateMemory) {
    self.ports = ports
    self.identity = identity
    self.memory = memory
  }

  mutating func run(_ drafts: [DomainInput]) async {
    let listing = await ports.certificates.listCertificates(as: identity)
    listed = listing
    note(listing.failure)
    ports.report.alive()
    recall()
    for draft in drafts {
      if Task.isCancelled { return }
      inputs.append(await look(at: draft))
      ports.report.alive()
    }
  }

  /// Fills in descriptions that are still good.
  private mutating func recall() {
    let now = ports.clock.now
    for summary in listed.value ?? [] {
      if let described = memory.details(of: summary, as: identity, now: now) {
        details[summary.arn] = .seen(described)
      }
    }
  }

  private mutating func look(at draft: DomainInput) async -> DomainInput {
    var input = draft
    let mapping = input.mapping
    input.look = await ports.domains.describeDomain(
      mapping.domain, in: mapping.region, as: identity)
    if case .unseen(let failure) = input.look { note(failure) }
    // The clock moves on while calls are under way; a decision is made as of its look.
    input.now = ports.clock.now
    for _ in 0..<AccountLook.maximumRounds {
      input.facts = facts(for: mapping)
      switch DomainStep.decide(input) {
      case .decided: return input
      case .ask(let inquiries):
        for inquiry in inquiries {
          await answer(inquiry, for: &input)
          ports.report.alive()
        }
      }
    }
    let tooMany = Failure(
      .malformedAnswer, operation: "look", object: mapping.domain.text,
      message: "the decision needed more than \(AccountLook.maximumRounds) rounds of questions")
    note(tooMany)
    input.look = .unseen(tooMany)
    return input
  }

  private func facts(for mapping: Mapping) -> CertificateFacts {
    CertificateFacts(
      listed: listed, details: details, tags: tags,
      evidence: evidence[mapping.caFile ?? ""] ?? [:])
  }

  private mutating func answer(_ inquiry: Inquiry, for input: inout DomainInput) async {
    switch inquiry {
    case .probe:
      input.round = await ports.edges.probe(
        input.mapping.domain, at: input.mapping.probe, caFile: input.mapping.caFile,
        now: ports.clock.now)
    case .certificate(.tags):
      let answer = await ports.certificates.certificateTags(as: identity)
      note(answer.failure)
      tags = answer
    case .certificate(.details(let arn)): await describe(arn)
    case .certificate(.evidence(let arn)): await examine(arn, caFile: input.mapping.caFile)
    }
  }

  private mutating func describe(_ arn: CertificateARN) async {
    guard details.count < AccountLook.maximumDescriptions else {
      details[arn] = .unseen(
        Failure(
          .throttled, operation: "DescribeCertificate", object: arn.text,
          message:
            "\(AccountLook.maximumDescriptions) certificates were described in this look already"))
      return
    }
    let answer = await ports.certificates.describeCertificate(arn, as: identity)
    note(answer.failure)
    details[arn] = answer
    if case .seen(let described?) = answer,
      let summary = listed.value?.first(where: { $0.arn == arn })
    {
      learnt.learn(described, of: summary, as: identity, at: ports.clock.now)
    }
  }

  private mutating func examine(_ arn: CertificateARN, caFile: String?) async {
    let now = ports.clock.now
    let certificate = facts(for: caFile).certificates.first { $0.arn == arn }
    if let certificate,
      let known = learnt.evidence(of: certificate, caFile: caFile, now: now)
        ?? memory.evidence(of: certificate, caFile: caFile, now: now)
    {
      evidence[caFile ?? "", default: [:]][arn] = .seen(known)
      return
    }
    let answer = await fetchEvidence(arn, caFile: caFile)
    note(answer.failure)
    evidence[caFile ?? "", default: [:]][arn] = answer
    if case .seen(let leaf) = answer, let certificate {
      learnt.learn(leaf, of: certificate, caFile: caFile, at: now)
    }
  }

  private func facts(for caFile: String?) -> CertificateFacts {
    CertificateFacts(listed: listed, details: details)
  }

  private func fetchEvidence(_ arn: CertificateARN, caFile: String?) async -> Look<LeafEvidence> {
    switch await ports.certificates.certificatePEM(arn, as: identity) {
    case .unseen(let failure): return .unseen(failure)
    case .seen(let pem):
      do throws(Failure) {
        return .seen(
          try await ports.edges.evidence(
            of: pem, arn: arn, caFile: caFile, now: ports.clock.now))
      } catch {
        return .unseen(error)
      }
    }
  }

  private mutating func note(_ failure: Failure?) {
    if let failure { failures.append(failure) }
  }
}
