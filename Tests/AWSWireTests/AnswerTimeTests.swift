import LosslessJSON
import RolloutCore
import Testing

@testable import AWSWire

@Suite("Times in answers")
struct AnswerTimeTests {
  private func time(_ text: String) throws -> String? {
    AnswerTime.instant(try JSONValue(parsing: text))?.rfc3339
  }

  @Test(
    "Seconds and ISO 8601 are both read",
    arguments: [
      ("1795469811", "2026-11-23T21:36:51Z"), ("1795469811.5", "2026-11-23T21:36:51.500Z"),
      ("1.795469811E9", "2026-11-23T21:36:51Z"), ("0", "1970-01-01T00:00:00Z"),
      ("-1.25", "1969-12-31T23:59:58.750Z"), ("1795469811.1239", "2026-11-23T21:36:51.124Z"),
      ("253402300799", "9999-12-31T23:59:59Z"), ("-2208988800", "1900-01-01T00:00:00Z"),
      ("\"2026-11-23T21:36:51Z\"", "2026-11-23T21:36:51Z"),
      ("\"2026-11-23T21:36:51.1239Z\"", "2026-11-23T21:36:51.123Z"),
      ("\"2026-11-23 22:36:51+01:00\"", "2026-11-23T21:36:51Z"),
      ("\"2026-11-23T16:06:51-0530\"", "2026-11-23T21:36:51Z"),
      ("\"2028-02-29T00:00:00Z\"", "2028-02-29T00:00:00Z"),
    ])
  func read(text: String, expected: String) throws {
    #expect(try time(text) == expected)
  }

  @Test(
    "A malformed time or one out of range is nil and never a trap",
    arguments: [
      "1e999", "-1e999", "1e18", "9223372036854775807", "253402300800", "-2208988801", "true",
      "null", "[]", "{}", "\"\"", "\"1795469811\"", "\"2026-11-23\"", "\"2026-11-23T21:36:51\"",
      "\"2026-13-23T21:36:51Z\"", "\"2026-02-30T21:36:51Z\"", "\"2026-00-01T00:00:00Z\"",
      "\"2026-11-23T24:00:00Z\"", "\"2026-11-23T21:36:51Zx\"", "\"2026-11-23T21:36:51.Z\"",
      "\"99999999999999999999-11-23T21:36:51Z\"", "\"2026-11-23T21:36:51+25:00\"",
    ])
  func refused(text: String) throws {
    #expect(try time(text) == nil)
  }

  @Test("The Date header of HTTP is read")
  func httpDate() {
    let date = AnswerTime.httpDate("Mon, 23 Nov 2026 21:36:51 GMT")
    #expect(date?.rfc3339 == "2026-11-23T21:36:51Z")
    for odd in [
      "", "Mon, 23 Nov 2026 21:36:51", "Mon, 23 Nov 2026 21:36:51 CET", "23 Nov 2026",
      "Mon, 31 Nov 2026 21:36:51 GMT", "Monday, 23-Nov-26 21:36:51 GMT",
      "Mon Nov 23 21:36:51 2026", "Mon, 23 Foo 2026 21:36:51 GMT", "a b c d e GMT",
    ] {
      #expect(AnswerTime.httpDate(odd) == nil, "\(odd)")
    }
  }
}
