import Reconciliation
package import RolloutCore
package import Terminal

/// What `status --watch` writes, look by look. On a terminal it draws over what it drew before;
/// elsewhere it writes a new block when something has changed.
package struct StatusWatch: Sendable {
  /// nil: all of them.
  private let domain: DomainName?
  private let palette: Palette
  private var drawn: (lines: Int, size: TerminalSize)?
  private var written: [Mark]?
  private var quietLooks = 0
  private var looksWithoutDaemon = 0

  /// The time from look to look.
  package static let interval = Duration.seconds(1)
  /// Between two waves, or while a request is on its way, nothing moves for a moment.
  static let quietLooks = 5
  /// A service that restarts is back by then.
  static let looksWithoutDaemon = 30

  package init(domain: DomainName?, palette: Palette) {
    self.domain = domain
    self.palette = palette
  }

  package struct Step: Equatable, Sendable {
    /// What is to be written; may be empty.
    package let text: String
    /// Whether all is settled, or no daemon is there to settle it.
    package let isOver: Bool
  }

  /// - Parameter size: nil when the output is no terminal.
  package mutating func step(_ report: StatusReport, size: TerminalSize?) -> Step {
    let isOver = isOver(report)
    guard let size else {
      let marks = report.records.map { Mark($0, at: report.now) } + [Mark(report)]
      if marks == written { return Step(text: "", isOver: isOver) }
      let separator = written == nil ? "" : "\n"
      written = marks
      return Step(
        text: separator + lines(report, width: nil).map { $0 + "\n" }.joined(), isOver: isOver)
    }
    return Step(text: redraw(lines(report, width: size.columns), size), isOver: isOver)
  }

  private func lines(_ report: StatusReport, width: Int?) -> [String] {
    let view = StatusView(
      report, on: Screen(width: width, palette: palette), hasBars: true)
    return domain == nil ? view.list : report.records.flatMap(view.details)
  }

  /// The cursor goes up to the first line, each line is written again, and what is below is erased
  /// (ECMA-48: CUU, EL, ED). After a change of the size lines may have been broken, so that everything
  /// is erased.
  private mutating func redraw(_ lines: [String], _ size: TerminalSize) -> String {
    let escape = "\u{1b}["
    var shown = lines
    let room = max(1, size.rows - 1)
    if lines.count > room {
      shown = lines.prefix(room - 1) + ["… \(counted(lines.count - room + 1, "more line"))"]
    }
    var text = ""
    if let drawn, drawn.lines > 0 {
      text = drawn.size == size ? "\(escape)\(drawn.lines)A\r" : "\(escape)2J\(escape)H"
    }
    for line in shown { text += "\(line)\(escape)K\n" }
    drawn = (shown.count, size)
    return text + "\(escape)J"
  }

  // MARK: The end

  private mutating func isOver(_ report: StatusReport) -> Bool {
    guard report.daemon.isRunning else {
      looksWithoutDaemon += 1
      return looksWithoutDaemon >= StatusWatch.looksWithoutDaemon
    }
    looksWithoutDaemon = 0
    let moves = report.records.contains { $0.movesOnByItself || $0.reason?.reason == .notLookedAt }
    if moves {
      quietLooks = 0
      return false
    }
    quietLooks += 1
    let waits =
      report.hasRequests || report.records.contains { $0.condition.isInProgress }
    return !waits || quietLooks >= StatusWatch.quietLooks
  }

  /// What makes a difference to a reader: neither a time that passes nor a check that comes again.
  private struct Mark: Equatable, Sendable {
    private var facts: [String]
    private var served: [ServedEdge] = []

    init(_ record: DomainRecord, at now: Instant) {
      facts = [
        record.domain.text, record.condition.word, record.reason?.reason.word ?? "",
        record.reason?.detail.maskingDigits ?? "", record.attached?.text ?? "",
        record.desired?.text ?? "", String(record.isEnding(at: now)),
      ]
      if let rollout = record.rollout {
        facts += [rollout.id, rollout.phaseWord, String(rollout.attempts)]
      }
      served = record.served
    }

    init(_ report: StatusReport) {
      facts = [String(report.daemon.isRunning), String(report.daemon.pid ?? 0)]
      facts += report.stops.map { "\($0.wave) \($0.failures)" }
    }
  }
}
