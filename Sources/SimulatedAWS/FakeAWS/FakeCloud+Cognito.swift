import LosslessJSON
import RolloutCore

extension FakeCloud {
  mutating func performCognito(_ call: CallContext) throws(ServiceError) -> Reply {
    switch call.request.operation {
    case "DescribeUserPoolDomain": return .json(try describeDomain(call))
    case "ListUserPools": return .json(try listUserPools(call))
    case "DescribeUserPool": return .json(try describeUserPool(call))
    case "UpdateUserPoolDomain": return .json(try updateDomain(call), hadEffect: true)
    default: throw .unknownOperation
    }
  }

  func missing(_ name: String) -> ServiceError {
    .invalidParameter(
      "1 validation error detected: Value null at '\(name)' failed to satisfy constraint: "
        + "Member must not be null")
  }

  /// The domain, if it exists in the account and region of the caller.
  private func domain(_ name: String, of call: CallContext) -> FakeDomain? {
    guard let domain = domains[name], domain.account == call.account,
      domain.region == call.region, !domain.isDeleted
    else { return nil }
    return domain
  }

  private func describeDomain(_ call: CallContext) throws(ServiceError) -> JSONValue {
    guard let name = call.body["Domain"]?.string else { throw missing("domain") }
    guard var domain = domain(name, of: call) else { return ["DomainDescription": [:]] }
    let then = call.now - domain.behaviour.descriptionLag
    if then < call.now { domain = domain.state(at: then) }
    var members: [JSONValue.Member] = [
      .init("UserPoolId", .string(domain.userPoolID)),
      .init("AWSAccountId", .string(domain.account)),
      .init("Domain", .string(domain.name)),
      .init("S3Bucket", .string("aws-cognito-prod-\(domain.region)-assets")),
      .init("CloudFrontDistribution", .string(cloudFrontDomain(domain))),
      .init("Version", .string(version(domain))),
      .init("Status", .string(domain.status(at: then))),
    ]
    if !domain.behaviour.hidesCertificate {
      let arn = JSONValue.Member("CertificateArn", .string(domain.shownARN(at: then)))
      members.append(.init("CustomDomainConfig", .object([arn] + domain.config)))
    }
    members += domain.topLevel
    return ["DomainDescription": .object(members)]
  }

  func cloudFrontDomain(_ domain: FakeDomain) -> String {
    "d" + random.letters(13, "cloudfront", domain.name).lowercased() + ".cloudfront.net"
  }

  private func version(_ domain: FakeDomain) -> String {
    let at = domain.attachments.last?.at ?? Instant(milliseconds: 0)
    return SignatureCheck.stamp(at).filter(\.isNumber)
  }

  private mutating func updateDomain(_ call: CallContext) throws(ServiceError) -> JSONValue {
    guard let name = call.body["Domain"]?.string else { throw missing("domain") }
    guard let pool = call.body["UserPoolId"]?.string else { throw missing("userPoolId") }
    guard var domain = domain(name, of: call), domain.userPoolID == pool else {
      throw .invalidParameter(RefusalText.noCustomDomain)
    }
    try checkStatus(domain, call)
    guard let config = call.body["CustomDomainConfig"] else {
      throw .invalidParameter(RefusalText.prefixDomain)
    }
    guard let members = config.members else { throw .serialization }
    guard let arn = config["CertificateArn"]?.string else {
      throw missing("customDomainConfig.certificateArn")
    }
    if isDenied("cloudfront:updateDistribution", in: call.account) {
      throw ServiceError(
        "AccessDeniedException",
        RefusalText.distribution(principal: call.key.principal, requestID: call.requestID))
    }
    if let refusal = domain.behaviour.refusal {
      throw ServiceError(refusal.code, refusal.message)
    }
    try checkSettings(domain, call)
    try checkCertificate(arn, for: domain, call)
    let before = domain.settingsText
    let from = domain.attachments.last?.certificateARN ?? ""
    domain.keepSettings(until: call.now)
    domain.apply(config: members, topLevel: call.body)
    domain.attach(arn, at: call.now, random: random, fault: call.fault)
    domains[name] = domain
    recordAttachment(
      of: domain, from: from, to: arn, isByCall: true, settingsBefore: before, at: call.now)
    return .object(
      [.init("CloudFrontDomain", .string(cloudFrontDomain(domain)))] + domain.topLevel)
  }

  private func checkStatus(_ domain: FakeDomain, _ call: CallContext) throws(ServiceError) {
    let status = domain.status(at: call.now)
    if status == "ACTIVE" || status == "FAILED" { return }
    let text = "Domain \(domain.name) is in \(status) state and cannot be updated."
    guard status == "UPDATING" else { throw .invalidParameter(text) }
    switch domain.behaviour.whileUpdating {
    case .accepted: return
    case .invalidParameter: throw .invalidParameter(text)
    case .concurrentModification:
      throw ServiceError(
        "ConcurrentModificationException",
        "The domain is being modified by another request. Please try again.")
    }
  }

