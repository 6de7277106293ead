import RolloutCore
import Testing

@Suite("Time")
struct InstantTests {
  static let earliest = Instant(milliseconds: .min)
  static let latest = Instant(milliseconds: .max)

  @Test("adding and subtracting a duration are inverse")
  func arithmetic() {
    #expect(noon + .hours(2) - .hours(2) == noon)
    #expect((noon + .minutes(90)).since(noon) == .minutes(90))
    #expect(noon.since(noon + .seconds(1)) == .seconds(-1))
    #expect(noon + .days(1) > noon && noon - .milliseconds(1) < noon)
  }

  @Test("arithmetic saturates at the ends of the range and never traps")
  func saturation() {
    let ages: [Duration] = [
      .seconds(Int64.max), .seconds(Int64.min), .milliseconds(Int64.max), .milliseconds(1),
    ]
    for age in ages {
      for instant in [InstantTests.earliest, noon, InstantTests.latest] {
        let isLater = age > .zero
        #expect(isLater ? instant + age >= instant : instant + age <= instant)
        #expect(isLater ? instant - age <= instant : instant - age >= instant)
      }
    }
    #expect(InstantTests.latest + .milliseconds(1) == InstantTests.latest)
    #expect(InstantTests.earliest - .milliseconds(1) == InstantTests.earliest)
    #expect(InstantTests.latest.since(InstantTests.earliest) == .milliseconds(Int64.max))
    #expect(InstantTests.earliest.since(InstantTests.latest) == .milliseconds(Int64.min))
  }

  @Test(
    "a time is written as RFC 3339 in UTC",
    arguments: [
      (0, "1970-01-01T00:00:00Z"),
      (-1, "1969-12-31T23:59:59.999Z"),
      (1, "1970-01-01T00:00:00.001Z"),
      (-86_400_000, "1969-12-31T00:00:00Z"),
      (951_782_400_000, "2000-02-29T00:00:00Z"),
      (1_709_251_199_000, "2024-02-29T23:59:59Z"),
      (4_107_542_400_000, "2100-03-01T00:00:00Z"),
      (4_107_542_399_000, "2100-02-28T23:59:59Z"),
      (1_795_642_611_000, "2026-11-25T21:36:51Z"),
      (-11_676_096_000_000, "1600-01-01T00:00:00Z"),
      (253_402_300_799_999, "9999-12-31T23:59:59.999Z"),
      (-62_167_219_200_000, "0000-01-01T00:00:00Z"),
    ] as [(Int64, String)])
  func rfc3339(milliseconds: Int64, text: String) {
    #expect(Instant(milliseconds: milliseconds).rfc3339 == text)
  }

  @Test("the ends of the range can be shown")
  func extremes() {
    #expect(InstantTests.latest.rfc3339 == "292278994-08-17T07:12:55.807Z")
    #expect(InstantTests.earliest.rfc3339 == "-292275055-05-16T16:47:04.192Z")
  }

  @Test("a calendar day and its instant are the same thing, across leap years and before 1970")
  func calendar() {
    var day = Instant(year: 1895, month: 1, day: 1)
    let lengths: [Int64] = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
    for year in Int64(1895)...2405 {
      let isLeap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
      for (index, length) in lengths.enumerated() {
        let month = Int64(index) + 1
        let days = month == 2 && isLeap ? 29 : length
        for date in [1, days] {
          let instant = Instant(year: year, month: month, day: date)
          #expect(instant == day + .days(date - 1))
          #expect(instant.civilDate == (year, month, date))
        }
        day = day + .days(days)
      }
    }
  }

