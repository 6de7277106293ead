package import RolloutCore

/// Changes by operators, pipelines and AWS itself, as opposed to requests of the daemon.
extension FakeCloud {
  // MARK: Accounts

  package mutating func add(_ key: FakeAccessKey) { keys[key.id] = key }
  package mutating func removeKey(_ id: String) { keys[id] = nil }
  package mutating func add(_ role: FakeRole) { roles[role.arn] = role }
  package mutating func add(_ container: FakeContainer) { containers[container.name] = container }

  /// Refuses requests of an action, such as `acm:ListCertificates`, from now on.
  package mutating func deny(_ action: String, in account: String) {
    denied.insert(account + " " + action)
  }

  package mutating func allow(_ action: String, in account: String) {
    denied.remove(account + " " + action)
  }

  // MARK: Certificates

  /// Requests or imports a certificate, and returns its new ARN.
  @discardableResult
  package mutating func issue(_ order: CertificateOrder, at now: Instant) -> String {
    let count = certificatesOfAccount[order.account]?.count ?? 0
    let id = order.id ?? random.uuid("certificate", order.account, order.region, String(count))
    let partition = order.region.hasPrefix("cn-") ? "aws-cn" : "aws"
    let arn = "arn:\(partition):acm:\(order.region):\(order.account):certificate/\(id)"
    let created = order.createdAt ?? now
    let isIssued = order.material != nil
    certificates[arn] = FakeCertificate(
      arn: arn, account: order.account, region: order.region, type: order.type,
      keyAlgorithm: order.keyAlgorithm, names: order.names,
      state: isIssued ? .issued : .pending, createdAt: created,
      issuedAt: isIssued && order.type != "IMPORTED" ? created : nil,
      importedAt: order.type == "IMPORTED" ? created : nil, managedBy: order.managedBy,
      tags: order.tags,
      issues: order.material.map { [.init(since: created, material: $0)] } ?? [],
      sequence: count)
    certificatesOfAccount[order.account, default: []].append(arn)
    return arn
  }

  /// Ends the validation of a pending certificate, renews an issued one, or imports an imported one
  /// again, all under the same ARN. The names do not change when `names` is nil.
  package mutating func reissue(
    _ arn: String, as material: CertificateMaterial, names: [String]? = nil, at now: Instant
  ) throws(SimulationProblem) {
    try change(arn) { certificate in
      if certificate.issues.isEmpty, certificate.type != "IMPORTED" { certificate.issuedAt = now }
      if certificate.type == "IMPORTED" { certificate.importedAt = now }
      certificate.issues.append(.init(since: now, material: material))
      certificate.state = .issued
      certificate.names = names ?? certificate.names
    }
  }

  package mutating func revoke(_ arn: String, at now: Instant) throws(SimulationProblem) {
    try change(arn) { certificate in
      certificate.state = .revoked
      certificate.revokedAt = now
    }
  }

  package mutating func set(
    _ state: FakeCertificate.State, of arn: String
  ) throws(SimulationProblem) {
    try change(arn) { $0.state = state }
  }

  package mutating func tag(
    _ arn: String, _ tags: [String: String]
  ) throws(SimulationProblem) {
    try change(arn) { $0.tags = tags }
  }

  /// Deletes a certificate. With `force` it may be in use.
  package mutating func delete(
    _ arn: String, force: Bool = false, at now: Instant
  ) throws(SimulationProblem) {
    let users = inUseBy(arn, at: now)
    if !force, let user = users.first {
      throw SimulationProblem("the certificate \(arn) is in use by \(user); use force")
    }
    try change(arn) { $0.deletedAt = now }
  }

  private mutating func change(
    _ arn: String, _ body: (inout FakeCertificate) -> Void
  ) throws(SimulationProblem) {
    guard var certificate = certificates[arn], certificate.deletedAt == nil else {
      throw SimulationProblem("there is no certificate \(arn)")
    }
    body(&certificate)
    certificates[arn] = certificate
  }

  // MARK: Domains

  package mutating func add(_ domain: FakeDomain) {
    if domains[domain.name] == nil {
      domainsOfAccount[domain.account, default: []].append(domain.name)
    }
    domains[domain.name] = domain
  }

  package mutating func add(_ pool: FakeUserPool) { otherPools.append(pool) }

  package mutating func change<Result>(
    domain name: String, _ body: (inout FakeDomain) -> Result
  ) throws(SimulationProblem) -> Result {
    guard var domain = domains[name] else {
      throw SimulationProblem("there is no domain \(name)")
    }
    let result = body(&domain)
    domains[name] = domain
    return result
  }

  /// Attaches a certificate as an operator would. Nothing is checked, so that the daemon can be tested
  /// with certificates that CloudFront would refuse.
  package mutating func attach(
    _ arn: String, to name: String, at now: Instant
  ) throws(SimulationProblem) {
    guard let domain = domains[name] else { throw SimulationProblem("there is no domain \(name)") }
    let before = domain.settingsText
    let from = domain.attachments.last?.certificateARN ?? ""
    let random = random
    let after = try change(domain: name) { domain in
      domain.attach(arn, at: now, random: random, fault: nil)
      return domain
    }
    recordAttachment(
      of: after, from: from, to: arn, isByCall: false, settingsBefore: before, at: now)
  }

  // MARK: Faults

  /// Applies a fault to the next matching requests. Scripts are used in their order.
  package mutating func script(_ fault: ScriptedFault) { scripted.append(fault) }

  /// Ends every fault: scripts and the decider are removed, stuck updates become ACTIVE, stale edges
  /// serve the new certificate, and permissions are restored.
  package mutating func release(at now: Instant) {
    decider = nil
    scripted = []
    denied = []
    metadata.refusesTokens = false
    for name in domains.keys { domains[name]?.release(at: now) }
  }

  // MARK: Edges

  /// What every edge of a domain serves; empty for an unknown domain.
  package func edges(of name: String, at now: Instant) -> [SimulatedEdge] {
    guard let domain = domains[name], !domain.isDeleted else { return [] }
    return domain.behaviour.edges.enumerated().map { index, edge in
      let served = domain.served(byEdge: index, at: now)
      let certificate = served.flatMap { certificates[$0.arn] }
      let issue = certificate?.issues.last { issue in
        issue.since <= (served?.since ?? now) || issue.since + edge.renewalDelay <= now
      }
      let material = (issue ?? certificate?.issues.first)?.material
      return SimulatedEdge(
        label: edge.label, certificateARN: served?.arn ?? "",
        material: domain.behaviour.refusesHandshakes ? nil : material)
    }
  }
}

/// Why a scenario or a command is invalid.
package struct SimulationProblem: Error, Equatable, Sendable, CustomStringConvertible {
  package let description: String

  package init(_ description: String) {
    self.description = description
  }
}
