import LosslessJSON
import RolloutCore

extension Scenario {
  /// Parses a scenario. Throws an error that names the place and the problem.
  package init(parsing bytes: some Collection<UInt8>) throws(SimulationProblem) {
    let value: JSONValue
    do throws(JSONError) {
      value = try JSONValue(parsing: bytes)
    } catch {
      throw SimulationProblem("the scenario is not JSON: \(error)")
    }
    try self.init(value)
  }

  private static let names: Set<String> = [
    "seed", "port", "latency", "page_size", "omitted_summary_members", "timestamps",
    "in_use_lag", "checks_certificates", "clock_offset", "accounts", "roles", "metadata",
    "containers", "certificates", "domains", "user_pools",
  ]

  init(_ value: JSONValue) throws(SimulationProblem) {
    let fields = try SimulatorFields(value)
    try fields.allow(Scenario.names)
    seed = UInt64(clamping: try fields.integer("seed", in: 0...Int64.max) ?? 1)
    port = Int(try fields.integer("port", in: 0...65_535) ?? 0)
    latency = try fields.seconds("latency") ?? .zero
    if let size = try fields.integer("page_size", in: 1...1000) {
      options.maximumPageSize = Int(size)
    }
    options.omittedSummaryMembers = Set(try fields.texts("omitted_summary_members") ?? [])
    if let notation = try fields.choice("timestamps", of: FakeAWSOptions.Timestamps.self) {
      options.timestamps = notation
    }
    options.inUseLag = try fields.seconds("in_use_lag") ?? .zero
    options.clockOffset = try fields.seconds("clock_offset", negative: true) ?? .zero
    options.checksCertificates = try fields.flag("checks_certificates") ?? true
    for (place, value) in try fields.list("accounts") ?? [] {
      accounts.append(try Account(SimulatorFields(value, at: place)))
    }
    if accounts.isEmpty { accounts = [Account.standard] }
    for (place, value) in try fields.list("roles") ?? [] {
      roles.append(try FakeRole(SimulatorFields(value, at: place)))
    }
    if let value = fields.value("metadata") {
      let fields = try SimulatorFields(value, at: "metadata")
      try fields.allow(FakeMetadata.fieldNames)
      try metadata.change(by: fields)
    }
    for (place, value) in try fields.list("containers") ?? [] {
      containers.append(try FakeContainer(SimulatorFields(value, at: place)))
    }
    for (place, value) in try fields.list("certificates") ?? [] {
      certificates.append(
        try CertificateSetup(SimulatorFields(value, at: place), allowingName: true))
    }
    for (place, value) in try fields.list("domains") ?? [] {
      domains.append(try DomainSetup(SimulatorFields(value, at: place)))
    }
    for (place, value) in try fields.list("user_pools") ?? [] {
      userPools.append(try UserPoolSetup(SimulatorFields(value, at: place)))
    }
    try check()
  }

  /// Checks that every reference has a target.
  private func check() throws(SimulationProblem) {
    let numbers = Set(accounts.map(\.number))
    let names = Set(certificates.compactMap(\.name))
    let arns = Set(roles.map(\.arn))
    for role in [metadata.role] + containers.map(\.role) {
      guard role.arn.map(arns.contains) ?? true else {
        throw SimulationProblem("the host's credentials name the unknown role \(role.arn ?? "")")
      }
    }
    var seen: Set<String> = []
    for certificate in certificates {
      guard certificate.account.map(numbers.contains) ?? true else {
        throw SimulationProblem(
          "a certificate names the unknown account \(certificate.account ?? "")")
      }
    }
    for pool in userPools {
      guard pool.account.map(numbers.contains) ?? true else {
        throw SimulationProblem("a user pool names the unknown account \(pool.account ?? "")")
      }
    }
    for domain in domains {
      guard seen.insert(domain.domain).inserted else {
        throw SimulationProblem("the domain \(domain.domain) is repeated")
      }
      guard domain.account.map(numbers.contains) ?? true else {
        throw SimulationProblem(
          "the domain \(domain.domain) names the unknown account \(domain.account ?? "")")
      }
      guard domain.certificate.map(names.contains) ?? true else {
        throw SimulationProblem(
          "the domain \(domain.domain) names the unknown certificate \(domain.certificate ?? "")")
      }
    }
  }
}

