import SimulatedWorld
import Testing

@Suite("The invariants of simulated worlds")
struct SabotageTests {
  /// Worlds in which a defect may show.
  static let seeds: ClosedRange<UInt64> = 1...80
  /// Worlds that are known to show a defect which few others do: a hint that saves time.
  static let hints: [Sabotage: UInt64] = [
    .ignoresHolds: 77, .ignoresWaves: 3, .ignoresReloads: 40, .concealsExpiry: 4,
    .repeatsLostCalls: 3, .ignoresLimits: 3, .forgetsRollbacks: 38,
  ]

  @Test("a daemon with a defect breaks an invariant", arguments: Sabotage.allCases)
  func defectIsNoticed(_ defect: Sabotage) async throws {
    let hint = SabotageTests.hints[defect].map { [$0] } ?? []
    for seed in hint + Array(SabotageTests.seeds) {
      let outcome = try await WorldTests.play(seed, defect)
      if defect.shows(in: outcome.violations) { return }
    }
    Issue.record("no checker notices the defect \(defect)")
  }
}