  @Test("the hour of the day counts from midnight, before 1970 too")
  func timeOfDay() {
    #expect(
      Instant(year: 1969, month: 7, day: 20, hour: 20, minute: 17, second: 40).rfc3339
        == "1969-07-20T20:17:40Z")
    #expect(Instant(milliseconds: -1).millisecondOfDay == 86_399_999)
    #expect(noon.millisecondOfDay == 12 * 3_600_000)
  }

  @Test("fields out of range carry over into the next")
  func carrying() {
    let newYear = Instant(year: 2027, month: 1, day: 1)
    #expect(Instant(year: 2026, month: 13, day: 1) == newYear)
    #expect(Instant(year: 2026, month: 12, day: 32) == newYear)
    #expect(Instant(year: 2026, month: 12, day: 31, hour: 24) == newYear)
    #expect(Instant(year: 2026, month: 12, day: 31, hour: 23, minute: 59, second: 60) == newYear)
    #expect(Instant(year: 2028, month: -11, day: 1) == newYear)
    #expect(Instant(year: 2025, month: 25, day: 1) == newYear)
    #expect(Instant(year: 2024, month: 26, day: 1) == Instant(year: 2026, month: 2, day: 1))
    #expect(Instant(year: 2026, month: 3, day: 0) == Instant(year: 2026, month: 2, day: 28))
  }

  @Test("a nonsensical calendar time saturates and never traps")
  func nonsense() {
    let extremes = [Int64.min, Int64.min + 1, -1, 0, Int64.max - 1, Int64.max]
    for year in extremes {
      for month in extremes {
        for second in extremes {
          _ = Instant(year: year, month: month, day: year, hour: month, minute: 0, second: second)
        }
      }
    }
    #expect(Instant(year: .max, month: 1, day: 1) == InstantTests.latest)
    #expect(Instant(year: .min, month: 1, day: 1) == InstantTests.earliest)
    #expect(Instant(year: 2026, month: 1, day: 1, second: .max) == InstantTests.latest)
    #expect(Instant(year: 292_278_994, month: 8, day: 18) == InstantTests.latest)
  }
}

@Suite("Durations")
struct DurationTests {
  @Test(
    "a duration is written as in the configuration file",
    arguments: [
      (.zero, "0s"), (.milliseconds(500), "500ms"), (.seconds(45), "45s"),
      (.minutes(90), "1h30m"), (.days(7), "7d"), (.hours(25), "1d1h"),
      (.seconds(3661), "1h1m1s"), (.milliseconds(1500), "1s500ms"), (.minutes(-5), "-5m"),
      (.nanoseconds(999_999), "0s"), (.nanoseconds(-999_999), "0s"),
      (.seconds(Int64.max), "106751991167d7h12m55s807ms"),
      (.seconds(Int64.min), "-106751991167d7h12m55s807ms"),
    ] as [(Duration, String)])
  func compact(duration: Duration, text: String) {
    #expect(duration.compact == text)
  }

  @Test(
    "a duration for people keeps two units and never shows more than there is",
    arguments: [
      (Duration.days(3) + .hours(11) + .minutes(59), "3d11h"), (.days(1), "1d"),
      (.hours(23) + .minutes(59) + .seconds(59), "23h59m"), (.seconds(3599), "59m59s"),
      (.milliseconds(59_999), "59s"), (.milliseconds(999), "0s"),
      (.zero - .days(1) - .minutes(1), "-1d"),
    ])
  func rounded(duration: Duration, text: String) {
    #expect(duration.rounded.compact == text)
  }

  @Test("milliseconds are rounded towards zero and stop at the ends")
  func milliseconds() {
    #expect(Duration.microseconds(1999).inMilliseconds == 1)
    #expect(Duration.microseconds(-1999).inMilliseconds == -1)
    #expect(Duration.seconds(Int64.max).inMilliseconds == .max)
    #expect(Duration.seconds(Int64.min).inMilliseconds == .min)
    #expect(Duration.milliseconds(Int64.max).inMilliseconds == .max)
    #expect(Duration.milliseconds(Int64.min).inMilliseconds == .min)
  }

  @Test("minutes, hours and days have their length")
  func units() {
    #expect(Duration.minutes(1) == .seconds(60))
    #expect(Duration.hours(1) == .minutes(60))
    #expect(Duration.days(1) == .hours(24))
  }
}
