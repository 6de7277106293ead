import LosslessJSON
import RolloutCore

/// The state of the simulator besides the simulated AWS: the certificate authority, and every
/// certificate that it has issued, with its key.
struct SimulatorState: Sendable {
  let mint: CertificateMint
  /// By the leaf's SHA-256.
  var minted: [String: MintedCertificate] = [:]
  /// The setups of the certificates by ARN, for renewals.
  var setups: [String: CertificateSetup] = [:]
  var latency: Duration
  var delays: [AnswerDelay] = []
  /// How often every delay was lifted.
  private(set) var releases = 0
  private var nextSerial: UInt64
  /// The owner of everything that names no account.
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

  /// Creates the accounts, certificates and domains of a scenario, and opens the ports of the edges.
  mutating func populate(
    _ aws: FakeAWS, with scenario: Scenario, at now: Instant
  ) throws(SimulationProblem) -> [Simulator.Domain] {
    aws.withCloud { cloud in
      for account in scenario.accounts {
        cloud.add(
          FakeAccessKey(
            id: account.accessKeyID, secret: account.secret.text,
            sessionToken: account.sessionToken?.text, account: account.number,
            expiresAt: account.expiresIn.map { now + scenario.options.clockOffset + $0 }))
        for action in account.denied { cloud.deny(action, in: account.number) }
      }
      for role in scenario.roles { cloud.add(role) }
      for container in scenario.containers { cloud.add(container) }
      cloud.metadata = scenario.metadata
      for pool in scenario.userPools {
        for number in 0..<pool.count {
          cloud.add(
            FakeUserPool(
              id: number == 0 ? pool.id : "\(pool.id)\(number)", region: pool.region,
              account: pool.account ?? firstAccount, prefixDomain: pool.prefixDomain))
        }
      }
    }
    var named: [String: String] = [:]
    for setup in scenario.certificates {
      let arn = try issue(setup, in: aws, at: now)
      if let name = setup.name { named[name] = arn }
    }
    var domains: [Simulator.Domain] = []
    for setup in scenario.domains {
      domains.append(
        try open(setup, certificate: setup.certificate.flatMap { named[$0] }, aws, now))
    }
    return domains
  }

  private mutating func open(
    _ setup: Scenario.DomainSetup, certificate: String?, _ aws: FakeAWS, _ now: Instant
  ) throws(SimulationProblem) -> Simulator.Domain {
    var arn = certificate
    let account = setup.account ?? firstAccount
    if arn == nil {
      var own = CertificateSetup(names: [setup.domain])
      own.account = account
      own.notBefore = .days(-30)
      own.created = .days(-30)
      own.notAfter = .days(60)
      arn = try issue(own, in: aws, at: now)
    }
    let attached = arn ?? ""
    let domain = FakeDomain(
      name: setup.domain, userPoolID: setup.userPoolID, region: setup.region, account: account,
      certificateARN: attached, since: now - .days(1), behaviour: setup.behaviour,
      config: setup.config, topLevel: setup.topLevel)
    aws.withCloud { $0.add(domain) }
    let material = aws.withCloud { $0.certificates[attached]?.current }
    guard let leaf = material.flatMap({ minted[$0.sha256] }) else {
      throw SimulationProblem("the certificate of \(setup.domain) is pending and cannot be served")
    }
    var servers: [TLSEdgeServer] = []
    for edge in setup.behaviour.edges {
      do throws(TLSEdgeServerError) {
        servers.append(
          try TLSEdgeServer(
            certificate: leaf, page: "\(setup.domain) as served by \(edge.label)\n"))
      } catch {
        throw SimulationProblem("\(setup.domain), \(edge.label): \(error)")
      }
    }
    return Simulator.Domain(
      name: setup.domain, userPoolID: setup.userPoolID, region: setup.region, account: account,
      edges: servers)
  }

  /// Lets every answer go that is kept back.
  mutating func release() {
    delays = []
    releases += 1
  }

  /// Issues or imports a certificate under a new ARN.
  mutating func issue(
    _ setup: CertificateSetup, in aws: FakeAWS, at now: Instant
  ) throws(SimulationProblem) -> String {
    let material = setup.isPending ? nil : try make(setup, at: now)
    let account = setup.account ?? firstAccount
    let arn = aws.withCloud {
      $0.issue(
        CertificateOrder(
          account: account, names: setup.names, material: material, region: setup.region,
          type: setup.type, keyAlgorithm: setup.key.algorithm, tags: setup.tags,
          managedBy: setup.managedBy, createdAt: now + setup.created), at: now)
    }
    setups[arn] = setup
    return arn
  }

  /// Issues another leaf for an existing ARN: a renewal, or the end of a validation.
  mutating func reissue(
    _ arn: String, validFor validity: Duration?, names: [String]?, in aws: FakeAWS,
    at now: Instant
  ) throws(SimulationProblem) {
    guard var setup = setups[arn] else { throw SimulationProblem("there is no certificate \(arn)") }
    setup.notBefore = .zero
    setup.notAfter = validity ?? max(setup.notAfter, .days(90))
    setup.names = names ?? setup.names
    let material = try make(setup, at: now)
    try aws.withCloud { (cloud) throws(SimulationProblem) in
      try cloud.reissue(arn, as: material, names: names, at: now)
    }
    setups[arn] = setup
  }

  private mutating func make(
    _ setup: CertificateSetup, at now: Instant
  ) throws(SimulationProblem) -> CertificateMaterial {
    nextSerial += 1
    do throws(MintError) {
      let leaf = try mint.issue(
        names: setup.names, notBefore: now + setup.notBefore, notAfter: now + setup.notAfter,
        key: setup.key.minted, selfSigned: setup.isSelfSigned, serial: nextSerial)
      minted[leaf.sha256] = leaf
      return CertificateMaterial(leaf, isSelfSigned: setup.isSelfSigned)
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