extension Scenario.Account {
  /// The account of a scenario without accounts. The keys are those of AWS's examples.
  package static let standard = Scenario.Account(
    number: "123456789012", accessKeyID: "AKIAIOSFODNN7EXAMPLE",
    secret: SimulatedSecret("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"), denied: [])

  init(_ fields: SimulatorFields) throws(SimulationProblem) {
    try fields.allow([
      "account", "access_key_id", "secret_access_key", "session_token", "expires_in", "denied",
    ])
    number = try fields.required("account")
    guard number.utf8.count == 12, number.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else {
      throw SimulationProblem("\(fields.place("account")) must be 12 digits")
    }
    let isStandard = number == Scenario.Account.standard.number
    accessKeyID =
      try fields.text("access_key_id")
      ?? (isStandard ? Scenario.Account.standard.accessKeyID : "AKIASIMULATED\(number.suffix(7))")
    secret =
      try fields.text("secret_access_key").map(SimulatedSecret.init)
      ?? (isStandard ? Scenario.Account.standard.secret : SimulatedSecret("secret-of-\(number)"))
    sessionToken = try fields.text("session_token").map(SimulatedSecret.init)
    expiresIn = try fields.seconds("expires_in")
    denied = try fields.texts("denied") ?? []
  }
}

extension CertificateSetup {
  private static let fieldNames: Set<String> = [
    "names", "key", "type", "account", "region", "not_before", "not_after", "created", "tags",
    "managed_by", "self_signed", "pending",
  ]

  init(_ fields: SimulatorFields, allowingName: Bool = false) throws(SimulationProblem) {
    try fields.allow(CertificateSetup.fieldNames.union(allowingName ? ["name"] : []))
    guard let names = try fields.texts("names"), !names.isEmpty else {
      throw SimulationProblem("\(fields.place("names")) must be a list of at least one name")
    }
    self.init(names: names)
    name = try fields.text("name")
    key = try fields.choice("key", of: Key.self) ?? .ecP256
    type = try fields.text("type") ?? "AMAZON_ISSUED"
    account = try fields.text("account")
    region = try fields.text("region") ?? "us-east-1"
    notBefore = try fields.seconds("not_before", negative: true) ?? .zero
    notAfter = try fields.seconds("not_after", negative: true) ?? .days(90)
    created = try fields.seconds("created", negative: true) ?? notBefore
    tags = try fields.textMap("tags") ?? [:]
    managedBy = try fields.text("managed_by")
    isSelfSigned = try fields.flag("self_signed") ?? false
    isPending = try fields.flag("pending") ?? false
    guard notBefore < notAfter else {
      throw SimulationProblem("\(fields.place("not_after")) must be later than not_before")
    }
  }
}

extension Scenario.DomainSetup {
  init(_ fields: SimulatorFields) throws(SimulationProblem) {
    try fields.allow(
      DomainBehaviour.fieldNames.union([
        "domain", "user_pool_id", "region", "account", "certificate", "settings", "edges",
      ]))
    domain = try fields.required("domain")
    userPoolID = try fields.required("user_pool_id")
    region =
      try fields.text("region") ?? userPoolID.split(separator: "_").first.map(String.init) ?? ""
    account = try fields.text("account")
    certificate = try fields.text("certificate")
    behaviour = DomainBehaviour(activeAfter: .seconds(8))
    let count = Int(try fields.integer("edges", in: 0...Int64(DomainBehaviour.maximumEdges)) ?? 1)
    behaviour.edges = (0..<count).map { .init(label: "edge-\($0 + 1)", delay: .seconds(4)) }
    try behaviour.change(by: fields)
    let settings = DomainSettings(fields.value("settings") ?? [:])
    config = settings.config
    topLevel = settings.topLevel
  }
}

extension Scenario.UserPoolSetup {
  private static let maximumCount: Int64 = 1000

  init(_ fields: SimulatorFields) throws(SimulationProblem) {
    try fields.allow(["user_pool_id", "region", "account", "count", "prefix_domain"])
    id = try fields.required("user_pool_id")
    region = try fields.text("region") ?? id.split(separator: "_").first.map(String.init) ?? ""
    account = try fields.text("account")
    count = Int(
      try fields.integer("count", in: 1...Scenario.UserPoolSetup.maximumCount) ?? 1)
    prefixDomain = try fields.text("prefix_domain")
  }
}

