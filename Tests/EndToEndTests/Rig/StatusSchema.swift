import LosslessJSON
import RolloutCore
import TestSupport
import Testing

/// What `status --json` prints, checked against the contract to the last member.
struct StatusAnswer: Sendable {
  let exit: Int32
  let json: JSONValue

  var domains: [JSONValue] { json["domains"]?.array ?? [] }

  subscript(domain: String) -> JSONValue {
    domains.first { $0["domain"]?.string == domain } ?? .null
  }

  func condition(_ domain: String) -> String? { self[domain]["condition"]?.string }
}

extension Stage {
  /// `status --json`, as any script may call it at any time.
  func status(_ arguments: String...) async throws -> StatusAnswer {
    let result = try await run(["status", "--json", "--config", configPath] + arguments)
    try #require([0, 3].contains(result.status), "\(result)")
    let json = try JSONValue(parsing: result.output)
    StatusSchema.check(json)
    return StatusAnswer(exit: result.status, json: json)
  }

  /// Waits until a domain's condition is that one.
  @discardableResult
  func condition(
    _ condition: String, of domain: String, within limit: Duration = .seconds(30)
  ) async throws -> JSONValue {
    var last = JSONValue.null
    do {
      return try await eventually("\(domain) is \(condition)", within: limit) {
        last = try await status()[domain]
        return last["condition"]?.string == condition ? .some(last) : .none
      }
    } catch let late as TooLate {
      throw TooLate(what: late.what, limit: late.limit, evidence: last.pretty)
    }
  }
}

enum StatusSchema {
  static func check(_ json: JSONValue) {
    expect(json, has: ["version", "generated_at", "daemon", "domains"])
    #expect(json["version"] == 1)
    #expect(isRequiredTime(json["generated_at"]))
    let daemon = json["daemon"] ?? .null
    expect(daemon, has: ["running", "pid", "last_successful_poll_at"])
    #expect(daemon["running"]?.bool != nil)
    #expect(daemon["pid"] == .null || (daemon["pid"]?.int ?? 0) > 0)
    #expect(isTimeOrNull(daemon["last_successful_poll_at"]))
    #expect(json["domains"]?.array != nil)
    for domain in json["domains"]?.array ?? [] { checkDomain(domain) }
  }

  private static func checkDomain(_ domain: JSONValue) {
    expect(
      domain,
      has: [
        "domain", "user_pool_id", "region", "condition", "reason", "ending", "next_step_at",
        "cloudfront_domain",
        "attached_certificate_arn", "desired_certificate_arn", "served", "not_after", "rollout",
      ])
    for name in ["domain", "user_pool_id", "region"] {
      #expect(domain[name]?.string?.isEmpty == false)
    }
    let conditions = [
      "in_sync", "pending", "submitting", "propagating", "retrying", "overdue", "refused",
      "no_candidate", "unknown", "drifted", "held", "unserved",
    ]
    #expect(conditions.contains(domain["condition"]?.string ?? ""))
    for name in [
      "reason", "cloudfront_domain", "attached_certificate_arn", "desired_certificate_arn",
    ] {
      #expect(isTextOrNull(domain[name]), "\(name)")
    }
    #expect(domain["ending"]?.bool != nil)
    #expect(isTimeOrNull(domain["next_step_at"]))
    #expect(isTimeOrNull(domain["not_after"]))
    for edge in domain["served"]?.array ?? [] {
      expect(edge, has: ["address", "sha256", "serial", "not_after", "matches"])
      #expect(edge["sha256"]?.string?.wholeMatch(of: /[0-9a-f]{64}/) != nil)
      #expect(edge["serial"]?.string?.wholeMatch(of: /[0-9A-F]+/) != nil)
      #expect(edge["address"]?.string?.contains(":") == true)
      #expect(isRequiredTime(edge["not_after"]))
      #expect(edge["matches"]?.bool != nil)
    }
    if let rollout = domain["rollout"], rollout != .null { checkRollout(rollout) }
  }

  private static func checkRollout(_ rollout: JSONValue) {
    expect(
      rollout,
      has: [
        "id", "certificate_arn", "previous_certificate_arn", "phase", "started_at",
        "submitted_at", "deadline", "completed_at", "proof", "released_at", "attempts",
        "last_error",
      ])
    #expect(rollout["id"]?.string?.wholeMatch(of: /[0-9a-f]{16}/) != nil)
    #expect(rollout["certificate_arn"]?.string?.hasPrefix("arn:aws:acm:us-east-1:") == true)
    #expect(isTextOrNull(rollout["previous_certificate_arn"]))
    #expect(Rollout.phaseWords.contains(rollout["phase"]?.string ?? ""))
    #expect(isRequiredTime(rollout["started_at"]))
    for name in ["submitted_at", "deadline", "completed_at", "released_at"] {
      #expect(isTimeOrNull(rollout[name]), "\(name)")
    }
    #expect([.null, "edge", "control_plane"].contains(rollout["proof"]))
    #expect((rollout["attempts"]?.int ?? -1) >= 0)
    #expect(isTextOrNull(rollout["last_error"]))
  }

  /// Exactly these members, in this order.
  private static func expect(_ value: JSONValue, has names: [String]) {
    #expect(value.members?.map(\.name) == names)
  }

  private static func isRequiredTime(_ value: JSONValue?) -> Bool {
    value?.string.map(isTime) ?? false
  }

  private static func isTimeOrNull(_ value: JSONValue?) -> Bool {
    value == .null || isRequiredTime(value)
  }

  private static func isTextOrNull(_ value: JSONValue?) -> Bool {
    value == .null || value?.string?.isEmpty == false
  }
}
