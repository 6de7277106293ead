package import RolloutCore

/// Words for times: how far away they are, and when that is in UTC.
package struct RelativeTime: Sendable {
  package let now: Instant

  package init(now: Instant) { self.now = now }

  /// `in 40 s (14:05:10Z)`, `2 d 3 h ago (2026-11-28 11:00Z)`
  package func both(_ instant: Instant) -> String { "\(distance(instant)) (\(clock(instant)))" }

  /// `in 40 s`, `40 s ago`, `now` for what is less than a second away.
  package func distance(_ instant: Instant) -> String {
    let left = instant.since(now)
    if abs(left.inMilliseconds.clamped) < 1000 { return "now" }
    return left > .zero
      ? "in \(RelativeTime.words(left))" : "\(RelativeTime.words(.zero - left)) ago"
  }

  /// `14:05:10Z` within half a day, and otherwise the date and the minute.
  package func clock(_ instant: Instant) -> String {
    let text = Instant(milliseconds: instant.milliseconds / 1000 * 1000).rfc3339
    let parts = text.split(separator: "T")
    guard parts.count == 2 else { return text }
    let isNear = abs(instant.since(now).inMilliseconds.clamped) < Duration.hours(12).inMilliseconds
    return isNear ? String(parts[1]) : "\(parts[0]) \(parts[1].prefix(5))Z"
  }

  /// In two units at most, the smaller one left out when it is 0: `40 s`, `2 h 10 min`, `13 d`.
  package static func words(_ duration: Duration) -> String {
    let seconds = max(0, duration.inMilliseconds / 1000)
    let units: [(name: String, size: Int64)] = [("d", 86_400), ("h", 3600), ("min", 60), ("s", 1)]
    guard let index = units.firstIndex(where: { seconds >= $0.size }) else { return "0 s" }
    let text = "\(seconds / units[index].size) \(units[index].name)"
    guard index + 1 < units.count else { return text }
    let rest = seconds % units[index].size / units[index + 1].size
    return rest == 0 ? text : "\(text) \(rest) \(units[index + 1].name)"
  }
}

extension Instant {
  /// In UTC: `2026-11-30`
  package var day: String { String(rfc3339.prefix { $0 != "T" }) }
}

extension Int64 {
  /// Such that its magnitude exists.
  fileprivate var clamped: Int64 { Swift.max(self, -.max) }
}

/// `1 domain`, `2 domains`
package func counted(_ count: Int, _ noun: String, plural: String? = nil) -> String {
  "\(count) \(count == 1 ? noun : plural ?? noun + "s")"
}
