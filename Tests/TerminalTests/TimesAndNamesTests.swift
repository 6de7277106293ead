import POSIX
import RolloutCore
import Terminal
import Testing

@Suite("Times, sizes and names for people")
struct TimesAndNamesTests {
  private let now = Instant(year: 2026, month: 11, day: 23, hour: 14, minute: 4, second: 30)

  @Test(
    "A time is shown by its distance and by the clock",
    arguments: [
      (Duration.seconds(40), "in 40 s (14:05:10Z)"),
      (.seconds(-61), "1 min 1 s ago (14:03:29Z)"),
      (.zero, "now (14:04:30Z)"),
      (.milliseconds(999), "now (14:04:30Z)"),
      (.milliseconds(1000), "in 1 s (14:04:31Z)"),
      (.hours(12) - .seconds(1), "in 11 h 59 min (02:04:29Z)"),
      (.hours(12), "in 12 h (2026-11-24 02:04Z)"),
      (.days(31), "in 31 d (2026-12-24 14:04Z)"),
    ])
  func times(distance: Duration, text: String) {
    #expect(RelativeTime(now: now).both(now + distance) == text)
  }

  @Test("The ends of time are shown too")
  func ends() {
    for instant in [Instant.distantPast, Instant(milliseconds: .max)] {
      #expect(RelativeTime(now: now).both(instant).contains("("))
    }
  }

  @Test(
    "A duration has two units at most",
    arguments: [
      (Duration.zero, "0 s"), (.seconds(59), "59 s"), (.seconds(60), "1 min"),
      (.seconds(3599), "59 min 59 s"), (.hours(2) + .minutes(10) + .seconds(5), "2 h 10 min"),
      (.days(13) + .minutes(59), "13 d"), (.seconds(-5), "0 s"),
    ])
  func words(duration: Duration, text: String) {
    #expect(RelativeTime.words(duration) == text)
  }

  @Test("One is singular")
  func numbers() {
    #expect([0, 1, 2].map { counted($0, "domain") } == ["0 domains", "1 domain", "2 domains"])
    #expect(counted(2, "identity", plural: "identities") == "2 identities")
  }

  @Test("A certificate is named by the end of its ARN, in texts too")
  func arns() throws {
    let arn = try CertificateARN(
      parsing: "arn:aws:acm:us-east-1:123456789012:certificate/0f1e2d3c-0000-0000-0000-aaaabbbbcccc"
    )
    #expect(arn.tail == "…bbbbcccc")
    let short = try CertificateARN(
      parsing: "arn:aws:acm:us-east-1:123456789012:certificate/12345678")
    #expect(short.tail == "12345678")
    #expect(
      ARNTail.shortening("superseded by \(arn.text), not \"\(arn.text)\"")
        == "superseded by …bbbbcccc, not \"…bbbbcccc\"")
    let role = "arn:aws:iam::123456789012:role/cert-rotator"
    #expect(ARNTail.shortening("\(role) arn:") == "\(role) arn:")
  }

  @Test("The size is the window's, then that of the variables, then 80 by 24")
  func sizes() {
    func size(_ environment: [String: String]) -> TerminalSize? {
      TerminalSize(isTerminal: true, window: nil, environment: environment)
    }
    #expect(size([:]) == TerminalSize(columns: 80, rows: 24))
    #expect(size(["COLUMNS": "132", "LINES": "50"]) == TerminalSize(columns: 132, rows: 50))
    for wrong in ["", "0", "-1", "wide", "10001"] {
      #expect(size(["COLUMNS": wrong])?.columns == 80)
    }
    #expect(size(["COLUMNS": "3"])?.columns == 20)
    #expect(TerminalSize(isTerminal: false, window: nil, environment: ["COLUMNS": "80"]) == nil)
    // A file is no terminal, and its window has no size.
    #expect(WindowSize(of: -1) == nil)
  }

  @Test("Colours are for terminals that have them, and for people who want them")
  func colours() {
    func palette(_ isTerminal: Bool, _ environment: [String: String]) -> Palette {
      Palette(isTerminal: isTerminal, environment: environment)
    }
    #expect(palette(true, ["TERM": "xterm"]) == .coloured)
    #expect(palette(true, ["NO_COLOR": ""]) == .coloured)
    #expect(palette(true, ["NO_COLOR": "1"]) == .plain)
    #expect(palette(true, ["TERM": "dumb"]) == .plain)
    #expect(palette(false, [:]) == .plain)
    for style in Style.allCases { #expect(Palette.plain.show("x", as: style) == "x") }
    #expect(Palette.coloured.show("", as: .bad) == "")
  }

  @Test("A bar is full only when nothing is missing")
  func bars() {
    #expect(ProgressBar.text(0, of: 10, columns: 12) == "[----------]")
    #expect(ProgressBar.text(9.99, of: 10, columns: 12) == "[#########-]")
    #expect(ProgressBar.text(10, of: 10, columns: 12) == "[##########]")
    #expect(ProgressBar.text(11, of: 10, columns: 12) == "[##########]")
    #expect(ProgressBar.text(-1, of: 10, columns: 12) == "[----------]")
    #expect(ProgressBar.text(1, of: 0, columns: 6) == "[----]")
    #expect(ProgressBar.text(.nan, of: 1, columns: 6) == "[----]")
  }
}
