package import RolloutCore

/// A point in time on the command line: a duration before now (`7d`), a day (`2026-11-01`), or a time
/// of RFC 3339 (`2026-11-01T12:00:00Z`). What names no zone is UTC.
package enum TimeNotation {
  package static func parse(_ text: String, before now: Instant) throws(Malformed) -> Instant {
    let isDate =
      text.utf8.count > 4 && text.utf8.prefix(4).allSatisfy(isDigit)
      && text.dropFirst(4).hasPrefix("-")
    if isDate { return try time(text) }
    do throws(Malformed) {
      return now + (.zero - (try DurationNotation.parse(text)))
    } catch {
      throw Malformed(
        "a time",
        "\(error.problem); or write a day such as 2026-11-01, or a time such as "
          + "2026-11-01T12:00:00Z")
    }
  }

  private static func time(_ text: String) throws(Malformed) -> Instant {
    func wrong(_ problem: String) -> Malformed { Malformed("a time", problem) }
    var reader = DigitReader(text)
    guard let year = reader.number(4), reader.take("-"), let month = reader.number(2),
      reader.take("-"), let day = reader.number(2)
    else { throw wrong("write a day as 2026-11-01") }
    let midnight = Instant(year: year, month: month, day: day)
    guard midnight.civilDate == (year, month, day) else {
      throw wrong("there is no such day; write a day as 2026-11-01")
    }
    if reader.isAtEnd { return midnight }
    guard reader.take("T") || reader.take("t") || reader.take(" "), let hour = reader.number(2),
      reader.take(":"), let minute = reader.number(2)
    else { throw wrong("write the time of the day as T12:00:00Z") }
    let second = reader.take(":") ? reader.number(2) : 0
    let milliseconds = reader.take(".") ? reader.fraction() : 0
    guard let second, let milliseconds, hour < 24, minute < 60, second < 61 else {
      throw wrong("there is no such time of the day; write it as T12:00:00Z")
    }
    guard let offset = reader.zone(), reader.isAtEnd else {
      throw wrong("write the zone as Z or as +02:00, at the end")
    }
    let ofDay = Duration.hours(hour) + .minutes(minute) + .seconds(second)
    return midnight + (ofDay + .milliseconds(milliseconds) - offset)
  }

  fileprivate static func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }
}

/// Reads the parts of a time one after the other.
private struct DigitReader {
  private var rest: Substring

  init(_ text: String) { rest = text[...] }

  var isAtEnd: Bool { rest.isEmpty }

  mutating func take(_ character: Character) -> Bool {
    guard rest.first == character else { return false }
    rest.removeFirst()
    return true
  }

  /// Exactly so many digits.
  mutating func number(_ count: Int) -> Int64? {
    let digits = rest.prefix(count)
    guard digits.count == count, digits.utf8.allSatisfy(TimeNotation.isDigit) else { return nil }
    rest = rest.dropFirst(count)
    return Int64(digits)
  }

  /// The digits after the point, as milliseconds.
  mutating func fraction() -> Int64? {
    let digits = rest.prefix { $0.utf8.allSatisfy(TimeNotation.isDigit) }
    if digits.isEmpty { return nil }
    rest = rest[digits.endIndex...]
    return Int64((digits + "00").prefix(3))
  }

  /// How far the zone is ahead of UTC.
  mutating func zone() -> Duration? {
    if isAtEnd || take("Z") || take("z") { return .zero }
    let isWest = rest.first == "-"
    guard take("+") || take("-"), let hours = number(2), take(":"), let minutes = number(2),
      hours < 24, minutes < 60
    else { return nil }
    let offset = Duration.hours(hours) + .minutes(minutes)
    return isWest ? .zero - offset : offset
  }
}
