import RolloutCore
import Terminal
import Testing

@testable import Service

@Suite("The status for people")
struct StatusViewTests {
  private func stop() throws -> WaveStop {
    WaveStop(
      wave: 1, at: StatusFleet.now - .minutes(3), failures: 2,
      domains: [
        try DomainName(parsing: "a.example.com"), try DomainName(parsing: "b.example.com"),
      ])
  }

  private static let widths: [Int?] = [40, 80, 200, nil]

  @Test("The list fits the terminal", arguments: widths)
  func list(width: Int?) throws {
    let report = StatusFleet.report(try StatusFleet.every(), stops: [try stop()])
    let lines = StatusView(report, on: Screen(width: width, palette: .plain)).list
    if let width { #expect(lines.allSatisfy { DisplayText.columns($0) <= width }) }
    try compare(lines, withSnapshot: "status-list-\(width.map(String.init) ?? "pipe")")
  }

  @Test("The details of a domain fit the terminal", arguments: widths)
  func details(width: Int?) throws {
    let records = try StatusFleet.every()
    let view = StatusView(StatusFleet.report(records), on: Screen(width: width, palette: .plain))
    let lines = records.flatMap(view.details)
    if let width { #expect(lines.allSatisfy { DisplayText.columns($0) <= width }) }
    try compare(lines, withSnapshot: "status-details-\(width.map(String.init) ?? "pipe")")
  }

  @Test("While watched the window and the edges are bars", arguments: [80, 200])
  func bars(width: Int) throws {
    let records = try StatusFleet.every()
    let report = StatusFleet.report(records)
    let view = StatusView(report, on: Screen(width: width, palette: .plain), hasBars: true)
    try compare(view.list + view.details(records[0]), withSnapshot: "status-watch-\(width)")
  }

  @Test("Colours change no character of the list")
  func colours() throws {
    let report = StatusFleet.report(try StatusFleet.every(), stops: [try stop()])
    let coloured = StatusView(report, on: Screen(width: 80, palette: .coloured)).list
    #expect(coloured.joined().contains("\u{1b}[1;31mrefused\u{1b}[0m"))
    #expect(
      coloured.map { $0.replacing(/\u{1b}\[[0-9;]*m/, with: "") }
        == StatusView(report, on: Screen(width: 80, palette: .plain)).list)
  }

  @Test("Of a thousand domains those are shown that need a person, and some of the others")
  func thousand() throws {
    var records = try (0..<970).map { try StatusFleet.record("d\($0).example.com", .inSync) }
    records += try (0..<25).map {
      try StatusFleet.record(
        "p\($0).example.com", .propagating, phase: .propagating(StatusFleet.propagation(15)))
    }
    records += try (0..<5).map {
      try StatusFleet.record("r\($0).example.com", .refused, reason: Explanation(.accessDenied))
    }
    let lines = StatusView(StatusFleet.report(records), on: Screen(width: 80, palette: .plain)).list
    #expect(lines[1] == "1000 domains: 5 refused, 25 propagating, 970 in_sync")
    #expect(lines.count { $0.hasPrefix("r") } == 5)
    #expect(lines.count { $0.hasPrefix("p") } == 20)
    #expect(lines[4].hasPrefix("r0.example.com"))
    #expect(
      lines.suffix(1) == [
        "not shown: 5 propagating, 970 in_sync; 'cognito-certd status DOMAIN' shows any"
      ])
    #expect(lines.count < 40)
  }

  @Test("Up to twenty domains each has its line, of more those in sync are counted")
  func boundary() throws {
    for (count, isListed) in [(20, true), (21, false)] {
      let records = try (0..<count).map { try StatusFleet.record("d\($0).example.com", .inSync) }
      let lines = StatusView(StatusFleet.report(records), on: Screen(width: 80, palette: .plain))
        .list
      #expect(lines.contains { $0.hasPrefix("d7.example.com") } == isListed)
    }
  }

  @Test("One domain is singular, and without one there is no table")
  func numbers() throws {
    let one = StatusFleet.report([try StatusFleet.record("a.example.com", .inSync)])
    #expect(
      StatusView(one, on: Screen(width: 80, palette: .plain)).list[1] == "1 domain: 1 in_sync")
    let none = StatusFleet.report([], isRunning: false)
    #expect(
      StatusView(none, on: Screen(width: 80, palette: .plain)).list == [
        "cognito-certd is not running", "0 domains",
      ])
  }
}

