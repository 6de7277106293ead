/// The keys of the configuration file, by the mapping they stand in.
package enum Schema: CaseIterable, Sendable {
  case top, log, metrics, retry, propagation, defaults, mapping, certificate, probe

  package var keys: [String] {
    switch self {
    case .top:
      [
        "poll_interval", "state_file", "concurrency", "log", "metrics", "retry", "propagation",
        "defaults", "domains",
      ]
    case .log: ["level", "format"]
    case .metrics: ["listen", "textfile"]
    case .retry: ["initial", "maximum"]
    case .propagation:
      [
        "window", "check_interval", "max_check_interval", "confirmations", "resubmits",
        "idle_probe_interval",
      ]
    case .defaults:
      [
        "region", "profile", "role_arn", "external_id", "certificate", "mode", "on_drift", "wave",
        "ca_file", "probe",
      ]
    case .mapping: ["domain", "user_pool_id"] + Schema.defaults.keys
    case .certificate:
      [
        "arn", "domain_name", "tags", "any", "types", "key_algorithms", "min_remaining", "soak",
      ]
    case .probe: ["enabled", "connect_to"]
    }
  }

  /// The keys that may be written today.
  package var supportedKeys: [String] { keys.filter { !Schema.unsupported.contains($0) } }

  /// Where its keys belong, for people.
  package var location: String {
    switch self {
    case .top: "at the top level"
    case .log: "in `log`"
    case .metrics: "in `metrics`"
    case .retry: "in `retry`"
    case .propagation: "in `propagation`"
    case .defaults: "in `defaults`"
    case .mapping: "in an entry of `domains`"
    case .certificate: "in `certificate`"
    case .probe: "in `probe`"
    }
  }

  /// Known, so that they are not taken for mistakes, and refused: what is asked for and then
  /// not done is worse than an error.
  package static let unsupported: Set<String> = ["role_arn", "external_id", "metrics"]

  /// Names that later versions give a meaning to, wherever they stand.
  package static let reserved: Set<String> = [
    "drift_interval", "max_in_flight", "stop_after_failures", "wave_soak", "rollback",
    "expiry_warnings", "lease", "wake", "hooks", "ssm_parameter",
  ]

  /// What is wrong with a key in this mapping; nil when it may stand here.
  func complaint(about key: String) -> String? {
    let isKnown = keys.contains(key)
    if Schema.reserved.contains(key) || isKnown && Schema.unsupported.contains(key) {
      return "not supported yet by this version; remove the key"
    }
    return isKnown ? nil : complaint(aboutUnknown: key)
  }

  private func complaint(aboutUnknown key: String) -> String {
    if key == "<<" { return "merge keys are not supported; write the keys out, or use `defaults`" }
    if let near = Suggestion.nearest(to: key, among: supportedKeys) {
      return "unknown key; did you mean \"\(near)\"?"
    }
    let homes = Schema.allCases.filter { $0 != self && $0.keys.contains(key) }
    if !homes.isEmpty {
      let places = homes.map(\.location).joined(separator: " or ")
      return "unknown key here; it belongs \(places)"
    }
    return "unknown key; remove it, or use one of \(supportedKeys.joined(separator: ", "))"
  }
}
