import Narration
import RolloutCore
import Terminal

extension PlanReport {
  /// The report for people: how many domains would be changed, then a line a domain, those first that
  /// would be changed or need a person.
  package func text(on screen: Screen) -> String {
    let shown = entries.filter { $0.action != .none || entries.count <= PlanReport.smallFleet }
      .sorted { $0.action.rank < $1.action.rank }
    var table = TextTable([
      .init("ACTION"), .init("DOMAIN", shrinking: .to(12, cut: .middle)), .init("FROM"),
      .init("TO"),
    ])
    for entry in shown { table.add(cells(entry)) }
    let reasons = shown.map { screen.paragraph($0.why, .faint, indent: 2) }
    return (screen.paragraph(summary) + [""] + screen.lines(of: table, details: reasons)).joined(
      separator: "\n")
  }

  /// The most domains of which each is shown although nothing is to be done.
  private static let smallFleet = 20

  private var summary: String {
    let counts = Decision.Action.allCases.sorted { $0.rank < $1.rank }.compactMap { action in
      let count = entries.count { $0.action == action }
      return count == 0 ? nil : "\(count) \(action.summary)"
    }
    return "\(counted(entries.count, "domain")): " + counts.joined(separator: ", ")
  }

  private func cells(_ entry: Entry) -> [TextTable.Cell] {
    let (attached, wanted) = (entry.decision?.attached, entry.decision?.wanted)
    let isChange = attached != wanted
    return [
      .init(entry.action.rawValue, entry.action.style),
      .init(entry.mapping.domain.text, .strong),
      .init(attached.map(\.tail) ?? "unknown"),
      .init(isChange ? wanted.map { "-> \($0.tail)" } ?? "" : ""),
    ]
  }
}

extension PlanReport.Entry {
  fileprivate var why: String { ARNTail.shortening(sentence) }
}

extension Decision.Action {
  /// What is shown first.
  fileprivate var rank: Int {
    switch self {
    case .update: 0
    case .blocked: 1
    case .wait: 2
    case .none: 3
    }
  }

  fileprivate var summary: String {
    switch self {
    case .update: "to update"
    case .blocked: "blocked"
    case .wait: "waiting"
    case .none: "with nothing to do"
    }
  }

  var style: Style {
    switch self {
    case .update: .active
    case .blocked: .bad
    case .wait: .warning
    case .none: .good
    }
  }
}
