import RolloutCore

/// The one line that `systemctl status` shows.
enum StatusLine {
  static func text(_ records: [DomainRecord], nextLookAt: Instant?) -> String {
    var counts: [(Condition, Int)] = []
    for condition in Condition.allCases {
      let count = records.count { $0.condition == condition }
      if count > 0 { counts.append((condition, count)) }
    }
    let parts = counts.map { "\($0.1) \($0.0.rawValue)" }
    let noun = records.count == 1 ? "domain" : "domains"
    var text = "\(records.count) \(noun): \(parts.joined(separator: ", "))"
    if let troubled = records.first(where: { $0.condition.needsPerson }) {
      text += "; \(troubled.domain) needs a person: \(troubled.reason?.code ?? "")"
    }
    if let nextLookAt { text += "; next look at \(nextLookAt.rfc3339)" }
    return text
  }
}
