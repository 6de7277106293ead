/// The notation of durations in the configuration file and on the command line: `1h30m`, `45s`,
/// `500ms`. The units are d, h, m, s and ms, each at most once, larger ones first; `0` needs no
/// unit.
package enum DurationNotation {
  /// No certificate is valid for so long: a larger value is a mistake.
  package static let maximumDays: Int64 = 3650

  package static func parse(_ text: String) throws(Malformed) -> Duration {
    func wrong(_ problem: String) -> Malformed { Malformed("a duration", problem) }
    if text.isEmpty { throw wrong("it is empty; write a number with a unit, such as 45s") }
    if text == "0" { return .zero }
    if text.hasPrefix("-") { throw wrong("it is negative; write a duration such as 30s") }
    if text.utf8.allSatisfy(isDigit) {
      throw wrong("it has no unit; write \(text)s for seconds (units d h m s ms)")
    }
    var total: Int64 = 0
    var rest = text[...]
    // The units that may still follow. Each part removes at least one, so the loop ends.
    var units = allUnits[...]
    while !rest.isEmpty {
      let digits = rest.prefix { $0.utf8.allSatisfy(isDigit) }
      if digits.isEmpty {
        throw wrong("write a number before \(String(rest).quoted(limit: 20))")
      }
      rest = rest[digits.endIndex...]
      let name = rest.prefix { !$0.utf8.allSatisfy(isDigit) }
      rest = rest[name.endIndex...]
      guard let index = units.firstIndex(where: { $0.name == name }) else {
        throw wrong(problem(withUnit: String(name)))
      }
      let (part, overflow) = (Int64(digits) ?? .max).multipliedReportingOverflow(
        by: units[index].milliseconds)
      let (sum, carry) = total.addingReportingOverflow(part)
      guard !overflow, !carry, sum <= maximumDays * 86_400_000 else {
        throw wrong("it is longer than \(maximumDays)d, the maximum; shorten it")
      }
      total = sum
      units = units[(index + 1)...]
    }
    return .milliseconds(total)
  }

  private static let allUnits: [(name: String, milliseconds: Int64)] = [
    ("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1000), ("ms", 1),
  ]

  private static func problem(withUnit name: String) -> String {
    if name.isEmpty { return "the last number has no unit; add one (units d h m s ms)" }
    if allUnits.contains(where: { $0.name == name }) {
      return "the unit \(name) is repeated or follows a smaller one; write it as 1d2h3m4s500ms"
    }
    if name.contains(".") || name.contains(",") {
      return "it has a fraction; use whole numbers, such as 1h30m instead of 1.5h"
    }
    return "\(name.quoted(limit: 20)) is not a unit; use d h m s ms, in lower case"
  }

  private static func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }
}
