extension Instant {
  /// `2026-11-23T21:36:51Z`, with milliseconds only when there are any; RFC 3339, UTC.
  package var rfc3339: String {
    let (days, millisecondOfDay) = Instant.floorDivide(milliseconds, by: 86_400_000)
    let (year, month, day) = Instant.civil(fromDays: days)
    let second = millisecondOfDay / 1000
    let date = "\(Instant.padded(year, 4))-\(Instant.padded(month, 2))-\(Instant.padded(day, 2))"
    let hour = Instant.padded(second / 3600, 2)
    let minute = Instant.padded(second / 60 % 60, 2)
    let fraction = millisecondOfDay % 1000
    let tail = fraction == 0 ? "" : "." + Instant.padded(fraction, 3)
    return "\(date)T\(hour):\(minute):\(Instant.padded(second % 60, 2))\(tail)Z"
  }

  /// The instant at a UTC calendar time; fields out of range carry over, and what lies beyond
  /// the ends of time is the end.
  package init(
    year: Int64, month: Int64, day: Int64, hour: Int64 = 0, minute: Int64 = 0, second: Int64 = 0
  ) {
    let (carriedYear, monthIndex) = Instant.floorDivide(
      Int128(year) * 12 + Int128(month) - 1, by: 12)
    let days = Instant.days(year: carriedYear, month: monthIndex + 1, day: Int128(day))
    let minutes = (days * 24 + Int128(hour)) * 60 + Int128(minute)
    self.init(milliseconds: Int64(clamping: minutes * 60_000 + Int128(second) * 1000))
  }

  /// Year, month and day in UTC.
  package var civilDate: (year: Int64, month: Int64, day: Int64) {
    Instant.civil(fromDays: Instant.floorDivide(milliseconds, by: 86_400_000).quotient)
  }

  /// Milliseconds since midnight UTC, 0 to 86,399,999.
  package var millisecondOfDay: Int64 {
    Instant.floorDivide(milliseconds, by: 86_400_000).remainder
  }

  private static func floorDivide<Number: SignedInteger>(
    _ value: Number, by divisor: Number
  ) -> (quotient: Number, remainder: Number) {
    let (quotient, remainder) = value.quotientAndRemainder(dividingBy: divisor)
    return remainder < 0 ? (quotient - 1, remainder + divisor) : (quotient, remainder)
  }

  private static func padded(_ value: Int64, _ width: Int) -> String {
    let digits = String(abs(value))
    let zeros = String(repeating: "0", count: max(0, width - digits.count))
    return (value < 0 ? "-" : "") + zeros + digits
  }

  /// Days since 1970-01-01 to a date of the proleptic Gregorian calendar.
  ///
  /// Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms", `civil_from_days`:
  /// years are counted from 1 March, in eras of 400 years (146,097 days).
  private static func civil(fromDays days: Int64) -> (year: Int64, month: Int64, day: Int64) {
    let shifted = days + 719_468
    let (era, dayOfEra) = floorDivide(shifted, by: 146_097)
    let yearOfEra =
      (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let shiftedMonth = (5 * dayOfYear + 2) / 153
    let day = dayOfYear - (153 * shiftedMonth + 2) / 5 + 1
    let month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
    return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, day)
  }

  /// The inverse of `civil(fromDays:)`, from the same source (`days_from_civil`).
  private static func days(year: Int128, month: Int128, day: Int128) -> Int128 {
    let shifted = month <= 2 ? year - 1 : year
    let (era, yearOfEra) = floorDivide(shifted, by: 400)
    let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
    let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
    return era * 146_097 + dayOfEra - 719_468
  }
}