/// The settings of a domain that an update must send back, as a scenario or a command writes them.
struct DomainSettings: Sendable {
  /// The members of `CustomDomainConfig` but `CertificateArn`.
  private(set) var config: [JSONValue.Member] = []
  /// The members beside it.
  private(set) var topLevel: [JSONValue.Member] = []

  init(_ value: JSONValue) {
    for member in value.members ?? [] {
      if member.name == "CustomDomainConfig" {
        config = (member.value.members ?? []).filter { $0.name != "CertificateArn" }
      } else {
        topLevel.append(member)
      }
    }
  }
}

extension DomainBehaviour {
  static let maximumEdges = 64
  static let fieldNames: Set<String> = [
    "active_after", "edge_delays", "edge_jitter", "renewal_delays", "shows_new_arn",
    "omitted_members", "while_updating", "refuses_young_for", "refusal", "stays_updating",
    "ends_failed", "failure_keeps_new_arn", "forced_status", "hides_certificate",
    "refuses_old_policy_with_managed_login", "overwrites", "description_lag", "refuses_handshakes",
  ]

  /// Changes the behaviour that the fields name, and nothing else.
  mutating func change(by fields: SimulatorFields) throws(SimulationProblem) {
    activeAfter = try fields.seconds("active_after") ?? activeAfter
    showsNewARN = try fields.choice("shows_new_arn", of: NewARN.self) ?? showsNewARN
    omittedMembers =
      try fields.choice("omitted_members", of: OmittedMembers.self) ?? omittedMembers
    whileUpdating = try fields.choice("while_updating", of: UpdatingAnswer.self) ?? whileUpdating
    refusesYoungFor = try fields.seconds("refuses_young_for") ?? refusesYoungFor
    staysUpdating = try fields.flag("stays_updating") ?? staysUpdating
    endsFailed = try fields.flag("ends_failed") ?? endsFailed
    failureKeepsNewARN = try fields.flag("failure_keeps_new_arn") ?? failureKeepsNewARN
    hidesCertificate = try fields.flag("hides_certificate") ?? hidesCertificate
    refusesOldPolicyWithManagedLogin =
      try fields.flag("refuses_old_policy_with_managed_login") ?? refusesOldPolicyWithManagedLogin
    descriptionLag = try fields.seconds("description_lag") ?? descriptionLag
    refusesHandshakes = try fields.flag("refuses_handshakes") ?? refusesHandshakes
    if fields.has("forced_status") { forcedStatus = try fields.text("forced_status") }
    for member in fields.value("overwrites")?.members ?? [] {
      overwrites[member.name] = member.value.encoded
    }
    if fields.has("refusal") { refusal = try DomainBehaviour.refusal(fields) }
    try changeEdges(by: fields)
  }

  private static func refusal(_ fields: SimulatorFields) throws(SimulationProblem) -> Refusal? {
    guard let value = fields.value("refusal") else { return nil }
    if value.string == "parent_domain" { return Refusal(message: RefusalText.parentDomain) }
    let inner = try SimulatorFields(value, at: fields.place("refusal"))
    try inner.allow(["code", "message"])
    return Refusal(
      code: try inner.text("code") ?? "InvalidParameterException",
      message: try inner.required("message"))
  }

  private mutating func changeEdges(by fields: SimulatorFields) throws(SimulationProblem) {
    if let delays = try fields.list("edge_delays") {
      guard delays.count <= DomainBehaviour.maximumEdges else {
        throw SimulationProblem(
          "\(fields.place("edge_delays")) may have \(DomainBehaviour.maximumEdges) elements")
      }
      for (index, (place, value)) in delays.enumerated() {
        if index >= edges.count { edges.append(.init(label: "edge-\(index + 1)", delay: .zero)) }
        edges[index].delay = value == .null ? nil : try SimulatorFields.duration(value, place)
      }
      edges.removeLast(edges.count - delays.count)
    }
    if let jitter = try fields.seconds("edge_jitter") {
      for index in edges.indices { edges[index].jitter = jitter }
    }
    for (index, (place, value)) in (try fields.list("renewal_delays") ?? []).enumerated() {
      guard index < edges.count else {
        throw SimulationProblem("\(place): the domain has only \(edges.count) edges")
      }
      edges[index].renewalDelay = try SimulatorFields.duration(value, place)
    }
  }
}
