import RolloutCore
import Testing

@Suite("Lives at random")
struct WalkTests {
  /// Enough for every kind of trouble to meet every other a few times.
  static let seeds = UInt64(12)
  static let steps = 40

  @Test(
    "whatever happens, decisions end, calls are safe, and a second look adds nothing",
    arguments: UInt64(0)..<8)
  func safe(part: UInt64) {
    for seed in part * WalkTests.seeds..<(part + 1) * WalkTests.seeds {
      var walk = Walk(seed: seed)
      walk.run(steps: WalkTests.steps)
      for wrong in walk.wrongs { Issue.record("\(wrong)") }
    }
  }

  @Test("once the faults stop, a domain comes to rest within a day", arguments: UInt64(100)..<104)
  func settles(part: UInt64) {
    for seed in part * 5..<(part + 1) * 5 {
      var walk = Walk(seed: seed)
      walk.run(steps: WalkTests.steps)
      walk.heal()
      let isSettled = walk.settles(within: .hours(26))
      #expect(isSettled, "seed \(seed): \(walk.scene.record.condition)")
      for wrong in walk.wrongs { Issue.record("\(wrong)") }
    }
  }

  @Test("the same seed lives the same life")
  func replay() {
    var lives = (0..<2).map { _ in Walk(seed: 42) }
    for index in lives.indices { lives[index].run(steps: 40) }
    #expect(lives[0].scene.record == lives[1].scene.record)
    #expect(lives[0].scene.now == lives[1].scene.now)
  }
}
