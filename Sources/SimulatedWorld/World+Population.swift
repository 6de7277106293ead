import LosslessJSON
import POSIX
import RolloutCore
import SimulatedAWS

/// How the world looks when the daemon first sees it.
extension World {
  static func accountNumber(_ index: Int) -> String { "11111111111\(index)" }

  var credentialsFile: String {
    (0..<2).map { index in
      """
      [account\(index)]
      aws_access_key_id = AKIASIMULATED000000\(index)
      aws_secret_access_key = simulated-secret-\(index)

      """
    }.joined()
  }

  var fleet: Fleet {
    Fleet(
      mappings: script.domains.compactMap(mapping), pacing: script.pacing)
  }

  private func mapping(_ plan: WorldScript.DomainPlan) -> Mapping? {
    do {
      let pool = try UserPoolID(parsing: plan.pool)
      return Mapping(
        domain: try DomainName(parsing: plan.name), userPoolID: pool,
        region: try Region(parsing: pool.regionPrefix),
        identity: Identity(profile: "account\(plan.account)"),
        onDrift: plan.reportsDrift ? .report : .restore, wave: plan.wave,
        probe: ProbeTarget(isEnabled: plan.isProbed))
    } catch {
      invariants.violate("the script names something malformed: \(error)")
      return nil
    }
  }

  func populate() throws {
    aws.withCloud { cloud in
      for index in 0..<2 {
        cloud.add(
          FakeAccessKey(
            id: "AKIASIMULATED000000\(index)", secret: "simulated-secret-\(index)",
            account: World.accountNumber(index)))
      }
    }
    for plan in script.domains { try add(plan) }
    let faults = SeededFaults(
      seed: script.seed, probabilities: script.probabilities,
      until: WorldScript.start + WorldScript.storm)
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
    aws.withCloud { cloud in
      let arn = cloud.issue(
        CertificateOrder(
          account: account, names: [plan.name], material: first, createdAt: start - .days(300)),
        at: start - .days(300))
      cloud.add(
        FakeDomain(
          name: plan.name, userPoolID: plan.pool, region: "eu-west-1", account: account,
          certificateARN: arn, since: start - .days(299), behaviour: behaviour,
          config: [
            JSONValue.Member("SecurityPolicy", "TLS_V1_2_2021"),
            JSONValue.Member("Unheard", ["of": .number("1.0")]),
          ],
          topLevel: [JSONValue.Member("ManagedLoginVersion", 2)]))
    }
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
