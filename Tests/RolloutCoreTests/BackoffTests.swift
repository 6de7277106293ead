import RolloutCore
import Testing

@Suite("Waiting")
struct BackoffTests {
  private func delay(
    _ failures: Int, chance: UInt64 = .max, retryAfter: Duration? = nil,
    initial: Duration = .seconds(30), maximum: Duration = .minutes(30)
  ) -> Duration {
    Backoff.delay(
      failures: failures, initial: initial, maximum: maximum, chance: chance,
      retryAfter: retryAfter)
  }

  /// The top of the jitter is a millionth short of the bound.
  private func isJustBelow(_ delay: Duration, _ bound: Duration) -> Bool {
    delay <= bound && delay >= bound - .milliseconds(10)
  }

  @Test(
    "the bound of a retry is the initial delay, doubled with each failure in a row, up to a maximum",
    arguments: [
      (1, .seconds(30)), (2, .minutes(1)), (3, .minutes(2)), (4, .minutes(4)), (5, .minutes(8)),
      (6, .minutes(16)), (7, .minutes(30)), (8, .minutes(30)), (1000, .minutes(30)),
      (Int.max, .minutes(30)), (0, .seconds(30)), (-1, .seconds(30)), (Int.min, .seconds(30)),
    ] as [(Int, Duration)])
  func bounds(failures: Int, bound: Duration) {
    #expect(isJustBelow(delay(failures), bound))
    #expect(isJustBelow(delay(failures, chance: .max / 2), bound / 2))
    #expect(delay(failures, chance: 0) == .milliseconds(1))
  }

  @Test("what the answer asked for is obeyed, and the maximum bounds that, too")
  func retryAfter() {
    #expect(delay(1, chance: 0, retryAfter: .seconds(90)) == .seconds(90))
    #expect(isJustBelow(delay(1, retryAfter: .seconds(1)), .seconds(30)))
    #expect(delay(1, retryAfter: .days(365)) == .minutes(30))
    #expect(delay(1, chance: 0, retryAfter: .seconds(-5)) == .milliseconds(1))
  }

  @Test("delays at the ends of the range do not trap")
  func extremes() {
    for initial: Duration in [.zero, .milliseconds(1), .seconds(Int64.max)] {
      for maximum: Duration in [.zero, .milliseconds(1), .seconds(Int64.max)] {
        for failures in [Int.min, 0, 1, 70, Int.max] {
          let delay = delay(failures, initial: initial, maximum: maximum)
          #expect(delay >= .zero && delay <= maximum)
          let interval = Backoff.checkInterval(
            checks: failures, initial: initial, maximum: maximum)
          #expect(interval >= .zero && interval <= maximum)
        }
      }
    }
  }

  @Test("the interval between checks of the edges grows by half each time, up to a maximum")
  func checkInterval() {
    let intervals = (0...8).map {
      Backoff.checkInterval(checks: $0, initial: .seconds(40), maximum: .minutes(5))
    }
    #expect(
      intervals
        == [
          .seconds(40), .seconds(60), .seconds(90), .seconds(135), .milliseconds(202_500),
          .milliseconds(303_750), .minutes(5), .minutes(5), .minutes(5),
        ].map { min($0, .minutes(5)) })
  }

  @Test("the same seed draws the same numbers, and ids have sixteen digits")
  func dice() {
    var left = Dice(seed: 7)
    var right = Dice(seed: 7)
    var other = Dice(seed: 8)
    let drawn = (0..<100).map { _ in left.identifier() }
    #expect(drawn == (0..<100).map { _ in right.identifier() })
    #expect(drawn != (0..<100).map { _ in other.identifier() })
    #expect(Set(drawn).count == 100)
    for id in drawn {
      #expect(id.utf8.count == 16 && id.allSatisfy { $0.isHexDigit && !$0.isUppercase })
    }
  }
}
