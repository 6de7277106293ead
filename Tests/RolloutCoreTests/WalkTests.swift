import RolloutCore
import Testing

@Suite("Random histories of one domain")
struct WalkTests {
  /// Enough for every kind of trouble to meet every other a few times.
  static let seeds = UInt64(12)
  static let steps = 40

  @Test(
    "surveys end, calls are safe, ends are warned of, and a second look adds nothing",
    arguments: UInt64(0)..<8)
  func safe(part: UInt64) {
    for seed in part * WalkTests.seeds..<(part + 1) * WalkTests.seeds {
      var walk = Walk(seed: seed)
      walk.run(steps: WalkTests.steps)
      for fault in walk.faults { Issue.record("\(fault)") }
    }
  }

  @Test("once the faults stop, a domain settles within a day", arguments: UInt64(100)..<104)
  func settles(part: UInt64) {
    for seed in part * 5..<(part + 1) * 5 {
      var walk = Walk(seed: seed)
      walk.run(steps: WalkTests.steps)
      walk.heal()
      let isSettled = walk.settles(within: .hours(26))
      #expect(
        isSettled,
        "seed \(seed): \(walk.scene.record.condition) \(walk.scene.record.reason?.description ?? "")"
      )
      for fault in walk.faults { Issue.record("\(fault)") }
    }
  }

  @Test("the same seed gives the same history")
  func replay() {
    var histories = (0..<2).map { _ in Walk(seed: 42) }
    for index in histories.indices { histories[index].run(steps: 40) }
    #expect(histories[0].scene.record == histories[1].scene.record)
    #expect(histories[0].scene.now == histories[1].scene.now)
  }
}
