extension Instant {
  /// Parses what `rfc3339` writes for the years 0 to 9999: `2026-11-23T21:36:51.250Z`.
  package init?(rfc3339UTC text: String) {
    let parts = text.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
    guard parts.count <= 2, text.utf8.last == UInt8(ascii: "Z"), let head = parts.first else {
      return nil
    }
    let whole = Array(parts.count == 1 ? head.dropLast() : head)
    guard whole.count == 19,
      whole[4] == UInt8(ascii: "-"), whole[7] == UInt8(ascii: "-"),
      whole[10] == UInt8(ascii: "T"), whole[13] == UInt8(ascii: ":"),
      whole[16] == UInt8(ascii: ":"),
      let year = Instant.number(whole[0..<4]), let month = Instant.number(whole[5..<7]),
      let day = Instant.number(whole[8..<10]), let hour = Instant.number(whole[11..<13]),
      let minute = Instant.number(whole[14..<16]), let second = Instant.number(whole[17..<19])
    else { return nil }
    var milliseconds: Int64 = 0
    if parts.count == 2 {
      guard parts[1].count == 4, let fraction = Instant.number(parts[1].dropLast()) else {
        return nil
      }
      milliseconds = fraction
    }
    let start = Instant(
      year: year, month: month, day: day, hour: hour, minute: minute, second: second)
    let instant = start + .milliseconds(milliseconds)
    // A field out of range carried over into another date.
    guard instant.rfc3339 == text else { return nil }
    self = instant
  }

  private static func number(_ digits: some Collection<UInt8>) -> Int64? {
    var value: Int64 = 0
    for digit in digits {
      guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(digit) else { return nil }
      value = value * 10 + Int64(digit - UInt8(ascii: "0"))
    }
    return value
  }
}
