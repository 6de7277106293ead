import LosslessJSON
import POSIX
import RolloutCore

extension SimulatorControl {
  /// The maximum number of requests of one script.
  private static let maximumCount: Int64 = 1_000_000

  func fault(_ fields: SimulatorFields) throws(SimulationProblem) -> JSONValue {
    try fields.allow(["fault", "operation", "object", "account", "count"])
    guard let fault = try fields.choice("fault", of: Fault.self) else {
      throw SimulationProblem("fault is missing")
    }
    let operation = try fields.text("operation")
    let script = ScriptedFault(
      fault, operation: operation == "*" ? nil : operation, object: try fields.text("object"),
      account: try fields.text("account"),
      count: Int(
        try fields.integer("count", in: 1...SimulatorControl.maximumCount) ?? 1))
    let waiting = aws.withCloud { cloud in
      cloud.script(script)
      return cloud.scripted.count
    }
    return ["waiting": JSONValue(waiting)]
  }

  func delay(_ fields: SimulatorFields) throws(SimulationProblem) -> JSONValue {
    try fields.allow(["operation", "object"])
    let delay = AnswerDelay(
      operation: try fields.text("operation"), object: try fields.text("object"))
    return [
      "delays": JSONValue(
        simulatorState.withLock { state in
          state.delays.append(delay)
          return state.delays.count
        })
    ]
  }

  func set(
    _ fields: SimulatorFields, at now: Instant
  ) throws(SimulationProblem) -> JSONValue {
    try fields.allow(DomainBehaviour.fieldNames.union(["domain", "latency", "settings"]))
    if let latency = try fields.seconds("latency") {
      simulatorState.withLock { $0.latency = latency }
    }
    guard let name = try fields.text("domain") else {
      guard fields.has("latency") else {
        throw SimulationProblem("name a domain, or a latency for all requests")
      }
      return ["set": "latency"]
    }
    guard let edges = domains.first(where: { $0.name == name })?.addresses.count,
      var behaviour = aws.withCloud({ $0.domains[name]?.behaviour })
    else { throw SimulationProblem("there is no domain \(name)") }
    try behaviour.change(by: fields)
    guard behaviour.edges.count == edges else {
      throw SimulationProblem("edge_delays must have \(edges) elements, one for each edge")
    }
    let changed = behaviour
    let settings = fields.value("settings").map(DomainSettings.init)
    try aws.withCloud { (cloud) throws(SimulationProblem) in
      try cloud.change(domain: name) { domain in
        domain.behaviour = changed
        guard let settings else { return }
        domain.keepSettings(until: now)
        domain.config = settings.config
        domain.topLevel = settings.topLevel
      }
    }
    return ["set": .string(name)]
  }

  func release(_ fields: SimulatorFields, at now: Instant) throws(SimulationProblem) -> JSONValue {
    try fields.allow(["domain"])
    guard let name = try fields.text("domain") else {
      aws.withCloud { $0.release(at: now) }
      simulatorState.withLock { $0.release() }
      return ["released": "all"]
    }
    try aws.withCloud { (cloud) throws(SimulationProblem) in
      try cloud.change(domain: name) { $0.release(at: now) }
    }
    return ["released": .string(name)]
  }

  func permit(_ fields: SimulatorFields, _ isAllowed: Bool) throws(SimulationProblem) -> JSONValue {
    try fields.allow(["action", "account"])
    let action = try fields.required("action")
    let account = try fields.text("account") ?? simulatorState.withLock { $0.firstAccount }
    aws.withCloud { cloud in
      if isAllowed { cloud.allow(action, in: account) } else { cloud.deny(action, in: account) }
    }
    return ["action": .string(action), "account": .string(account), "allowed": .bool(isAllowed)]
  }
}
