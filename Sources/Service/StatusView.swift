package import RolloutCore
import Terminal

/// `status` for people: the daemon, the domains by condition, and one line for each domain that is
/// of interest, the worst first; or everything about one domain.
package struct StatusView: Sendable {
  let report: StatusReport
  let screen: Screen
  /// Whether the window and the proven edges are also shown as bars.
  let hasBars: Bool

  /// Up to this many domains each has its line. Of more, those in sync are counted, and of each other
  /// condition that needs nobody as many are shown.
  static let shortList = 20
  /// The narrowest terminal with room for the certificate, and for times by the clock.
  private static let roomyWidth = 100
  /// In columns, with and without room.
  private static let barWidths = (roomy: 12, narrow: 7)

  /// A space at which no line is broken.
  private static let fixedSpace = "\u{a0}"

  package init(_ report: StatusReport, on screen: Screen, hasBars: Bool = false) {
    self.report = report
    self.screen = screen
    self.hasBars = hasBars
  }

  private var isNarrow: Bool { screen.width.map { $0 < StatusView.roomyWidth } ?? false }

  private var words: StatusWords {
    StatusWords(now: report.now, isBrief: isNarrow, hasWindow: isNarrow && hasBars)
  }

  // MARK: All domains

  package var list: [String] {
    var lines = daemonLines + countLines
    for stop in report.stops { lines += screen.paragraph(words(for: stop), .bad) }
    let shown = report.records.count <= StatusView.shortList ? sorted : interesting
    if shown.isEmpty { return lines }
    var table = TextTable(columns)
    for record in shown { table.add(cells(record)) }
    lines += [""] + screen.lines(of: table)
    lines += omissions(shown).flatMap { screen.paragraph($0, .faint) }
    return lines
  }

  /// Whether there is room for the attached certificate and for the one that replaces it.
  private var isWide: Bool { screen.width.map { $0 >= StatusView.wideColumns } ?? true }
  private static let wideColumns = 120

  private var columns: [TextTable.Column] {
    let bars: [TextTable.Column] =
      hasBars ? [.init("WINDOW"), .init("EDGES", alignment: .right)] : []
    return [.init("DOMAIN", shrinking: .to(20, cut: .middle)), .init("CONDITION")]
      + (isNarrow ? [] : [.init("CERT")]) + bars + [.init("NEXT", shrinking: .to(14))]
  }

  private func cells(_ record: DomainRecord) -> [TextTable.Cell] {
    let isEnding = record.isEnding(at: report.now)
    let condition = record.condition.word + (isEnding ? ", ending" : "")
    let open = record.rollout.flatMap { $0.isOpen ? $0.certificate : nil }
    let bars: [TextTable.Cell] =
      hasBars
      ? [.init(windowBar(record) ?? "", .active), .init(edgeBar(record) ?? "", .active)] : []
    let change = open.flatMap { open in
      isWide && record.attached != open ? record.attached.map { "\($0.tail) -> " } : nil
    }
    let certificate = (change ?? "") + ((open ?? record.attached).map(\.tail) ?? "")
    return [
      .init(record.domain.text, .strong),
      .init(condition, isEnding ? .bad : record.condition.style),
    ] + (isNarrow ? [] : [.init(certificate, .faint)]) + bars + [.init(words.next(record))]
  }

  /// `3 domains: 1 refused, 2 in_sync`, broken between two conditions only.
  private var countLines: [String] {
    let total = counted(report.records.count, "domain")
    let groups = Dictionary(grouping: report.records, by: \.condition)
      .sorted { ($0.key.rank, $0.key.word) < ($1.key.rank, $1.key.word) }
      .map { "\($0.value.count) \($0.key.word)" }
    let ending = report.records.count { $0.isEnding(at: report.now) }
    let all = (ending > 0 ? ["\(ending) ending"] : []) + groups
    let parts = all.enumerated().map { number, group in
      group + (number < all.count - 1 ? "," : "")
    }
    let words = ([all.isEmpty ? total : total + ":"] + parts).map {
      DisplayText.singleLine($0).replacing(" ", with: StatusView.fixedSpace)
    }
    let text = words.joined(separator: " ")
    return (screen.width.map { DisplayText.wrapped(text, to: $0) } ?? [text]).map {
      screen.palette.show($0.replacing(StatusView.fixedSpace, with: " "), as: .strong)
    }
  }

  /// The worst first.
  private var sorted: [DomainRecord] {
    func rank(_ record: DomainRecord) -> (Int, Int) {
      (record.isEnding(at: report.now) ? 0 : 1, record.condition.rank)
    }
    return report.records.sorted {
      rank($0) == rank($1) ? $0.domain < $1.domain : rank($0) < rank($1)
    }
  }

  /// Those that need a person, and some of each other condition.
  private var interesting: [DomainRecord] {
    var counts: [Condition: Int] = [:]
    return sorted.filter { record in
      if needsPerson(record) { return true }
      counts[record.condition, default: 0] += 1
      return record.condition != .inSync
        && counts[record.condition, default: 0] <= StatusView.shortList
    }
  }

  private func needsPerson(_ record: DomainRecord) -> Bool {
    record.condition.needsPerson || record.isEnding(at: report.now)
  }

  /// What the list leaves out.
  private func omissions(_ shown: [DomainRecord]) -> [String] {
    let rest = Set(report.records.map(\.domain)).subtracting(shown.map(\.domain))
    if rest.isEmpty { return [] }
    let omitted = Dictionary(
      grouping: report.records.filter { rest.contains($0.domain) }, by: \.condition)
    let parts = omitted.sorted { $0.key.rank < $1.key.rank }
      .map { "\($0.value.count) \($0.key.word)" }
    return ["not shown: \(parts.joined(separator: ", ")); 'cognito-certd status DOMAIN' shows any"]
  }

  // MARK: One domain

  package func details(_ record: DomainRecord) -> [String] {
    let isEnding = record.isEnding(at: report.now)
    let condition = record.condition.word + (isEnding ? ", ending" : "")
    var title = TextTable([.init(""), .init("")])
    title.add([
      .init(record.domain.text, .strong),
      .init(condition, isEnding ? .bad : record.condition.style),
    ])
    var lines = daemonLines + [""] + screen.lines(of: title)
    let words = StatusWords(now: report.now, hasWindow: true)
    func add(_ name: String, _ value: String?) {
      guard let value, !value.isEmpty else { return }
      lines += pair(name, value)
    }
    add("reason", record.reason?.description)
    let next = words.next(record)
    if next != record.reason?.description { add("next", next) }
    if let deadline = record.rollout?.deadline {
      let bar = windowBar(record).map { $0 + " " } ?? ""
      add("window", (hasBars ? bar : "") + words.ends(deadline))
    }
    if hasBars { add("proven", edgeBar(record)) }
    add("pool", "\(record.userPoolID) in \(record.region)")
    add("distribution", record.cloudFrontDomain)
    add("attached", record.attached?.text)
    if record.desired != record.attached { add("desired", record.desired?.text) }
    add("ends", record.attachedNotAfter.map { RelativeTime(now: report.now).both($0) })
    for edge in record.served {
      add(
        "edge",
        "\(edge.address) served \(words.leaf(edge, record)), which \(words.ends(edge.notAfter))")
    }
    add("rollout", record.rollout.map(words.outcome))
    if let error = record.rollout?.error, error != record.reason {
      add("error", error.description)
    }
    return lines
  }

  private func pair(_ name: String, _ value: String) -> [String] {
    let indent = 16
    let title = screen.palette.show(DisplayText.padded("  \(name)", to: indent), as: .faint)
    let blank = String(repeating: " ", count: indent)
    return screen.wrapped(value, indent: indent).enumerated().map { number, part in
      (number == 0 ? title : blank) + part
    }
  }

  // MARK: Parts of both

  private var daemonLines: [String] {
    let daemon = report.daemon
    let times = RelativeTime(now: report.now)
    guard daemon.isRunning else {
      let last = daemon.lastSuccessfulPoll.map { "; last successful poll \(times.both($0))" } ?? ""
      return screen.paragraph("cognito-certd is not running\(last)", .bad)
    }
    let pid = daemon.pid.map { " (pid \($0))" } ?? ""
    let poll =
      daemon.lastSuccessfulPoll.map { "last successful poll \(times.both($0))" }
      ?? "no successful poll since it started"
    let isBad = daemon.problem(at: report.now) != nil
    return screen.paragraph("cognito-certd is running\(pid); \(poll)", isBad ? .bad : .plain)
  }

  private func words(for stop: WaveStop) -> String {
    "wave \(stop.wave) is stopped since \(RelativeTime(now: report.now).both(stop.at)): "
      + "\(stop.explanation.detail)"
  }

  private var barWidth: Int {
    isNarrow ? StatusView.barWidths.narrow : StatusView.barWidths.roomy
  }

  /// How much of the window has passed.
  private func windowBar(_ record: DomainRecord) -> String? {
    record.rollout?.propagation.map { propagation in
      ProgressBar.text(
        Double(report.now.since(propagation.acceptedAt).inMilliseconds),
        of: Double(propagation.deadline.since(propagation.acceptedAt).inMilliseconds),
        columns: barWidth)
    }
  }

  /// How many edges serve the certificate that is wanted.
  private func edgeBar(_ record: DomainRecord) -> String? {
    let count = record.served.count
    guard record.rollout?.propagation != nil, count > 0 else { return nil }
    let matching = record.served.count { $0.matches }
    let bar = ProgressBar.text(
      Double(matching), of: Double(count), columns: barWidth)
    return "\(bar) \(matching)/\(count)"
  }
}
