package import LosslessJSON
package import RolloutCore
import Terminal

/// What `doctor` shows, the worst first.
package struct DoctorReport: Equatable, Sendable {
  package let checks: [DoctorCheck]
  package let now: Instant
  /// What principals lack, as policies; each once.
  private let policies: [Policy]

  private struct Policy: Hashable, Sendable {
    let principal: String
    let account: String
    let result: DoctorCheck.Result
    let text: String
  }

  package init(checks: [DoctorCheck], now: Instant) {
    self.now = now
    let sorted = DoctorReport.sorted(checks)
    policies = DoctorReport.policies(for: sorted)
    self.checks = sorted
  }

  package var hasFailed: Bool { checks.contains { $0.result == .failed } }

  /// One policy for each principal with all that it lacks, and another with what is not certain.
  private static func policies(for checks: [DoctorCheck]) -> [Policy] {
    struct Holder: Hashable {
      let principal: String
      let account: String
      let result: DoctorCheck.Result
    }
    var order: [Holder] = []
    var missing: [Holder: [MissingPermission]] = [:]
    for check in checks {
      guard let permission = check.permission else { continue }
      let holder = Holder(
        principal: permission.principal, account: permission.account, result: check.result)
      if missing[holder] == nil { order.append(holder) }
      missing[holder, default: []].append(permission)
    }
    return order.map { holder in
      Policy(
        principal: holder.principal, account: holder.account, result: holder.result,
        text: PolicyStatement.text(for: missing[holder, default: []]))
    }
  }

  private func policy(for check: DoctorCheck) -> Policy? {
    guard let permission = check.permission else { return nil }
    return policies.first { $0.principal == permission.principal && $0.result == check.result }
  }

  /// With the policy to paste.
  private func completeFix(of check: DoctorCheck) -> String? {
    guard let policy = policy(for: check) else { return check.fix }
    return
      "\(check.fix ?? "allow it") with this policy for \(policy.principal) in account "
      + "\(policy.account): \(policy.text)"
  }

  /// The policy is shown once, below.
  private func shortFix(of check: DoctorCheck) -> String? {
    guard let policy = policy(for: check) else { return check.fix }
    return "\(check.fix ?? "allow it") with the policy for \(policy.principal) below"
  }

  private static func sorted(_ checks: [DoctorCheck]) -> [DoctorCheck] {
    func rank<Value: CaseIterable & Equatable>(_ value: Value) -> Int {
      Array(Value.allCases).firstIndex(of: value) ?? 0
    }
    return checks.sorted {
      (rank($0.result), rank($0.kind), $0.object, $0.detail)
        < (rank($1.result), rank($1.kind), $1.object, $1.detail)
    }
  }

  // MARK: For programs

  package var json: JSONValue {
    [
      "version": 1,
      "generated_at": .string(now.rfc3339),
      "checks": .array(
        checks.map { check in
          [
            "check": .string(check.kind.rawValue), "object": .string(check.object),
            "result": .string(check.result.rawValue), "detail": .string(check.detail),
            "fix": JSONValue(completeFix(of: check)),
          ]
        }),
    ]
  }

  // MARK: For people

  package func text(on screen: Screen) -> String {
    let kinds = checks.map { DisplayText.columns($0.kind.rawValue) }.max() ?? 0
    let results = checks.map { DisplayText.columns($0.result.rawValue) }.max() ?? 0
    let lines = grouped.flatMap { check -> [String] in
      let result = screen.palette.show(check.result.rawValue, as: style(check.result))
      let gap = String(repeating: " ", count: results - DisplayText.columns(check.result.rawValue))
      let kind = DisplayText.padded(check.kind.rawValue, to: kinds)
      let margin = results + kinds + 4
      let object = DisplayText.singleLine(check.object)
      let rest = object.isEmpty ? check.detail : "\(object): \(check.detail)"
      // Beside a long kind there may be too little room.
      let isNarrow = screen.width.map { $0 - margin < DoctorReport.narrowest } ?? false
      let indent = isNarrow ? 2 : margin
      let blank = String(repeating: " ", count: indent)
      var body = screen.wrapped(ARNTail.shortening(rest), indent: indent)
      let head = isNarrow || body.isEmpty ? "" : "  " + body.removeFirst()
      var lines = ["\(result)\(gap)  \(head.isEmpty ? check.kind.rawValue : kind + head)"]
      lines += body.map { blank + $0 }
      if let fix = shortFix(of: check) {
        lines += screen.paragraph(ARNTail.shortening("fix: " + fix), .strong, indent: indent)
      }
      return lines
    }
    // On a line of their own, so that they can be copied.
    let texts = policies.flatMap { policy in
      ["", "policy for \(policy.principal) in account \(policy.account):", policy.text]
    }
    return (lines + texts + ["", summary]).joined(separator: "\n")
  }

  /// The addresses of one domain that do alike as one check: CloudFront has a dozen of them.
  private var grouped: [DoctorCheck] {
    var result: [(check: DoctorCheck, domain: Substring, count: Int)] = []
    for check in checks {
      let domain = check.object.prefix { $0 != " " }
      if check.kind == .edge, let last = result.last, last.check.kind == .edge,
        last.domain == domain, last.check.result == check.result, last.check.detail == check.detail,
        last.check.fix == check.fix
      {
        result[result.count - 1].count += 1
        result[result.count - 1].check.object =
          "\(domain), \(last.count + 1) addresses"
      } else {
        result.append((check, domain, 1))
      }
    }
    return result.map(\.check)
  }

  /// Columns.
  private static let narrowest = 30

  private var summary: String {
    DoctorCheck.Result.allCases.compactMap { result in
      let count = checks.count { $0.result == result }
      return count == 0 ? nil : "\(count) \(result.rawValue)"
    }.joined(separator: ", ")
  }

  private func style(_ result: DoctorCheck.Result) -> Style {
    switch result {
    case .failed: .bad
    case .warning: .warning
    case .untested: .faint
    case .ok: .good
    }
  }
}
