import AWSWire
import Reconciliation
import RolloutCore

/// Credentials, permissions, and the domains as Cognito shows them.
extension Doctor {
  /// Pools for which IAM's simulation is asked.
  private static let maximumSimulations = 20

  /// Whose requests are tried.
  private struct Caller {
    let identity: Identity
    /// nil where GetCallerIdentity had no answer.
    let known: CallerIdentity?

    var account: String { known?.account ?? identity.roleARN.map(Caller.account) ?? "unknown" }

    /// The user or role that policies are attached to. A session's ARN lacks the path of its role.
    var principal: String {
      guard let arn = known?.arn else { return identity.roleARN ?? "the principal" }
      let parts = arn.split(separator: "/")
      guard parts.count >= 3, arn.contains(":assumed-role/") else { return arn }
      let name = parts[1]
      if let role = identity.roleARN, role.hasSuffix("/\(name)") { return role }
      let partition = arn.split(separator: ":").dropFirst().first ?? "aws"
      return "arn:\(partition):iam::\(account):role/\(name)"
    }

    /// `account 123456789012 (profile prod)`
    var place: String { "account \(account) (\(identity))" }

    static func account(of arn: String) -> String {
      let parts = arn.split(separator: ":", omittingEmptySubsequences: false)
      return parts.count > 4 ? String(parts[4]) : "unknown"
    }
  }

  func examine(_ identity: Identity, _ mappings: [Mapping]) async {
    var caller: Caller?
    await board.run(.credentials, identity.description) {
      let (checks, found) = await credentials(of: identity)
      caller = found
      return checks
    }
    guard let caller, !Task.isCancelled else {
      board.note(
        actions(of: mappings).map {
          DoctorCheck(.iam, $0, .untested, "\(identity): not tried without credentials")
        }
          + mappings.filter { !$0.probe.distributionPorts.isEmpty }.map {
            DoctorCheck(
              .edge, $0.domain.text, .untested,
              "without credentials Cognito does not name the distribution")
          })
      return
    }
    await withTaskGroup(of: Void.self) { group in
      group.addTask { await tryACM(caller) }
      if mappings.contains(where: { !$0.selector.tags.isEmpty }) {
        group.addTask { await tryTags(caller) }
      }
      if !mappings.isEmpty {
        group.addTask { await describe(mappings, caller) }
        group.addTask { await simulate(mappings, caller) }
      }
    }
  }

  /// What the service does with an identity.
  private func actions(of mappings: [Mapping]) -> [String] {
    let usesTags = mappings.contains { !$0.selector.tags.isEmpty }
    return ["acm:ListCertificates", "acm:DescribeCertificate", "acm:GetCertificate"]
      + (usesTags ? ["tag:GetResources"] : [])
      + (mappings.isEmpty
        ? []
        : [
          "cognito-idp:DescribeUserPoolDomain", "cognito-idp:UpdateUserPoolDomain",
          "cloudfront:updateDistribution",
        ])
  }

  // MARK: Credentials

  /// nil where there are no credentials.
  private func credentials(of identity: Identity) async -> ([DoctorCheck], Caller?) {
    let object = identity.description
    let hint = Inspection.credentialHint(command: "doctor")
    let source: String
    switch clients.client.credentialSource(of: identity) {
    case .seen(let origin): source = origin
    case .unseen(let failure):
      return ([DoctorCheck(.credentials, object, .failed, failure.message, fix: hint)], nil)
    }
    let look = await clients.client.callerIdentity(as: identity, timeout: Doctor.reachLimit)
    switch look {
    case .seen(let known):
      var checks = [
        DoctorCheck(
          .credentials, object, .ok, "\(known.arn), account \(known.account), from \(source)")
      ]
      if identity.roleARN != nil {
        checks.append(
          DoctorCheck(
            .iam, "sts:AssumeRole", .ok, "account \(known.account) (\(identity)): allowed"))
      }
      return (checks, Caller(identity: identity, known: known))
    case .unseen(let failure) where failure.kind == .credentials:
      var checks = [
        DoctorCheck(
          .credentials, object, .failed, "from \(source): \(failure.message)",
          fix: "correct what the message names: docs/credentials.md; \(hint)")
      ]
      if identity.roleARN != nil, failure.code == "AccessDenied" {
        checks.append(await refusedRole(identity, failure))
      }
      return (checks, nil)
    case .unseen(let failure):
      // The keys may be valid all the same.
      return (
        [
          DoctorCheck(
            .credentials, object, .failed, "from \(source): \(failure)",
            fix: "see the endpoint of STS")
        ], Caller(identity: identity, known: nil)
      )
    }
  }

