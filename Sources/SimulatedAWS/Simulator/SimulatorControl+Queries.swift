import LosslessJSON
import RolloutCore

extension SimulatorControl {
  /// The requests in one answer. `since` returns the following ones.
  static let maximumCalls = 10_000

  func calls(_ fields: SimulatorFields) throws(SimulationProblem) -> JSONValue {
    try fields.allow(["since", "operation"])
    let since = Int(try fields.integer("since", in: 0...Int64(Int.max)) ?? 0)
    let operation = try fields.text("operation")
    let calls = aws.withCloud { cloud in
      cloud.calls.lazy.filter {
        $0.sequence > since && (operation ?? $0.operation) == $0.operation
      }.prefix(SimulatorControl.maximumCalls).map(SimulatorControl.entry)
    }
    return ["calls": .array(Array(calls))]
  }

  private static func entry(_ call: FakeCall) -> JSONValue {
    var members: [JSONValue.Member] = [
      .init("sequence", JSONValue(call.sequence)), .init("at", .string(call.at.rfc3339)),
      .init("operation", .string(call.operation)), .init("account", .string(call.account)),
      .init("region", .string(call.region)), .init("object", .string(call.object)),
      .init("principal", .string(call.principal)),
      .init("request_id", .string(call.requestID)),
      .init("fault", JSONValue(call.fault?.rawValue)),
      .init("had_effect", .bool(call.hadEffect)),
    ]
    if !call.certificateARN.isEmpty {
      members.append(.init("certificate_arn", .string(call.certificateARN)))
    }
    if let session = call.session {
      members += [
        .init("role_session_name", .string(session.name)),
        .init("external_id_sent", .bool(session.sendsExternalID)),
        .init("duration_seconds", JSONValue(session.seconds)),
      ]
    }
    switch call.outcome {
    case .answered(let status, let code):
      members.append(.init("status", JSONValue(status)))
      members.append(.init("code", JSONValue(code.isEmpty ? nil : code)))
    case .lost: members.append(.init("status", .null))
    }
    return .object(members)
  }

  func attachments(_ fields: SimulatorFields) throws(SimulationProblem) -> JSONValue {
    try fields.allow(["domain"])
    let name = try fields.text("domain")
    let changes = aws.withCloud { $0.attachments }.filter { $0.domain == name ?? $0.domain }
    return [
      "attachments": .array(
        changes.suffix(SimulatorControl.maximumCalls).map { change in
          .object([
            .init("at", .string(change.at.rfc3339)), .init("domain", .string(change.domain)),
            .init("from", .string(change.from)), .init("to", .string(change.to)),
            .init("by", change.isByCall ? "call" : "operator"),
            .init("settings_changed", .bool(change.settingsBefore != change.settingsAfter)),
          ])
        })
    ]
  }

  func certificates(
    _ fields: SimulatorFields, at now: Instant
  ) throws(SimulationProblem) -> JSONValue {
    try fields.allow([])
    let arns = aws.withCloud { cloud in
      cloud.certificates.values.filter { $0.deletedAt == nil }
        .sorted { ($0.account, $0.sequence) < ($1.account, $1.sequence) }.map(\.arn)
    }
    return ["certificates": .array(arns.map { description(of: $0, at: now) })]
  }

  func description(of arn: String, at now: Instant) -> JSONValue {
    guard let certificate = aws.withCloud({ $0.certificates[arn] }) else { return [:] }
    return .object([
      .init("arn", .string(arn)),
      .init("names", .array(certificate.names.map(JSONValue.string))),
      .init("status", .string(certificate.status(at: now))),
      .init("type", .string(certificate.type)),
      .init("sha256", JSONValue(certificate.current?.sha256)),
      .init("serial", JSONValue(certificate.current?.serial)),
      .init("not_before", JSONValue(certificate.current?.notBefore.rfc3339)),
      .init("not_after", JSONValue(certificate.current?.notAfter.rfc3339)),
    ])
  }

  func showDomains(
    _ fields: SimulatorFields, at now: Instant
  ) throws(SimulationProblem) -> JSONValue {
    try fields.allow([])
    return ["domains": .array(domains.map { describe($0, at: now) })]
  }

  func showEdges(
    _ fields: SimulatorFields, at now: Instant
  ) throws(SimulationProblem) -> JSONValue {
    try fields.allow(["domain"])
    let name = try fields.required("domain")
    guard let domain = domains.first(where: { $0.name == name }) else {
      throw SimulationProblem("there is no domain \(name)")
    }
    return ["edges": edges(of: domain, at: now)]
  }

  private func describe(_ domain: Simulator.Domain, at now: Instant) -> JSONValue {
    let state = aws.withCloud { $0.domains[domain.name] }
    return .object([
      .init("domain", .string(domain.name)),
      .init("user_pool_id", .string(domain.userPoolID)),
      .init("status", JSONValue(state?.status(at: now))),
      .init("certificate_arn", JSONValue(state?.shownARN(at: now))),
      .init("edges", edges(of: domain, at: now)),
    ])
  }

  private func edges(of domain: Simulator.Domain, at now: Instant) -> JSONValue {
    let edges = aws.withCloud { $0.edges(of: domain.name, at: now) }
    return .array(
      zip(edges, domain.addresses).map { edge, address in
        .object([
          .init("edge", .string(edge.label)), .init("address", .string(address)),
          .init("certificate_arn", .string(edge.certificateARN)),
          .init("sha256", JSONValue(edge.material?.sha256)),
        ])
      })
  }
}
