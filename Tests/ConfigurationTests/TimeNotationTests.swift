import Configuration
import RolloutCore
import Testing

@Suite("A point in time on the command line")
struct TimeNotationTests {
  private static let now = Instant(year: 2026, month: 11, day: 24, hour: 12)

  private func parse(_ text: String) -> Instant? {
    do {
      return try TimeNotation.parse(text, before: TimeNotationTests.now)
    } catch {
      #expect(!error.problem.isEmpty && error.kind == "a time")
      return nil
    }
  }

  @Test(
    "a duration counts back from now, a day begins at midnight UTC, and a time has its zone",
    arguments: [
      ("7d", "2026-11-17T12:00:00Z"), ("1h30m", "2026-11-24T10:30:00Z"),
      ("0", "2026-11-24T12:00:00Z"), ("2026-11-01", "2026-11-01T00:00:00Z"),
      ("2028-02-29", "2028-02-29T00:00:00Z"),
      ("2026-11-01T12:34:56Z", "2026-11-01T12:34:56Z"),
      ("2026-11-01t12:34:56.7z", "2026-11-01T12:34:56.700Z"),
      ("2026-11-01T12:34:56.789123Z", "2026-11-01T12:34:56.789Z"),
      ("2026-11-01T12:34Z", "2026-11-01T12:34:00Z"),
      ("2026-11-01 12:34", "2026-11-01T12:34:00Z"),
      ("2026-11-01T01:00:00+02:00", "2026-10-31T23:00:00Z"),
      ("2026-10-31T23:00:00-01:30", "2026-11-01T00:30:00Z"),
    ])
  func accepted(text: String, time: String) {
    #expect(parse(text)?.rfc3339 == time)
  }

  @Test(
    "anything else is refused with what to write",
    arguments: [
      "", "7", "yesterday", "-7d", "2026", "2026-11", "2026-11-31", "2026-02-29", "2026-13-01",
      "2026-00-10", "2026-11-01T", "2026-11-01T25:00Z", "2026-11-01T12:60Z", "2026-11-01T12:00:61Z",
      "2026-11-01T12:00:00+25:00", "2026-11-01T12:00:00+0200", "2026-11-01T12:00:00Zx",
      "2026-11-01T12:00:00.Z", "2026-11-01x", "٢٠٢٦-11-01", "4000d",
    ])
  func refused(text: String) {
    #expect(parse(text) == nil, "\(text)")
  }
}
