import Reconciliation
import RolloutCore
import Testing

@Suite("Imported certificates without a creation time")
struct FirstImportTests {
  /// A certificate as ACM shows an import: with the time of its last import alone.
  private func imported(_ name: String, at day: Int64, first: Int64) -> Certificate {
    var imported = certificate(name, from: day)
    imported.type = .imported
    imported.createdAt = nil
    imported.issuedAt = nil
    imported.importedAt = noon + .days(day)
    return imported
  }

  @Test("Two that are imported again in turn do not take turns, across restarts too")
  func turns() async throws {
    let fleet = [mapping("one", of: "a")]
    var stage = Stage(fleet)
    stage.cloud.set(
      [imported("other", at: -60, first: -60), imported("old", at: -30, first: -30)],
      of: account("a"))
    for round in 0..<4 {
      try await stage.play { [stage] in
        await stage.pass(.minutes(10))
        // Each is imported again, first the one and then the other.
        let day = Int64(round)
        stage.cloud.set(
          [
            imported("other", at: day - 20, first: -60),
            imported("old", at: round.isMultiple(of: 2) ? -30 : day - 19, first: -30),
          ], of: account("a"))
        await stage.pass(.minutes(20))
        #expect(await stage.condition(of: "one") == .inSync)
      }
      stage = stage.restarted(fleet)
    }
    #expect(stage.cloud.updates().isEmpty)
    #expect(
      stage.state.firstImports == [
        arn("other"): noon - .days(60), arn("old"): noon - .days(30),
      ])
  }

  @Test("One that is imported under a new ARN is newer")
  func newARN() async throws {
    let stage = Stage([mapping("one", of: "a")])
    stage.cloud.set([imported("old", at: -30, first: -30)], of: account("a"))
    try await stage.play {
      await stage.pass(.minutes(1))
      stage.cloud.add([imported("new", at: -1, first: -1)], to: account("a"))
      await stage.pass(.minutes(20))
      #expect(stage.cloud.updates().map(\.certificate) == [arn("new")])
    }
  }

  @Test("A quiet poll writes nothing again")
  func quiet() async throws {
    let stage = Stage([mapping("one", of: "a")])
    stage.cloud.set([imported("old", at: -30, first: -30)], of: account("a"))
    try await stage.play {
      await stage.pass(.minutes(1))
      let commits = stage.state.commits.count
      await stage.pass(.hours(3))
      #expect(stage.state.commits.count == commits)
    }
  }
}