@Suite("Watching the status")
struct StatusWatchTests {
  private let size = TerminalSize(columns: 80, rows: 24)

  private func propagating(_ part: Int64, edges: Int = 0) throws -> DomainRecord {
    var record = try StatusFleet.record(
      "auth.example.com", .propagating,
      phase: .propagating(StatusFleet.propagation(part, next: .seconds(part))))
    record.served = (0..<edges).map { StatusFleet.edge($0, matches: true) }
    return record
  }

  @Test("Without a terminal there is a new block only when something has changed")
  func blocks() throws {
    var watch = StatusWatch(domain: nil, palette: .plain)
    let first = watch.step(StatusFleet.report([try propagating(1)]), size: nil)
    #expect(first.text.hasPrefix("cognito-certd is running") && first.text.hasSuffix("\n"))
    #expect(!first.isOver)
    // Time passes, and the next check is another one.
    #expect(
      watch.step(
        StatusFleet.report([try propagating(2)], at: StatusFleet.now + .minutes(1)), size: nil)
        == StatusWatch.Step(text: "", isOver: false))
    let edge = watch.step(StatusFleet.report([try propagating(2, edges: 1)]), size: nil)
    #expect(edge.text.hasPrefix("\ncognito-certd") && edge.text.contains("1/1"))
    let done = watch.step(
      StatusFleet.report([try StatusFleet.record("auth.example.com", .inSync)]), size: nil)
    #expect(done.text.contains("in_sync") && done.isOver)
    #expect(!(first.text + edge.text + done.text).contains("\u{1b}"))
  }

  @Test("On a terminal it draws over what it drew, and erases all after a change of the size")
  func redrawing() throws {
    var watch = StatusWatch(domain: nil, palette: .plain)
    let report = StatusFleet.report([try propagating(1)])
    let first = watch.step(report, size: size).text
    let lines = first.count { $0 == "\n" }
    #expect(first.hasPrefix("cognito-certd") && first.hasSuffix("\u{1b}[J"))
    let second = watch.step(report, size: size).text
    #expect(second == "\u{1b}[\(lines)A\r" + first)
    let resized = watch.step(report, size: TerminalSize(columns: 60, rows: 24)).text
    #expect(resized.hasPrefix("\u{1b}[2J\u{1b}[H"))
  }

  @Test("It never draws more lines than the terminal has, and says how many are left out")
  func tall() throws {
    var watch = StatusWatch(domain: nil, palette: .plain)
    let step = watch.step(
      StatusFleet.report(try StatusFleet.every()), size: TerminalSize(columns: 200, rows: 8))
    let lines = step.text.split(separator: "\n")
    #expect(lines.count == 8)
    #expect(lines[6].hasPrefix("… 9 more lines"))
  }

  @Test("It ends when nothing moves by itself, and waits for what others hold up")
  func settled() throws {
    func looks(_ report: StatusReport) -> Int? {
      var watch = StatusWatch(domain: nil, palette: .plain)
      return (1...50).first { _ in watch.step(report, size: nil).isOver }
    }
    func look(_ condition: Condition, _ reason: Explanation? = nil) throws -> DomainRecord {
      try StatusFleet.record("auth.example.com", condition, reason: reason)
    }
    #expect(looks(StatusFleet.report([try look(.inSync)])) == 1)
    #expect(looks(StatusFleet.report([try look(.refused)])) == 1)
    #expect(looks(StatusFleet.report([try look(.pending, Explanation(.observeMode))])) == 5)
    #expect(looks(StatusFleet.report([try look(.pending, Explanation(.waitsForWave))])) == 5)
    #expect(looks(StatusFleet.report([try look(.pending, Explanation(.soaking))])) == nil)
    #expect(looks(StatusFleet.report([try look(.unknown, Explanation(.notLookedAt))])) == nil)
    #expect(looks(StatusFleet.report([try look(.inSync)], hasRequests: true)) == 5)
    #expect(looks(StatusFleet.report([try look(.propagating)])) == nil)
    #expect(looks(StatusFleet.report([try look(.propagating)], isRunning: false)) == 30)
  }
}
