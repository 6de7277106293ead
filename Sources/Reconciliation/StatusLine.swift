import RolloutCore

/// The one line that `systemctl status` shows.
enum StatusLine {
  static func text(_ records: [DomainRecord]) -> String {
    var counts: [(Condition, Int)] = []
    for condition in Condition.known {
      let count = records.count { $0.condition == condition }
      if count > 0 { counts.append((condition, count)) }
    }
    let parts = counts.map { "\($0.1) \($0.0)" }
    let noun = records.count == 1 ? "domain" : "domains"
    var text = "\(records.count) \(noun): \(parts.joined(separator: ", "))"
    if let troubled = records.first(where: { $0.condition.needsPerson }) {
      text += "; \(troubled.domain) needs a person: \(troubled.reason?.reason.word ?? "")"
    }
    return text
  }
}
