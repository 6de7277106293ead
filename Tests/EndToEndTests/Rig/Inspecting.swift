import LosslessJSON
import TestSupport
import Testing

extension Stage {
  /// What a command prints as JSON, which may end with any of `statuses`.
  func answer(
    _ command: String, _ arguments: String..., statuses: [Int32] = [0],
    environment more: [String: String] = [:]
  ) async throws -> (exit: Int32, json: JSONValue) {
    let result = try await run(
      [command] + arguments + ["--json", "--config", configPath], more)
    try #require(statuses.contains(result.status), "\(result)")
    let json = try JSONValue(parsing: result.output)
    #expect(json["version"] == 1 && json["generated_at"]?.string?.hasSuffix("Z") == true)
    return (result.status, json)
  }

  /// One domain of `plan --json`.
  func plan(_ domain: String, statuses: [Int32] = [0]) async throws -> JSONValue {
    let (_, json) = try await answer("plan", statuses: statuses)
    let entry = try #require(
      json["domains"]?.array?.first { $0["domain"]?.string == domain }, "\(json.encoded)")
    expect(
      entry,
      has: [
        "domain", "action", "condition", "certificate_arn", "previous_certificate_arn", "reason",
        "urgent",
      ])
    return entry
  }

  /// The candidates of `explain --json`, as `tail of the ARN: verdict`.
  func verdicts(_ domain: String) async throws -> [String: String] {
    let (_, json) = try await answer("explain", domain)
    let candidates = try #require(json["candidates"]?.array)
    for candidate in candidates { checkCandidate(candidate) }
    return Dictionary(
      candidates.map {
        ($0["certificate_arn"]?.string ?? "", $0["verdict"]?.string ?? "")
      }, uniquingKeysWith: { first, _ in first })
  }

  private func checkCandidate(_ candidate: JSONValue) {
    expect(
      candidate,
      has: [
        "certificate_arn", "primary_name", "names", "type", "key_algorithm", "not_before",
        "not_after", "created_at", "attached", "chosen", "eligible", "verdict", "detail",
        "released_at",
        "checks",
      ])
    let checks = candidate["checks"]?.array ?? []
    #expect(checks.count == 12)
    for check in checks {
      expect(check, has: ["check", "result", "detail"])
      #expect(["passed", "failed", "unknown"].contains(check["result"]?.string))
    }
  }
}

/// Expects the members of an object, in this order and no others.
func expect(_ json: JSONValue, has members: [String]) {
  #expect(json.members?.map(\.name) == members, "\(json.encoded)")
}
