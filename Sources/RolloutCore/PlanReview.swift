/// A second, independent reading of a plan: derives from what was seen, and not from how the
/// plan was made, whether each call is safe. A violation is a bug in the planner; the call is
/// not made.
package enum PlanReview {
  package struct Violation: Equatable, Sendable {
    package let domain: DomainName
    package let rule: String
  }

  package static func violations(
    in plan: PassPlan, inputs: [DomainInput], now: Instant
  ) -> [Violation] {
    let inputs = Dictionary(
      inputs.map { ($0.mapping.domain, $0) }, uniquingKeysWith: { first, _ in first })
    var called: Set<DomainName> = []
    var violations: [Violation] = []
    for decision in plan.decisions {
      guard let update = decision.update else { continue }
      func object(_ rule: String) {
        violations.append(Violation(domain: update.domain, rule: rule))
      }
      if !called.insert(update.domain).inserted { object("one call a domain and pass") }
      guard let input = inputs[update.domain] else {
        object("the domain was looked at")
        continue
      }
      for rule in broken(by: update, decision, input, now: now) { object(rule) }
    }
    return violations
  }

  private static func broken(
    by update: DomainUpdate, _ decision: DomainDecision, _ input: DomainInput, now: Instant
  ) -> [String] {
    var broken: [String] = []
    func require(_ holds: Bool, _ rule: String) { if !holds { broken.append(rule) } }
    let rollout = decision.record.rollout
    require(
      decision.record.domain == update.domain && rollout?.phase == .submitting
        && rollout?.certificate == update.certificate && rollout?.settings == update.settings
        && (rollout?.attempts ?? 0) > 0,
      "the intent is in the record")
    require(input.mapping.mode == .apply, "mode is apply")
    require(
      update.userPoolID == input.mapping.userPoolID && update.region == input.mapping.region
        && update.identity == input.mapping.identity, "the call is the mapping's")
    if let hold = input.record.hold {
      require(hold.until.map { $0 <= now } ?? false, "no hold is in force")
    }
    broken += brokenByDescription(update, input)
    broken += brokenByCertificate(update, input, now: now)
    if let rollout, rollout.attempts == 1 { broken += brokenByCause(rollout, input, now: now) }
    return broken
  }

  private static func brokenByDescription(
    _ update: DomainUpdate, _ input: DomainInput
  ) -> [String] {
    guard case .described(let description) = input.look else { return ["the domain was seen"] }
    var broken: [String] = []
    if description.status != .active, description.status != .failed {
      broken.append("the domain takes updates")
    }
    if description.status == .active, description.certificateARN == update.certificate {
      broken.append("Cognito does not show the certificate already")
    }
    if description.settings != update.settings { broken.append("settings are sent as seen") }
    if let pool = description.userPoolID, pool != update.userPoolID.text {
      broken.append("the domain is the pool's")
    }
    return broken
  }
}