  /// The role's own policies may lack nothing: its trust policy counts as well.
  private func refusedRole(_ identity: Identity, _ failure: Failure) async -> DoctorCheck {
    let source = Identity(profile: identity.profile)
    let look = await clients.client.callerIdentity(as: source, timeout: Doctor.reachLimit)
    let caller = Caller(identity: source, known: look.value)
    return DoctorCheck(
      .iam, "sts:AssumeRole", .failed, "\(caller.place): \(failure.message)",
      fix: "let the trust policy of the role name \(caller.principal), and allow the request",
      permission: MissingPermission(
        account: caller.account, principal: caller.principal, action: "sts:AssumeRole",
        resources: identity.roleARN.map { [$0] } ?? []))
  }

  // MARK: Requests

  private func check(_ action: String, _ failure: Failure?, _ caller: Caller) -> DoctorCheck {
    guard let failure else {
      return DoctorCheck(.iam, action, .ok, "\(caller.place): allowed")
    }
    guard failure.kind == .accessDenied else {
      return DoctorCheck(.iam, action, .untested, "\(caller.place): \(failure)")
    }
    return DoctorCheck(
      .iam, action, .failed, "\(caller.place): \(failure)", fix: "allow it",
      permission: MissingPermission(
        account: caller.account, principal: caller.principal, action: action))
  }

  private func tryACM(_ caller: Caller) async {
    await board.run(.iam, "acm:ListCertificates") {
      [check("acm:ListCertificates", await clients.client.tryListing(as: caller.identity), caller)]
    }
  }

  private func tryTags(_ caller: Caller) async {
    await board.run(.iam, "tag:GetResources") {
      [check("tag:GetResources", await clients.client.tryTags(as: caller.identity), caller)]
    }
  }

  /// Describes every domain, then the certificate of the first one that has any.
  private func describe(_ mappings: [Mapping], _ caller: Caller) async {
    var looks: [(mapping: Mapping, look: DomainLook)] = []
    let action = "cognito-idp:DescribeUserPoolDomain"
    await board.run(.iam, action) {
      looks = await withTaskGroup(of: (Int, DomainLook).self) { group in
        for (index, mapping) in mappings.enumerated() {
          group.addTask {
            (
              index,
              await clients.client.describeDomain(
                mapping.domain, in: mapping.region, as: caller.identity)
            )
          }
        }
        return await group.reduce(into: []) { $0.append($1) }.sorted { $0.0 < $1.0 }
          .map { (mappings[$0.0], $0.1) }
      }
      let failures = looks.compactMap { $0.look.failure }
      let worst = failures.first { $0.kind == .accessDenied } ?? failures.first
      return [check(action, worst, caller)] + looks.map { domain($0.mapping, $0.look, caller) }
    }
    if Task.isCancelled { return }
    let attached = looks.compactMap { $0.look.description?.certificateARN }.first
    async let certificates: Void = tryCertificate(attached, caller)
    await forEach(
      looks.filter { !$0.mapping.probe.distributionPorts.isEmpty }.map {
        EdgesToLookAt(mapping: $0.mapping, distribution: $0.look.description?.cloudFrontDomain)
      }, atOnce: Doctor.domainsAtOnce
    ) {
      await examineEdges(of: $0.mapping, distribution: $0.distribution)
    }
    await certificates
  }

  private struct EdgesToLookAt {
    let mapping: Mapping
    let distribution: String?
  }

  private func tryCertificate(_ arn: CertificateARN?, _ caller: Caller) async {
    let describing = "acm:DescribeCertificate"
    let getting = "acm:GetCertificate"
    guard let arn else {
      return board.note(
        [describing, getting].map {
          DoctorCheck(.iam, $0, .untested, "\(caller.place): no attached certificate is known")
        })
    }
    await board.run(.iam, describing) {
      let look = await clients.client.describeCertificate(arn, as: caller.identity)
      return [check(describing, look.failure, caller)]
    }
    await board.run(.iam, getting) {
      var failure = await clients.client.certificatePEM(arn, as: caller.identity).failure
      // The request was allowed.
      if failure?.kind == .notFound { failure = nil }
      return [check(getting, failure, caller)]
    }
  }

