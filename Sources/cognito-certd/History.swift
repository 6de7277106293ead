import ArgumentParser
import Configuration
import LosslessJSON
import Reconciliation
import RolloutCore
import Service
import StateStore
import Terminal

struct History: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Shows what was decided, called, answered and proven, and what operators did.",
    discussion: """
      Reads the state file only, while the daemon runs or not. The newest entry comes last; one that \
      was repeated stands where it happened first, with how often and when last. Without --json at \
      most the newest 100 are shown unless --limit says otherwise.
      """)

  @OptionGroup var common: CommonOptions

  @Argument(help: "Show only this domain; one that left the configuration is shown, too.")
  var domain: String?

  @Option(
    help: ArgumentHelp(
      "Show what happened since then: 7d, 2026-11-01 or 2026-11-01T12:00:00Z.",
      valueName: "time"))
  var since: String?

  @Option(help: ArgumentHelp("Show at most so many of the newest entries.", valueName: "number"))
  var limit: Int?

  @Flag(help: "Print JSON, one object a line.")
  var json = false

  /// Entries that a person is shown without `--limit`.
  static let usualLimit = 100

  func validate() throws {
    if let limit, limit < 1 { throw ValidationError("--limit is 1 or more.") }
  }

  func run() throws {
    let wanted = try domain.map(common.domain)
    let path = try common.stateFile()
    do {
      let daemon = try DaemonStatus(stateFile: path)
      let now = SystemClock.now + (.zero - daemon.hostError)
      let query = HistoryQuery(
        domain: wanted, since: try start(before: now),
        limit: limit ?? (json ? nil : History.usualLimit))
      try show(query, from: try StateReader.open(path: path), now: now)
    } catch let failure as StateFailure {
      Output.problem(failure.description)
      throw ExitStatus.failure.exit
    }
  }

  private func start(before now: Instant) throws -> Instant? {
    guard let since else { return nil }
    do throws(Malformed) {
      return try TimeNotation.parse(since, before: now)
    } catch {
      Output.problem("--since \"\(since)\" is not \(error.kind): \(error.problem)")
      throw ExitStatus.usage.exit
    }
  }

  private func show(_ query: HistoryQuery, from reader: StateReader, now: Instant) throws {
    let range = try reader.historyRange(query)
    if let domain = query.domain, !range.isDomainKnown {
      try common.refuse(domain, among: try reader.recordedDomains())
    }
    var text: HistoryText?
    var next = range.first
    // Each page begins behind the last one, and the range has an end.
    while next <= range.last {
      let page = try reader.historyPage(query, from: next, through: range.last)
      guard let last = page.last else { break }
      var lines: [String] = []
      if json {
        lines = page.map { HistoryReport.json($0).encoded }
      } else {
        if text == nil, range.hasEarlier {
          lines = ["Earlier entries are not shown; see --limit and --since."]
        }
        let shown = text ?? table(page, now: now)
        text = shown
        lines += page.flatMap(shown.lines)
      }
      let hasReader = try Output.text(lines.map { $0 + "\n" }.joined())
      guard hasReader, last.id < range.last else { break }
      next = last.id + 1
    }
    if json { return }
    if text == nil { try Output.result("Nothing is recorded\(period(query)).") }
    try showRequests(reader, of: query.domain, now: now)
  }

  private func table(_ page: [RecordedEvent], now: Instant) -> HistoryText {
    HistoryText(
      now: now, screen: Output.screen,
      domains: domain == nil ? page.compactMap(\.domain) : nil)
  }

  private func period(_ query: HistoryQuery) -> String {
    let domain = query.domain.map { " of \($0)" } ?? ""
    return domain + (query.since.map { " since \($0.rfc3339)" } ?? "")
  }

  /// What operators asked for and the daemon has not recorded yet.
  private func showRequests(
    _ reader: StateReader, of domain: DomainName?, now: Instant
  ) throws {
    for request in try reader.waitingRequests()
    where domain == nil || request.domain == domain {
      let ago = RelativeTime(now: now).distance(request.at)
      try Output.result("Waits for the daemon: \(request.words), by \(request.user), \(ago)")
    }
  }
}

extension OperatorRequest {
  /// The command, as it was given.
  fileprivate var words: String {
    let name = domain?.text ?? ""
    return switch kind {
    case .hold(let until): "hold \(name)" + (until.map { " until \($0.rfc3339)" } ?? "")
    case .resume: "resume \(name)"
    case .retry: "retry \(name)"
    case .resumeWave(let wave): "resume --wave \(wave)"
    }
  }
}
