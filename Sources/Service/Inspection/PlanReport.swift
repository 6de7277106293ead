package import LosslessJSON
import Narration
package import Reconciliation
package import RolloutCore

/// What `plan` shows: what one pass of the daemon would do now.
package struct PlanReport: Sendable {
  package let mappings: [Mapping]
  package let outcome: Preview.Outcome
  package let now: Instant

  package init(mappings: [Mapping], outcome: Preview.Outcome, now: Instant) {
    self.mappings = mappings
    self.outcome = outcome
    self.now = now
    entries = mappings.map { Entry(mapping: $0, decision: outcome.decisions[$0.domain]) }
  }

  /// A domain of the plan; the decision is nil where it could not be looked at in time.
  struct Entry: Sendable {
    let mapping: Mapping
    let decision: Decision?

    var action: Decision.Action { decision?.action ?? .blocked }

    /// A sentence without its subject.
    var sentence: String {
      decision.map(DecisionText.sentence) ?? "was not looked at in time"
    }
  }

  /// A domain each, in the configuration's order.
  let entries: [Entry]

  /// Whether a call would be made.
  package var changesSomething: Bool {
    outcome.decisions.values.contains { $0.action == .update }
  }

  /// Whether everything was seen that a pass looks at.
  package var isComplete: Bool {
    outcome.failures.isEmpty && entries.allSatisfy { $0.decision?.isDecided ?? false }
  }

  package var json: JSONValue {
    [
      "version": 1,
      "generated_at": .string(now.rfc3339),
      "domains": .array(entries.map(PlanReport.json)),
    ]
  }

  private static func json(_ entry: Entry) -> JSONValue {
    guard let decision = entry.decision else {
      let reason = Explanation(.notLookedAt, "it was not looked at in time")
      return json(
        entry, .unknown, wanted: nil, attached: nil, reason: reason.json, isUrgent: false)
    }
    return json(
      entry, decision.condition, wanted: decision.wanted, attached: decision.attached,
      reason: decision.shownReason, isUrgent: decision.isUrgent)
  }

  private static func json(
    _ entry: Entry, _ condition: Condition, wanted: CertificateARN?, attached: CertificateARN?,
    reason: JSONValue, isUrgent: Bool
  ) -> JSONValue {
    [
      "domain": .string(entry.mapping.domain.text),
      "action": .string(entry.action.rawValue),
      "condition": .string(condition.word),
      "certificate_arn": JSONValue(wanted?.text),
      "previous_certificate_arn": JSONValue(attached?.text),
      "reason": reason,
      "urgent": .bool(isUrgent),
    ]
  }
}

extension Preview.Outcome {
  /// What could not be seen of these domains, a line each.
  package func problems(of mappings: [Mapping]) -> [String] {
    let unlisted = failures.map { identity, failure in
      "the certificates of \(identity) could not be listed: \(failure)"
    }
    let missing = mappings.filter { decisions[$0.domain] == nil }.map(\.domain.text)
    if missing.isEmpty { return unlisted }
    let shown = missing.prefix(Preview.Outcome.namedDomains).joined(separator: ", ")
    let more = missing.count - Preview.Outcome.namedDomains
    return unlisted + ["not looked at in time: \(shown)" + (more > 0 ? " and \(more) more" : "")]
  }

  private static let namedDomains = 5
}
