import LosslessJSON
import POSIX
import RolloutCore
import Transport

/// The commands that change or show the simulated AWS: `POST /_simulator/NAME` with a JSON object. The
/// answer is a JSON object. docs/simulator.md lists the commands.
struct SimulatorControl: Sendable {
  static let prefix = "/_simulator/"

  let aws: FakeAWS
  let simulatorState: Guarded<SimulatorState>
  let domains: [Simulator.Domain]
  let driver: EdgeDriver

  enum Command: String, CaseIterable {
    case issue, `import`, renew, complete, delete, revoke, tag, attach, replace
    case fault, delay, set, release, deny, allow
    case setRole = "set_role"
    case setMetadata = "set_metadata"
    case setContainer = "set_container"
    case calls, attachments, certificates, domains, edges, secrets
  }

  func answer(_ request: HTTPRequest, path: String) -> HTTPResponse {
    do throws(SimulationProblem) {
      let name = String(path.dropFirst(SimulatorControl.prefix.count))
      guard let command = Command(rawValue: name) else {
        let known = Command.allCases.map(\.rawValue).joined(separator: ", ")
        return reply(
          404, ["error": .string("there is no command \"\(name)\"; there are \(known)")])
      }
      guard request.method == "POST" else {
        return reply(405, ["error": "commands are sent by POST"])
      }
      let fields = try body(of: request)
      let now = SimulatorClock.now
      let answer = try carryOut(command, fields, at: now)
      driver.update(at: now)
      return reply(200, answer)
    } catch {
      return reply(400, ["error": .string(error.description)])
    }
  }

  private func reply(_ status: Int, _ value: JSONValue) -> HTTPResponse {
    HTTPResponse(
      status: status, headers: [Header("Content-Type", "application/json")],
      body: Array((value.encoded + "\n").utf8))
  }

  private func body(of request: HTTPRequest) throws(SimulationProblem) -> SimulatorFields {
    if request.body.isEmpty { return try SimulatorFields([:]) }
    let value: JSONValue
    do throws(JSONError) {
      value = try JSONValue(parsing: request.body)
    } catch {
      throw SimulationProblem("the body is not JSON: \(error)")
    }
    return try SimulatorFields(value)
  }

  private func carryOut(
    _ command: Command, _ fields: SimulatorFields, at now: Instant
  ) throws(SimulationProblem) -> JSONValue {
    switch command {
    case .issue: try issue(fields, imported: false, at: now)
    case .import: try issue(fields, imported: true, at: now)
    case .renew, .complete: try renew(fields, at: now)
    case .delete: try delete(fields, at: now)
    case .revoke: try revoke(fields, at: now)
    case .tag: try tag(fields)
    case .attach: try attach(fields, at: now)
    case .replace: try replace(fields, at: now)
    case .fault: try fault(fields)
    case .delay: try delay(fields)
    case .set: try set(fields, at: now)
    case .release: try release(fields, at: now)
    case .deny: try permit(fields, false)
    case .allow: try permit(fields, true)
    case .setRole: try setRole(fields)
    case .setMetadata: try setMetadata(fields)
    case .setContainer: try setContainer(fields)
    case .calls: try calls(fields)
    case .attachments: try attachments(fields)
    case .certificates: try certificates(fields, at: now)
    case .domains: try showDomains(fields, at: now)
    case .edges: try showEdges(fields, at: now)
    case .secrets: try secrets(fields)
    }
  }

  // MARK: Certificates

  private func issue(
    _ fields: SimulatorFields, imported: Bool, at now: Instant
  ) throws(SimulationProblem) -> JSONValue {
    if imported, let arn = try fields.text("arn") {
      try fields.allow(["arn", "names", "not_after"])
      return try reissue(arn, fields, at: now)
    }
    var setup = try CertificateSetup(fields)
    if imported { setup.type = "IMPORTED" }
    let arn = try simulatorState.withLock { (simulatorState) throws(SimulationProblem) in
      try simulatorState.issue(setup, in: aws, at: now)
    }
    return description(of: arn, at: now)
  }

  private func renew(
    _ fields: SimulatorFields, at now: Instant
  ) throws(SimulationProblem) -> JSONValue {
    try fields.allow(["arn", "not_after"])
    return try reissue(try fields.required("arn"), fields, at: now)
  }

  private func reissue(
    _ arn: String, _ fields: SimulatorFields, at now: Instant
  ) throws(SimulationProblem) -> JSONValue {
    let validity = try fields.seconds("not_after")
    let names = try fields.texts("names")
    try simulatorState.withLock { (simulatorState) throws(SimulationProblem) in
      try simulatorState.reissue(arn, validFor: validity, names: names, in: aws, at: now)
    }
    return description(of: arn, at: now)
  }

  /// Issues a replacement for every domain, or for the named one, as a pipeline does before the old
  /// ones expire.
  private func replace(
    _ fields: SimulatorFields, at now: Instant
  ) throws(SimulationProblem) -> JSONValue {
    try fields.allow(["domain"])
    let wanted = try fields.text("domain")
    var replaced: [JSONValue] = []
    for domain in domains where domain.name == wanted ?? domain.name {
      var setup = CertificateSetup(names: [domain.name])
      let attached = aws.withCloud { $0.domains[domain.name]?.attachments.last?.certificateARN }
      if let old = attached.flatMap({ arn in simulatorState.withLock { $0.setups[arn] } }) {
        setup.names = old.names
        setup.key = old.key
        setup.type = old.type
        setup.tags = old.tags
      }
      setup.account = domain.account
      let arn = try simulatorState.withLock { (simulatorState) throws(SimulationProblem) in
        try simulatorState.issue(setup, in: aws, at: now)
      }
      replaced.append(
        .object([
          .init("domain", .string(domain.name)), .init("certificate_arn", .string(arn)),
        ]))
    }
    guard !replaced.isEmpty else {
      throw SimulationProblem("there is no domain \(wanted ?? "")")
    }
    return ["replacements": .array(replaced)]
  }

  private func delete(
    _ fields: SimulatorFields, at now: Instant
  ) throws(SimulationProblem) -> JSONValue {
    try fields.allow(["arn", "force"])
    let arn = try fields.required("arn")
    let force = try fields.flag("force") ?? false
    try aws.withCloud { (cloud) throws(SimulationProblem) in
      try cloud.delete(arn, force: force, at: now)
    }
    return ["deleted": .string(arn)]
  }

  private func revoke(
    _ fields: SimulatorFields, at now: Instant
  ) throws(SimulationProblem) -> JSONValue {
    try fields.allow(["arn"])
    let arn = try fields.required("arn")
    try aws.withCloud { (cloud) throws(SimulationProblem) in try cloud.revoke(arn, at: now) }
    return description(of: arn, at: now)
  }

  private func tag(_ fields: SimulatorFields) throws(SimulationProblem) -> JSONValue {
    try fields.allow(["arn", "tags"])
    let arn = try fields.required("arn")
    let tags = try fields.textMap("tags") ?? [:]
    try aws.withCloud { (cloud) throws(SimulationProblem) in try cloud.tag(arn, tags) }
    return ["tagged": .string(arn)]
  }

  private func attach(
    _ fields: SimulatorFields, at now: Instant
  ) throws(SimulationProblem) -> JSONValue {
    try fields.allow(["domain", "arn"])
    let domain = try fields.required("domain")
    let arn = try fields.required("arn")
    try aws.withCloud { (cloud) throws(SimulationProblem) in
      try cloud.attach(arn, to: domain, at: now)
    }
    return ["domain": .string(domain), "certificate_arn": .string(arn)]
  }
}
