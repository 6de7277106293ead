/// The keys that one kind of section of the configuration file may have.
package enum KeySet: CaseIterable, Sendable {
  case top, included, log, metrics, retry, propagation, defaults, mapping, certificate, probe

  /// Every key of this section.
  package var keys: [String] {
    switch self {
    case .top:
      [
        "poll_interval", "state_file", "concurrency", "drift_interval", "expiry_warnings",
        "max_in_flight", "stop_after_failures", "wave_soak", "include", "log", "metrics", "retry",
        "propagation", "defaults", "domains",
      ]
    case .included: ["defaults", "domains"]
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
        "region", "profile", "role_arn", "external_id", "role_session_name", "certificate",
        "mode", "on_drift", "wave", "rollback", "ca_file", "probe",
      ]
    case .mapping: ["domain", "user_pool_id"] + KeySet.defaults.keys
    case .certificate:
      [
        "arn", "domain_name", "tags", "any", "types", "key_algorithms", "min_remaining", "soak",
      ]
    case .probe: ["enabled", "connect_to"]
    }
  }

  private static let known = Dictionary(
    uniqueKeysWithValues: allCases.map { ($0, Set($0.keys)) })

  /// The section as a phrase for messages: `in an entry of domains`.
  package var phrase: String {
    switch self {
    case .top: "at the top level"
    case .included: "in an included file"
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

  /// Keys that a later version will define. Their section is not fixed yet. To ignore a key that
  /// someone relies on is worse than an error.
  package static let reserved: Set<String> = ["lease", "wake", "hooks", "ssm_parameter"]

  /// Why a key may not be written in this section and what to do; nil when it may.
  func problem(withKey key: String) -> String? {
    if KeySet.reserved.contains(key) {
      return "this key is not supported yet by this version; remove it"
    }
    return KeySet.known[self]?.contains(key) ?? false ? nil : problem(withUnknownKey: key)
  }

  private func problem(withUnknownKey key: String) -> String {
    if key == "<<" { return "merge keys are not supported; write the keys out, or use `defaults`" }
    if self == .included, key == "include" {
      return "an included file cannot include others; add the pattern to `include` in the main file"
    }
    if self == .included, KeySet.top.keys.contains(key) {
      return "this key is not allowed in an included file; move it to the main file"
    }
    if let near = Suggestion.nearest(to: key, among: keys) {
      return "unknown key; did you mean \"\(near)\"?"
    }
    // An included file has no key that the main file does not have.
    let sections = KeySet.allCases.filter {
      $0 != self && $0 != .included && $0.keys.contains(key)
    }
    if !sections.isEmpty {
      let phrases = sections.map(\.phrase).joined(separator: " or ")
      return "this key is not allowed here; move it: it belongs \(phrases)"
    }
    return "unknown key; remove it, or use one of \(keys.joined(separator: ", "))"
  }
}
