import LosslessJSON
import RolloutCore

/// Parses times in answers, as AWS and emulators write them.
enum AnswerTime {
  /// From 1900 to 9999. Times outside are errors.
  private static let range =
    Instant(
      year: 1900, month: 1, day: 1)...Instant(
      year: 9999, month: 12, day: 31, hour: 23, minute: 59, second: 59)

  /// A number of seconds since 1970, with or without a fraction, or ISO 8601; otherwise nil.
  static func instant(_ value: JSONValue) -> Instant? {
    let instant: Instant?
    switch value {
    case .number: instant = value.double.flatMap(fromSeconds)
    case .string(let text): instant = iso8601(text)
    case .null, .bool, .array, .object: instant = nil
    }
    return instant.flatMap { range.contains($0) ? $0 : nil }
  }

  private static func fromSeconds(_ seconds: Double) -> Instant? {
    Int64(exactly: (seconds * 1000).rounded()).map(Instant.init(milliseconds:))
  }

  /// For example `2026-11-23T21:36:51.5Z`. `Z` may be an offset such as `+01:00`, and `T` a space.
  static func iso8601(_ text: String) -> Instant? {
    var reader = DigitReader(text)
    guard let year = reader.number(4), reader.skip("-"), let month = reader.number(2),
      reader.skip("-"), let day = reader.number(2), reader.skip("T") || reader.skip(" "),
      let hour = reader.number(2), reader.skip(":"), let minute = reader.number(2),
      reader.skip(":"), let second = reader.number(2)
    else { return nil }
    let milliseconds = reader.skip(".") ? reader.fraction() : 0
    guard let milliseconds, let offset = reader.zone(), reader.isAtEnd else { return nil }
    return checked(year: year, month: month, day: day, hour: hour, minute: minute, second: second)
      .map { Instant(milliseconds: $0.milliseconds + milliseconds - offset * 60_000) }
  }

  /// The form of HTTP's `Date`: `Mon, 23 Nov 2026 21:36:51 GMT`.
  static func httpDate(_ text: String) -> Instant? {
    let months = [
      "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]
    let words = text.split(separator: " ")
    guard words.count == 6, words[5] == "GMT" || words[5] == "UTC",
      let month = months.firstIndex(of: String(words[2]))
    else { return nil }
    var day = DigitReader(String(words[1]))
    var year = DigitReader(String(words[3]))
    var time = DigitReader(String(words[4]))
    guard let day = day.number(2), let year = year.number(4), let hour = time.number(2),
      time.skip(":"), let minute = time.number(2), time.skip(":"), let second = time.number(2)
    else { return nil }
    return checked(
      year: year, month: Int64(month + 1), day: day, hour: hour, minute: minute, second: second)
  }

  private static func checked(
    year: Int64, month: Int64, day: Int64, hour: Int64, minute: Int64, second: Int64
  ) -> Instant? {
    guard (1...12).contains(month), (1...31).contains(day), hour < 24, minute < 60, second < 61
    else { return nil }
    let instant = Instant(
      year: year, month: month, day: day, hour: hour, minute: minute, second: second)
    // A day that the month does not have carries over into the next month.
    return Instant(year: year, month: month, day: day).civilDate.month == month ? instant : nil
  }
}

/// Reads ASCII digits and signs from the beginning of a text.
private struct DigitReader {
  private var remaining: Substring.UTF8View

  init(_ text: String) { remaining = Substring(text).utf8 }

  var isAtEnd: Bool { remaining.isEmpty }

  mutating func skip(_ sign: Unicode.Scalar) -> Bool {
    guard remaining.first == UInt8(ascii: sign) else { return false }
    remaining = remaining.dropFirst()
    return true
  }

  /// A number of exactly `width` digits, which is at most 4.
  mutating func number(_ width: Int) -> Int64? {
    let digits = remaining.prefix(width)
    guard digits.count == width, digits.allSatisfy({ (0x30...0x39).contains($0) }) else {
      return nil
    }
    remaining = remaining.dropFirst(width)
    return digits.reduce(0) { $0 * 10 + Int64($1 - 0x30) }
  }

  /// Milliseconds from the digits after a decimal point. Digits after the third are ignored.
  mutating func fraction() -> Int64? {
    let digits = remaining.prefix { (0x30...0x39).contains($0) }
    guard !digits.isEmpty else { return nil }
    remaining = remaining.dropFirst(digits.count)
    let first = Array((digits.map { Int64($0 - 0x30) } + [0, 0, 0]).prefix(3))
    return first.reduce(0) { $0 * 10 + $1 }
  }

  /// Minutes east of UTC.
  mutating func zone() -> Int64? {
    if skip("Z") { return 0 }
    let isEast = skip("+")
    guard isEast || skip("-"), let hours = number(2) else { return nil }
    _ = skip(":")
    guard let minutes = number(2), hours < 24, minutes < 60 else { return nil }
    return (hours * 60 + minutes) * (isEast ? 1 : -1)
  }
}
