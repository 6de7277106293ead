import LosslessJSON
import POSIX
import RolloutCore
import SimulatedAWS

/// How the world looks when the daemon first sees it.
extension World {
  static func accountNumber(_ index: Int) -> String {
    "1111111111" + (index < 10 ? "0" : "") + String(index)
  }

  /// The index of the account that a configuration's identity names.
  static func account(of identity: Identity) -> Int {
    identity.profile.flatMap { Int($0.dropFirst("account".count)) } ?? -1
  }

  static func accessKey(_ index: Int) -> String {
    "AKIASIMULATED00000" + (index < 10 ? "0" : "") + String(index)
  }

  var credentialsFile: String {
    (0..<script.accounts).map { index in
      """
      [account\(index)]
      aws_access_key_id = \(World.accessKey(index))
      aws_secret_access_key = simulated-secret-\(index)

      """
    }.joined()
  }

  func populate() throws {
    aws.withCloud { cloud in
      for index in 0..<script.accounts {
        cloud.add(
          FakeAccessKey(
            id: World.accessKey(index), secret: "simulated-secret-\(index)",
            account: World.accountNumber(index)))
      }
    }
    for plan in script.domains { try add(plan) }
    let faults = SeededFaults(
      seed: script.seed, probabilities: script.faults, until: WorldScript.start + script.storm)
    aws.withCloud { $0.decider = { faults.decide($0) } }
  }

  private func add(_ plan: WorldScript.DomainPlan) throws {
    let account = World.accountNumber(plan.account)
    let start = WorldScript.start
    let first = try material(
      [plan.name], notBefore: start - .days(300), notAfter: start + plan.firstEnds)
    let spread = plan.spread
    let edges = (0..<plan.edges).map { index in
      DomainBehaviour.Edge(
        label: "192.0.2.\(index + 1):443", delay: .minutes(Int64(index + 1)), jitter: spread,
        renewalDelay: .minutes(Int64(index * 90)))
    }
    let behaviour = DomainBehaviour(
      activeAfter: plan.activeAfter, edges: edges, showsNewARN: plan.showsNewARN,
      omittedMembers: .reset, whileUpdating: plan.whileUpdating,
      failureKeepsNewARN: plan.edges == 2)
    let arn = issue(
      CertificateOrder(
        account: account, names: [plan.name], material: first, createdAt: start - .days(300)))
    let domain = FakeDomain(
      name: plan.name, userPoolID: plan.pool, region: "eu-west-1", account: account,
      certificateARN: arn, since: start - .days(299), behaviour: behaviour,
      config: [
        JSONValue.Member("SecurityPolicy", "TLS_V1_2_2021"),
        JSONValue.Member("Unheard", ["of": .number("1.0")]),
      ],
      topLevel: [JSONValue.Member("ManagedLoginVersion", 2)])
    aws.withCloud { $0.add(domain) }
    checkers.settings.changed(plan.name, to: domain.settingsText)
  }

  /// Puts a certificate into ACM; its end is watched.
  @discardableResult
  func issue(_ order: CertificateOrder) -> String {
    let now = machine.trueTime
    let arn = aws.withCloud { $0.issue(order, at: order.createdAt ?? now) }
    if let end = order.material?.notAfter {
      machine.schedule(after: end.since(now)) { [checkers] in checkers.expiry.ended(arn) }
    }
    return arn
  }

  func material(
    _ names: [String], notBefore: Instant, notAfter: Instant, selfSigned: Bool = false
  ) throws(MintError) -> CertificateMaterial {
    let serial = state.withLock { state in
      state.serial += 1
      return state.serial
    }
    let minted = try mint.issue(
      names: names, notBefore: notBefore, notAfter: notAfter, selfSigned: selfSigned,
      serial: serial)
    return CertificateMaterial(
      certificatePEM: minted.certificatePEM, chainPEM: minted.chainPEM, sha256: minted.sha256,
      serial: minted.serial, notBefore: minted.notBefore, notAfter: minted.notAfter,
      isSelfSigned: selfSigned)
  }
}
