import LosslessJSON
import RolloutCore

/// Commands about roles, and about the services of the host that hand out credentials.
extension SimulatorControl {
  func setRole(_ fields: SimulatorFields) throws(SimulationProblem) -> JSONValue {
    let arn = try fields.required("arn")
    var role = aws.withCloud { $0.roles[arn] } ?? FakeRole(arn: arn)
    try role.change(by: fields)
    let changed = role
    aws.withCloud { $0.add(changed) }
    return ["role": .string(arn)]
  }

  func setMetadata(_ fields: SimulatorFields) throws(SimulationProblem) -> JSONValue {
    try fields.allow(FakeMetadata.fieldNames.union(["invalidate_tokens"]))
    let invalidates = try fields.flag("invalidate_tokens") ?? false
    return try aws.withCloud { (cloud) throws(SimulationProblem) in
      var metadata = cloud.metadata
      try metadata.change(by: fields)
      try SimulatorControl.check(metadata.role, in: cloud, fields.place("role"))
      if invalidates { metadata.invalidateTokens() }
      cloud.metadata = metadata
      return ["role": JSONValue(metadata.role.arn)]
    }
  }

  func setContainer(_ fields: SimulatorFields) throws(SimulationProblem) -> JSONValue {
    let name = try fields.required("name")
    return try aws.withCloud { (cloud) throws(SimulationProblem) in
      var container = cloud.containers[name] ?? FakeContainer(name: name, role: HostRole())
      try container.change(by: fields)
      try SimulatorControl.check(container.role, in: cloud, fields.place("role"))
      cloud.add(container)
      return ["path": .string(HostRequest.containerPrefix + name)]
    }
  }

  private static func check(
    _ role: HostRole, in cloud: FakeCloud, _ place: String
  ) throws(SimulationProblem) {
    if let arn = role.arn, cloud.roles[arn] == nil {
      throw SimulationProblem("\(place): there is no role \(arn)")
    }
  }

  func secrets(_ fields: SimulatorFields) throws(SimulationProblem) -> JSONValue {
    try fields.allow([])
    return ["secrets": .array(aws.withCloud { $0.secrets }.map(JSONValue.string))]
  }
}

extension FakeRole {
  static let fieldNames: Set<String> = [
    "arn", "trusted", "external_id", "maximum_duration", "session_lifetime",
    "web_identity_token",
  ]

  init(_ fields: SimulatorFields) throws(SimulationProblem) {
    self.init(arn: try fields.required("arn"))
    try change(by: fields)
  }

  /// Changes what the fields name, and nothing else.
  mutating func change(by fields: SimulatorFields) throws(SimulationProblem) {
    try fields.allow(FakeRole.fieldNames)
    guard FakeRole.isRole(arn) else {
      throw SimulationProblem(
        "\(fields.place("arn")) is \"\(arn)\"; it must be arn:aws:iam::ACCOUNT:role/NAME")
    }
    if fields.has("trusted") { trusted = try fields.texts("trusted").map(Set.init) }
    if fields.has("external_id") {
      externalID = try fields.text("external_id").map(SimulatedSecret.init)
    }
    if fields.has("web_identity_token") {
      replaceToken(by: try fields.text("web_identity_token"))
    }
    maximumDuration = try fields.seconds("maximum_duration") ?? maximumDuration
    if fields.has("session_lifetime") {
      sessionLifetime = try fields.seconds("session_lifetime", negative: true)
    }
  }
}

extension HostRole {
  static let fieldNames: Set<String> = ["role", "lifetime"]

  mutating func change(by fields: SimulatorFields) throws(SimulationProblem) {
    guard fields.has("role") || fields.has("lifetime") else { return }
    change(
      arn: fields.has("role") ? try fields.text("role") : arn,
      lifetime: try fields.seconds("lifetime", negative: true) ?? lifetime)
  }
}

extension FakeMetadata {
  static let fieldNames: Set<String> = HostRole.fieldNames.union(["refuses_tokens"])

  mutating func change(by fields: SimulatorFields) throws(SimulationProblem) {
    try role.change(by: fields)
    refusesTokens = try fields.flag("refuses_tokens") ?? refusesTokens
  }
}

extension FakeContainer {
  private static let fieldNames: Set<String> = HostRole.fieldNames.union(["name", "authorization"])

  init(_ fields: SimulatorFields) throws(SimulationProblem) {
    self.init(name: try fields.required("name"), role: HostRole())
    try change(by: fields)
  }

  mutating func change(by fields: SimulatorFields) throws(SimulationProblem) {
    try fields.allow(FakeContainer.fieldNames)
    try role.change(by: fields)
    if fields.has("authorization") {
      authorization = try fields.text("authorization").map(SimulatedSecret.init)
    }
  }
}
