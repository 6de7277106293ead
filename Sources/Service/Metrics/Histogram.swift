/// How often durations of each size were observed.
package struct Histogram: Equatable, Sendable {
  /// The upper ends of the buckets, ascending; the last bucket has none.
  package let bounds: [Duration]
  /// One more than bounds. Each observation is in one of them.
  private(set) var counts: [UInt64]
  private(set) var sum = Duration.zero

  package init(bounds: [Duration]) {
    self.bounds = bounds
    counts = Array(repeating: 0, count: bounds.count + 1)
  }

  /// A negative duration, which only a clock that was set brings, counts as zero.
  package mutating func observe(_ duration: Duration) {
    let duration = max(duration, .zero)
    counts[bounds.firstIndex { duration <= $0 } ?? bounds.count] += 1
    sum += duration
  }
}