  private func checkSettings(_ domain: FakeDomain, _ call: CallContext) throws(ServiceError) {
    if let version = call.body["ManagedLoginVersion"], version.int.map({ 1...2 ~= $0 }) != true {
      throw .invalidParameter(
        "1 validation error detected: Value '\(version.encoded)' at 'managedLoginVersion' "
          + "failed to satisfy constraint: Member must be between 1 and 2")
    }
    let policy = call.body["CustomDomainConfig"]?["SecurityPolicy"]?.string
    if domain.behaviour.refusesOldPolicyWithManagedLogin, policy == "TLS_V1",
      call.body["ManagedLoginVersion"]?.int == 2
    {
      throw .invalidParameter(
        "SecurityPolicy TLS_V1 is not supported with ManagedLoginVersion 2. "
          + "Use TLS_V1_2_2021 or later.")
    }
  }

  /// CloudFront's check of a certificate. It has one text for every reason.
  private func checkCertificate(
    _ arn: String, for domain: FakeDomain, _ call: CallContext
  ) throws(ServiceError) {
    guard options.checksCertificates else { return }
    let refusal = ServiceError.invalidParameter(
      RefusalText.certificate(requestID: random.uuid("cloudfront", call.requestID)))
    guard let certificate = certificates[arn], certificate.deletedAt == nil,
      let material = certificate.current
    else { throw refusal }
    let isServed =
      CertificateFilter.knownKeyTypes.contains(certificate.keyAlgorithm)
      && certificate.keyAlgorithm != "EC_secp384r1" && certificate.keyAlgorithm != "EC_secp521r1"
    guard certificate.account == domain.account, certificate.region == "us-east-1",
      certificate.status(at: call.awsNow) == "ISSUED", isServed,
      certificate.type != "PRIVATE", !material.isSelfSigned,
      material.notBefore <= call.now, certificate.covers(domain.name)
    else { throw refusal }
    let age = call.now.since(certificate.issues.first?.since ?? call.now)
    guard age >= domain.behaviour.refusesYoungFor else { throw refusal }
  }

  mutating func recordAttachment(
    of domain: FakeDomain, from: String, to: String, isByCall: Bool, settingsBefore: String,
    at now: Instant
  ) {
    attachments.append(
      AttachmentChange(
        at: now, domain: domain.name, from: from, to: to, isByCall: isByCall,
        settingsBefore: settingsBefore, settingsAfter: domain.settingsText,
        certificateStatus: certificates[to]?.status(at: now) ?? ""))
    if attachments.count > FakeCloud.maximumRecords {
      attachments.removeFirst(FakeCloud.maximumRecords / 2)
    }
  }
}

extension FakeDomain {
  /// Every setting except the certificate, as canonical JSON, so that equal settings have equal texts.
  package var settingsText: String {
    JSONValue.object([.init("CustomDomainConfig", .object(config))] + topLevel).canonical
  }

  /// The values to which omitted members are reset.
  private static let fallbacks: [String: JSONValue] = [
    "SecurityPolicy": "TLS_V1", "ManagedLoginVersion": 1,
  ]
  private static let topLevelNames = ["ManagedLoginVersion", "Routing"]

  /// Applies the settings of an accepted update, and keeps or resets the omitted ones.
  mutating func apply(config sent: [JSONValue.Member], topLevel body: JSONValue) {
    let sentConfig = sent.filter { $0.name != "CertificateArn" }
    let sentTopLevel = FakeDomain.topLevelNames.compactMap { name in
      body[name].map { JSONValue.Member(name, $0) }
    }
    config = merged(config, with: sentConfig)
    topLevel = merged(topLevel, with: sentTopLevel)
    for (name, text) in behaviour.overwrites.sorted(by: { $0.key < $1.key }) {
      guard let value = try? JSONValue(parsing: text) else { continue }
      config.removeAll { $0.name == name }
      config.append(.init(name, value))
    }
  }

  private func merged(
    _ old: [JSONValue.Member], with sent: [JSONValue.Member]
  ) -> [JSONValue.Member] {
    let omitted = old.filter { member in !sent.contains { $0.name == member.name } }
    switch behaviour.omittedMembers {
    case .kept: return sent + omitted
    case .reset:
      return sent
        + omitted.compactMap { member in
          FakeDomain.fallbacks[member.name].map { .init(member.name, $0) }
        }
    }
  }
}
