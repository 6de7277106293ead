/// A point in time: whole milliseconds since 1970-01-01T00:00:00Z.
///
/// Arithmetic saturates at the ends of the range, so that a nonsensical time that
/// came from outside can be compared and shown, and never traps.
package struct Instant: Hashable, Comparable, Sendable {
  package let milliseconds: Int64

  package init(milliseconds: Int64) {
    self.milliseconds = milliseconds
  }

  /// Before every time that is ever compared with it.
  package static let distantPast = Instant(milliseconds: .min)

  package static func < (left: Instant, right: Instant) -> Bool {
    left.milliseconds < right.milliseconds
  }

  package static func + (left: Instant, right: Duration) -> Instant {
    Instant(milliseconds: saturating(left.milliseconds, right.inMilliseconds))
  }

  package static func - (left: Instant, right: Duration) -> Instant {
    let milliseconds = right.inMilliseconds
    return Instant(
      milliseconds: saturating(
        left.milliseconds, milliseconds == .min ? .max : -milliseconds))
  }

  /// How long after `earlier` this instant is; negative when it is before it.
  package func since(_ earlier: Instant) -> Duration {
    let (difference, overflow) = milliseconds.subtractingReportingOverflow(earlier.milliseconds)
    if overflow { return .milliseconds(milliseconds < 0 ? Int64.min : Int64.max) }
    return .milliseconds(difference)
  }

  private static func saturating(_ left: Int64, _ right: Int64) -> Int64 {
    let (sum, overflow) = left.addingReportingOverflow(right)
    return overflow ? (right < 0 ? .min : .max) : sum
  }
}

extension Duration {
  /// The duration in whole milliseconds, rounded towards zero and saturating.
  package var inMilliseconds: Int64 {
    let (seconds, attoseconds) = components
    let (scaled, overflow) = seconds.multipliedReportingOverflow(by: 1000)
    if overflow { return seconds < 0 ? .min : .max }
    let (sum, carried) = scaled.addingReportingOverflow(attoseconds / 1_000_000_000_000_000)
    return carried ? (seconds < 0 ? .min : .max) : sum
  }

  package static func minutes(_ count: Int64) -> Duration { .seconds(count * 60) }
  package static func hours(_ count: Int64) -> Duration { .seconds(count * 3600) }
  package static func days(_ count: Int64) -> Duration { .seconds(count * 86_400) }

  /// `1h30m`, `45s`, `500ms`: the notation of the configuration file.
  package var compact: String {
    var rest = inMilliseconds
    if rest == 0 { return "0s" }
    let sign = rest < 0 ? "-" : ""
    rest = rest == .min ? .max : abs(rest)
    let units: [(String, Int64)] = [
      ("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1000), ("ms", 1),
    ]
    var text = ""
    for (unit, size) in units where rest >= size {
      text += "\(rest / size)\(unit)"
      rest %= size
    }
    return sign + text
  }

  /// The duration rounded towards zero to what a person wants to know: hours of days, minutes of
  /// hours, otherwise seconds.
  package var rounded: Duration {
    let milliseconds = inMilliseconds
    let size = milliseconds.magnitude
    let unit: Int64 = size >= 86_400_000 ? 3_600_000 : size >= 3_600_000 ? 60_000 : 1000
    return .milliseconds(milliseconds / unit * unit)
  }
}
