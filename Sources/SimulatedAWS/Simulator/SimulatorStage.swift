import LosslessJSON
import RolloutCore

/// What the simulator keeps beside the simulated AWS: the authority, and the keys of every
/// certificate it has made.
struct SimulatorStage: Sendable {
  let mint: CertificateMint
  /// By the leaf's SHA-256.
  var minted: [String: MintedCertificate] = [:]
  /// The plans that certificates were made by, for their renewals.
  var plans: [String: CertificatePlan] = [:]
  var latency: Duration
  private var nextSerial: UInt64
  /// Whose all is that names no account.
  let firstAccount: String

  init(_ scenario: Scenario, at now: Instant) throws(SimulationProblem) {
    do throws(MintError) {
      mint = try CertificateMint(
        commonName: "cognito-certd simulator", notBefore: now - .days(3650),
        notAfter: now + .days(3650))
    } catch {
      throw SimulationProblem("\(error)")
    }
    latency = scenario.latency
    nextSerial = 0x1000
    firstAccount = scenario.accounts.first?.number ?? Scenario.Account.standard.number
  }

  /// Makes the accounts, certificates and domains of a scenario, and opens the edges' ports.
  mutating func populate(
    _ aws: FakeAWS, with scenario: Scenario, at now: Instant
  ) throws(SimulationProblem) -> [Simulator.Domain] {
    aws.withCloud { cloud in
      for account in scenario.accounts {
        cloud.add(
          FakeAccessKey(
            id: account.accessKeyID, secret: account.secret.text,
            sessionToken: account.sessionToken?.text, account: account.number,
            expiresAt: account.expiresIn.map { now + $0 }))
        for action in account.denied { cloud.deny(action, in: account.number) }
      }
      for role in scenario.roles { cloud.add(role) }
    }
    var named: [String: String] = [:]
    for plan in scenario.certificates {
      let arn = try issue(plan, in: aws, at: now)
      if let name = plan.name { named[name] = arn }
    }
    var domains: [Simulator.Domain] = []
    for plan in scenario.domains {
      domains.append(try open(plan, certificate: plan.certificate.flatMap { named[$0] }, aws, now))
    }
    return domains
  }

  private mutating func open(
    _ plan: Scenario.DomainPlan, certificate: String?, _ aws: FakeAWS, _ now: Instant
  ) throws(SimulationProblem) -> Simulator.Domain {
    var arn = certificate
    let account = plan.account ?? firstAccount
    if arn == nil {
      var own = CertificatePlan(names: [plan.domain])
      own.account = account
      own.notBefore = .days(-60)
      own.created = .days(-60)
      own.notAfter = .days(30)
      arn = try issue(own, in: aws, at: now)
    }
    let attached = arn ?? ""
    let domain = FakeDomain(
      name: plan.domain, userPoolID: plan.userPoolID, region: plan.region, account: account,
      certificateARN: attached, since: now - .days(1), behaviour: plan.behaviour,
      config: plan.config, topLevel: plan.topLevel)
    aws.withCloud { $0.add(domain) }
    let material = aws.withCloud { $0.certificates[attached]?.current }
    guard let leaf = material.flatMap({ minted[$0.sha256] }) else {
      throw SimulationProblem("the certificate of \(plan.domain) is pending and cannot be served")
    }
    var servers: [TLSEdgeServer] = []
    for edge in plan.behaviour.edges {
      do throws(TLSEdgeServerError) {
        servers.append(
          try TLSEdgeServer(
            certificate: leaf, page: "\(plan.domain) as served by \(edge.label)\n"))
      } catch {
        throw SimulationProblem("\(plan.domain), \(edge.label): \(error)")
      }
    }
    return Simulator.Domain(
      name: plan.domain, userPoolID: plan.userPoolID, region: plan.region, account: account,
      edges: servers)
  }

  /// Issues or imports a certificate under a new ARN.
  mutating func issue(
    _ plan: CertificatePlan, in aws: FakeAWS, at now: Instant
  ) throws(SimulationProblem) -> String {
    let material = plan.isPending ? nil : try make(plan, at: now)
    let account = plan.account ?? firstAccount
    let arn = aws.withCloud {
      $0.issue(
        CertificateOrder(
          account: account, names: plan.names, material: material, region: plan.region,
          type: plan.type, keyAlgorithm: plan.key.algorithm, tags: plan.tags,
          managedBy: plan.managedBy, createdAt: now + plan.created), at: now)
    }
    plans[arn] = plan
    return arn
  }

  /// Makes another leaf for an ARN that is there: a renewal, or the end of a validation.
  mutating func reissue(
    _ arn: String, validFor validity: Duration?, names: [String]?, in aws: FakeAWS,
    at now: Instant
  ) throws(SimulationProblem) {
    guard var plan = plans[arn] else { throw SimulationProblem("there is no certificate \(arn)") }
    plan.notBefore = .zero
    plan.notAfter = validity ?? max(plan.notAfter, .days(90))
    plan.names = names ?? plan.names
    let material = try make(plan, at: now)
    try aws.withCloud { (cloud) throws(SimulationProblem) in
      try cloud.reissue(arn, as: material, names: names, at: now)
    }
    plans[arn] = plan
  }

  private mutating func make(
    _ plan: CertificatePlan, at now: Instant
  ) throws(SimulationProblem) -> CertificateMaterial {
    nextSerial += 1
    do throws(MintError) {
      let leaf = try mint.issue(
        names: plan.names, notBefore: now + plan.notBefore, notAfter: now + plan.notAfter,
        key: plan.key.minted, selfSigned: plan.isSelfSigned, serial: nextSerial)
      minted[leaf.sha256] = leaf
      return CertificateMaterial(leaf, isSelfSigned: plan.isSelfSigned)
    } catch {
      throw SimulationProblem("\(error)")
    }
  }
}

extension CertificateMaterial {
  package init(_ leaf: MintedCertificate, isSelfSigned: Bool = false) {
    self.init(
      certificatePEM: leaf.certificatePEM, chainPEM: leaf.chainPEM, sha256: leaf.sha256,
      serial: leaf.serial, notBefore: leaf.notBefore, notAfter: leaf.notAfter,
      isSelfSigned: isSelfSigned)
  }
}
