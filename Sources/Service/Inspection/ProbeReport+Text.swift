import RolloutCore
import Terminal

extension ProbeReport {
  /// The report for people: the answer, the certificate that is wanted, and a line an edge.
  package func text(on screen: Screen) -> String {
    var lines = screen.paragraph(answer, isProven ? .good : .bad)
    if let wanted {
      let times = RelativeTime(now: now)
      let end = wanted.notAfter.map { ", ends \(times.both($0))" } ?? ""
      lines += screen.paragraph(
        "wanted: \(wanted.certificate.tail)\(end), \(wanted.certificate)", .faint)
    }
    if let failure = round.failure { lines += screen.paragraph(failure.message, .bad) }
    if round.edges.isEmpty { return lines.joined(separator: "\n") }
    var table = TextTable([
      .init("EDGE", shrinking: .to(15, cut: .middle)), .init("STATE"),
      .init("ISSUER", shrinking: .to(8)), .init("ENDS"), .init("TLS"),
      .init("TIME", alignment: .right), .init("PROBLEM", shrinking: .to(8)),
    ])
    for edge in round.edges { table.add(cells(edge, screen)) }
    return (lines + [""] + screen.lines(of: table)).joined(separator: "\n")
  }

  private var answer: String {
    let edges = counted(round.edges.count, "edge")
    let serving = round.edges.count { state(of: $0) == .serving }
    let share = "\(serving) of \(edges) \(serving == 1 ? "serves" : "serve") the wanted certificate"
    if isProven { return "\(domain): proven, \(share)" }
    if wanted?.sha256 == nil { return "\(domain): not proven, the wanted leaf is not known" }
    return "\(domain): not proven, \(share)"
  }

  private func cells(_ edge: EdgeLook, _ screen: Screen) -> [TextTable.Cell] {
    let state = state(of: edge)
    return [
      .init(edge.address), .init(state.rawValue, state.style),
      .init(edge.leaf?.details?.issuer ?? ""),
      .init(edge.leaf.map { end($0.notAfter, screen) } ?? ""),
      .init(edge.leaf?.details?.tlsVersion ?? ""),
      .init(edge.took.map { "\($0.inMilliseconds) ms" } ?? ""),
      .init(edge.problem ?? "", .warning),
    ]
  }
}

extension ProbeReport {
  /// When a leaf ends; both ways where there is room.
  private func end(_ instant: Instant, _ screen: Screen) -> String {
    let times = RelativeTime(now: now)
    if let width = screen.width, width < 120 { return times.clock(instant) }
    return times.both(instant)
  }
}

extension ProbeReport.EdgeState {
  fileprivate var style: Style {
    switch self {
    case .serving: .good
    case .other, .refusing: .bad
    case .unreachable: .warning
    }
  }
}
