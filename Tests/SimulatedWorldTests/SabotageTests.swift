import SimulatedWorld
import Testing

@Suite("The invariants of simulated worlds")
struct SabotageTests {
  /// Worlds in which a defect may show.
  static let seeds: ClosedRange<UInt64> = 1...80

  @Test("a daemon with a defect breaks an invariant", arguments: Sabotage.allCases)
  func defectIsNoticed(_ defect: Sabotage) async throws {
    for seed in SabotageTests.seeds {
      let outcome = try await WorldTests.play(seed, defect)
      if defect.shows(in: outcome.violations) { return }
    }
    Issue.record("no checker notices the defect \(defect)")
  }
}
