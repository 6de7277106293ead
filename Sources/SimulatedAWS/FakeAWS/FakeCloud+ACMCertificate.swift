import LosslessJSON
package import RolloutCore

extension FakeCloud {
  /// The certificate of a request, if the caller may see it.
  private func certificate(of call: CallContext) throws(ServiceError) -> FakeCertificate {
    guard let arn = call.body["CertificateArn"]?.string else {
      throw .validation(
        "1 validation error detected: Value null at 'certificateArn' failed to satisfy "
          + "constraint: Member must not be null")
    }
    let parsed: CertificateARN
    do throws(MalformedIdentifier) {
      parsed = try CertificateARN(parsing: arn)
    } catch {
      throw ServiceError("InvalidArnException", "Invalid ARN: \(arn)")
    }
    guard parsed.account == call.account else {
      let action = "acm:" + call.request.operation
      throw .accessDenied(call.key.principal, action)
    }
    guard let certificate = certificates[arn], certificate.deletedAt == nil,
      certificate.region == call.region
    else {
      throw ServiceError("ResourceNotFoundException", "Could not find certificate \(arn).")
    }
    return certificate
  }

  func describeCertificate(_ call: CallContext) throws(ServiceError) -> JSONValue {
    let certificate = try certificate(of: call)
    let users = inUseBy(certificate.arn, at: call.now)
    let isRSA = certificate.keyAlgorithm.hasPrefix("RSA_")
    var members: [JSONValue.Member] = [
      .init("CertificateArn", .string(certificate.arn)),
      .init("DomainName", .string(certificate.names.first ?? "")),
      .init("SubjectAlternativeNames", .array(certificate.names.map(JSONValue.string))),
      .init("Status", .string(certificate.status(at: call.awsNow))),
      .init("Type", .string(certificate.type)),
      .init("CreatedAt", timestamp(certificate.createdAt)),
      // A hyphen here, an underscore in the list.
      .init(
        "KeyAlgorithm",
        .string(isRSA ? "RSA-" + certificate.keyAlgorithm.dropFirst(4) : certificate.keyAlgorithm)),
      .init("SignatureAlgorithm", isRSA ? "SHA256WITHRSA" : "SHA256WITHECDSA"),
      .init("InUseBy", .array(users.map(JSONValue.string))),
      .init(
        "RenewalEligibility",
        users.isEmpty || certificate.type == "IMPORTED" ? "INELIGIBLE" : "ELIGIBLE"),
      .init(
        "Options",
        ["CertificateTransparencyLoggingPreference": "ENABLED", "Export": "DISABLED"]),
    ]
    func add(_ name: String, _ value: JSONValue?) {
      if let value { members.append(.init(name, value)) }
    }
    add("IssuedAt", certificate.issuedAt.map(timestamp))
    add("ImportedAt", certificate.importedAt.map(timestamp))
    add("RevokedAt", certificate.revokedAt.map(timestamp))
    if certificate.state == .revoked { add("RevocationReason", "KEY_COMPROMISE") }
    if certificate.state == .failed { add("FailureReason", "CAA_ERROR") }
    add("ManagedBy", certificate.managedBy.map(JSONValue.string))
    add("DomainValidationOptions", validation(of: certificate))
    if let material = certificate.current { members += leafMembers(material) }
    if certificate.type == "AMAZON_ISSUED", certificate.issues.count > 1,
      let renewed = certificate.issues.last?.since
    {
      add(
        "RenewalSummary",
        .object([
          .init("RenewalStatus", "SUCCESS"),
          .init("DomainValidationOptions", validation(of: certificate) ?? []),
          .init("UpdatedAt", timestamp(renewed)),
        ]))
    }
    return ["Certificate": .object(members)]
  }