  private func domain(_ mapping: Mapping, _ look: DomainLook, _ caller: Caller) -> DoctorCheck {
    let object = mapping.domain.text
    switch look {
    case .unseen(let failure):
      return DoctorCheck(.domain, object, .untested, "\(failure)")
    case .empty:
      return DoctorCheck(
        .domain, object, .failed,
        "Cognito shows no such domain in \(mapping.region) of \(caller.place)",
        fix: "correct the domain, its region or its credentials")
    case .withoutCertificate(let description), .described(let description):
      if let pool = description.userPoolID, pool != mapping.userPoolID.text {
        return DoctorCheck(
          .domain, object, .failed, "it belongs to user pool \(pool), not to \(mapping.userPoolID)",
          fix: "correct user_pool_id")
      }
      guard let arn = description.certificateARN else {
        return DoctorCheck(
          .domain, object, .warning, "\(description.status), without a certificate",
          fix: "is it the domain of this pool's sign-in page?")
      }
      let detail = "\(description.status), certificate \(arn)"
      switch description.status {
      case .active, .updating: return DoctorCheck(.domain, object, .ok, detail)
      case .creating, .deleting, .failed, .other:
        return DoctorCheck(
          .domain, object, .warning, detail, fix: "see the domain in the console of Cognito")
      }
    }
  }

  // MARK: What cannot be tried

  /// What would change something is not tried. IAM's simulation tells where it is allowed.
  private func simulate(_ mappings: [Mapping], _ caller: Caller) async {
    let update = "cognito-idp:UpdateUserPoolDomain"
    let distribution = "cloudfront:updateDistribution"
    await board.run(.iam, distribution) {
      await [simulated(distribution, on: ["*"], caller)]
    }
    var seen: Set<String> = []
    let partition = caller.principal.split(separator: ":").dropFirst().first ?? "aws"
    let pools = mappings.map {
      "arn:\(partition):cognito-idp:\($0.region):\(caller.account):userpool/\($0.userPoolID)"
    }.filter { seen.insert($0).inserted }
    await board.run(.iam, update) {
      await [simulated(update, on: Array(pools.prefix(Doctor.maximumSimulations)), caller)]
    }
  }

  private func simulated(
    _ action: String, on resources: [String], _ caller: Caller
  ) async -> DoctorCheck {
    var denied: [String] = []
    var word = ""
    for resource in resources {
      switch await clients.client.simulate(
        action, on: resource, by: caller.principal, as: caller.identity,
        timeout: Doctor.reachLimit)
      {
      case .seen(.allowed): continue
      case .seen(.denied(let said)):
        denied.append(resource)
        word = said
      case .unseen(let failure) where failure.kind == .accessDenied:
        return DoctorCheck(
          .iam, action, .untested,
          "\(caller.place): it would change something, and IAM's simulation is not allowed",
          fix: "to have it told, allow the simulation",
          permission: MissingPermission(
            account: caller.account, principal: caller.principal,
            action: "iam:SimulatePrincipalPolicy", resources: [caller.principal]))
      case .unseen(let failure):
        return DoctorCheck(
          .iam, action, .untested,
          "\(caller.place): it would change something, and IAM's simulation says nothing: "
            + failure.description)
      }
    }
    guard !denied.isEmpty else {
      return DoctorCheck(.iam, action, .ok, "\(caller.place): allowed by IAM's simulation")
    }
    return DoctorCheck(
      .iam, action, .failed, "\(caller.place): \(word) by IAM's simulation", fix: "allow it",
      permission: MissingPermission(
        account: caller.account, principal: caller.principal, action: action, resources: denied))
  }
}

extension DomainLook {
  fileprivate var failure: Failure? {
    if case .unseen(let failure) = self { return failure }
    return nil
  }

  fileprivate var description: DomainDescription? {
    switch self {
    case .described(let description), .withoutCertificate(let description): description
    case .empty, .unseen: nil
    }
  }
}
