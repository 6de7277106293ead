import LosslessJSON

/// A configuration for the daemon: an hour is compressed to seconds.
struct ConfigFile: Sendable {
  var top = ["poll_interval": "1s", "drift_interval": "0"]
  var retry = ["initial": "200ms", "maximum": "1s"]
  var propagation = [
    "window": "30s", "check_interval": "200ms", "max_check_interval": "400ms",
    "idle_probe_interval": "0",
  ]
  var metrics: [String: String] = [:]
  var log = ["level": "trace", "format": "json"]
  var mappings: [Mapping]

  struct Mapping: Sendable {
    var domain: String
    var userPoolID: String
    var edges: [String]
    var certificate = "{ any: true }"
    /// Any other key.
    var more: [String: String] = [:]
    /// nil: at the edges; off where there are none.
    var probe: String?
    /// nil: the simulator's own.
    var caFile: String?
  }

  /// The mapping of a domain, to be changed.
  subscript(domain: String) -> Mapping {
    get {
      mappings.first { $0.domain == domain }
        ?? Mapping(domain: domain, userPoolID: "eu-west-1_None", edges: [])
    }
    set {
      mappings.removeAll { $0.domain == domain }
      mappings.append(newValue)
    }
  }

  func yaml(stateFile: String, caFile: String) -> String {
    var lines = ["state_file: \(quoted(stateFile))"]
    for (key, value) in top.sorted(by: { $0.key < $1.key }) { lines.append("\(key): \(value)") }
    for (name, keys) in [
      ("retry", retry), ("propagation", propagation), ("log", log), ("metrics", metrics),
    ] where !keys.isEmpty {
      lines.append("\(name):")
      lines += keys.sorted { $0.key < $1.key }.map { "  \($0.key): \($0.value)" }
    }
    return lines.joined(separator: "\n") + "\n" + domains(caFile: caFile)
  }

  /// What another file has when this one includes it.
  func domains(caFile: String) -> String {
    var lines = ["domains:"]
    for mapping in mappings {
      lines += [
        "  - domain: \(quoted(mapping.domain))",
        "    user_pool_id: \(quoted(mapping.userPoolID))",
        "    ca_file: \(quoted(mapping.caFile ?? caFile))",
        "    certificate: \(mapping.certificate)",
      ]
      let edges = mapping.edges.map(quoted).joined(separator: ", ")
      let target = edges.isEmpty ? "{ enabled: false }" : "{ connect_to: [\(edges)] }"
      lines.append("    probe: \(mapping.probe ?? target)")
      lines += mapping.more.sorted { $0.key < $1.key }.map { "    \($0.key): \($0.value)" }
    }
    return lines.joined(separator: "\n") + "\n"
  }

  /// A JSON text is a YAML double-quoted text too.
  private func quoted(_ text: String) -> String { JSONValue.string(text).encoded }
}