  private func leafMembers(_ material: CertificateMaterial) -> [JSONValue.Member] {
    [
      .init("Serial", .string(FakeCloud.colons(material.serial))),
      .init("Subject", "CN=simulated"),
      .init("Issuer", material.isSelfSigned ? "simulated" : "Amazon"),
      .init("NotBefore", timestamp(material.notBefore)),
      .init("NotAfter", timestamp(material.notAfter)),
      .init("KeyUsages", [["Name": "DIGITAL_SIGNATURE"]]),
      .init(
        "ExtendedKeyUsages",
        [["Name": "TLS_WEB_SERVER_AUTHENTICATION", "OID": "1.3.6.1.5.5.7.3.1"]]),
    ]
  }

  private func validation(of certificate: FakeCertificate) -> JSONValue? {
    guard certificate.type == "AMAZON_ISSUED" else { return nil }
    let status: JSONValue = certificate.state == .pending ? "PENDING_VALIDATION" : "SUCCESS"
    return .array(
      certificate.names.map { name in
        .object([
          .init("DomainName", .string(name)), .init("ValidationDomain", .string(name)),
          .init("ValidationStatus", status), .init("ValidationMethod", "DNS"),
        ])
      })
  }

  /// `0a:1b:…`, as AWS writes a serial number.
  static func colons(_ serial: String) -> String {
    let digits = serial.count % 2 == 0 ? serial.lowercased() : "0" + serial.lowercased()
    var text = ""
    for (index, digit) in digits.enumerated() {
      if index > 0, index % 2 == 0 { text += ":" }
      text.append(digit)
    }
    return text
  }

  func getCertificate(_ call: CallContext) throws(ServiceError) -> JSONValue {
    let certificate = try certificate(of: call)
    guard let material = certificate.current else {
      if certificate.state == .pending {
        throw ServiceError(
          "RequestInProgressException",
          "The certificate request is in progress. The certificate body is not available yet.")
      }
      throw ServiceError(
        "ResourceNotFoundException", "The certificate \(certificate.arn) has no body.")
    }
    var members = [JSONValue.Member("Certificate", .string(material.certificatePEM))]
    if !material.chainPEM.isEmpty {
      members.append(.init("CertificateChain", .string(material.chainPEM)))
    }
    return .object(members)
  }

  func listTags(_ call: CallContext) throws(ServiceError) -> JSONValue {
    let certificate = try certificate(of: call)
    return ["Tags": FakeCloud.tagList(certificate.tags)]
  }

  static func tagList(_ tags: [String: String]) -> JSONValue {
    .array(
      tags.sorted { $0.key < $1.key }.map {
        .object([.init("Key", .string($0.key)), .init("Value", .string($0.value))])
      })
  }

  mutating func deleteCertificate(_ call: CallContext) throws(ServiceError) {
    let certificate = try certificate(of: call)
    guard inUseBy(certificate.arn, at: call.now).isEmpty else {
      throw ServiceError(
        "ResourceInUseException", "Certificate \(certificate.arn) in use.")
    }
    certificates[certificate.arn]?.deletedAt = call.now
  }

  /// The distributions that use a certificate.
  package func inUseBy(_ arn: String, at now: Instant) -> [String] {
    domains.values.filter { !$0.isDeleted && uses($0, at: now).contains(arn) }
      .sorted { $0.name < $1.name }
      .map { "arn:aws:cloudfront::\($0.account):distribution/\(distributionID($0))" }
  }

  /// Every certificate of an account that one of its domains uses.
  func inUseARNs(in account: String, at now: Instant) -> Set<String> {
    var used: Set<String> = []
    for name in domainsOfAccount[account] ?? [] {
      if let domain = domains[name], !domain.isDeleted { used.formUnion(uses(domain, at: now)) }
    }
    return used
  }

  private func uses(_ domain: FakeDomain, at now: Instant) -> Set<String> {
    var used: Set<String> = [domain.attachments.last?.certificateARN ?? ""]
    for moment in [now, now - options.inUseLag] {
      for index in domain.behaviour.edges.indices {
        if let served = domain.served(byEdge: index, at: moment) { used.insert(served.arn) }
      }
    }
    return used
  }

  func distributionID(_ domain: FakeDomain) -> String {
    "E" + random.letters(13, "distribution", domain.name)
  }
}
