import Reconciliation
import RolloutCore
import StateStore
import Testing

@Suite("Stopped waves")
struct StoppedWaveTests {
  private func stop(_ wave: Int) throws -> WaveStop {
    WaveStop(
      wave: wave, at: at(7), failures: 2,
      domains: [try domain("a.example.com"), try domain("b.example.com")])
  }

  private func record(_ name: String, wave: Int) throws -> DomainRecord {
    var record = try plainRecord(name)
    record.join(wave: wave)
    return record
  }

  @Test("are read as they were written, and are gone once they go on")
  func roundTrip() async throws {
    let scratch = try Scratch()
    let store = try StateStore.open(path: scratch.state, mode: .daemon)
    #expect(try await store.loadStoppedWaves() == [])
    try await store.commit(StateChange(stops: [try stop(3), try stop(0)]))
    try store.close()
    let again = try StateStore.open(path: scratch.state, mode: .daemon)
    #expect(try await again.loadStoppedWaves() == [try stop(0), try stop(3)])
    // A wave that goes on and is stopped again in one change is stopped.
    try await again.commit(StateChange(stops: [try stop(3)], resumedWaves: [0, 3, 9]))
    #expect(try await again.loadStoppedWaves() == [try stop(3)])
  }

  @Test("are resumed by a request, which no other wave takes")
  func request() async throws {
    let scratch = try Scratch()
    let store = try StateStore.open(path: scratch.state, mode: .daemon)
    await #expect(throws: RequestFailure.unknownWave(0, known: [])) {
      try await store.requestResume(ofWave: 0, by: person, at: at(1))
    }
    var former = try record("c.example.com", wave: 5)
    former.isMapped = false
    try await store.commit(
      StateChange(
        records: [
          try record("a.example.com", wave: 0), try record("b.example.com", wave: 1), former,
        ]))
    await #expect(throws: RequestFailure.unknownWave(5, known: [0, 1])) {
      try await store.requestResume(ofWave: 5, by: person, at: at(1))
    }
    await #expect(throws: RequestFailure.waveNotStopped(1, stopped: [])) {
      try await store.requestResume(ofWave: 1, by: person, at: at(1))
    }
    try await store.commit(StateChange(stops: [try stop(0)]))
    await #expect(throws: RequestFailure.waveNotStopped(1, stopped: [0])) {
      try await store.requestResume(ofWave: 1, by: person, at: at(1))
    }
    let made = try await store.requestResume(ofWave: 0, by: person, at: at(1))
    #expect(made.kind == .resumeWave(0) && made.domain == nil)
    #expect(try await store.pendingRequests() == [made])
    // It concerns no call of any domain.
    try await store.commit(
      StateChange(
        records: [try record("a.example.com", wave: 0)], guarding: try domain("a.example.com")))
    try await store.commit(StateChange(resumedWaves: [0], handled: [made.id]))
    #expect(try await store.pendingRequests() == [])
  }

  @Test("say why a request is refused")
  func words() {
    #expect(
      RequestFailure.unknownWave(7, known: [0, 2]).description
        == "no domain is in wave 7; there are domains in wave 0, 2")
    #expect(
      RequestFailure.waveNotStopped(7, stopped: [1]).description
        == "wave 7 is not stopped; stopped is wave 1")
  }

  @Test(
    "that cannot be read are reported by table, row and column",
    arguments: [
      ("domains = '7'", "column domains: is not a JSON array"),
      ("domains = '[7]'", "column domains: holds something that is not a string"),
      ("domains = '[\"s3 cret\"]'", "column domains: holds something that is not "),
      ("failures = -1", "column failures: is not a count"),
      ("wave = -1", "column wave: is not a count"),
    ])
  func malformed(_ edited: (sql: String, place: String)) async throws {
    let scratch = try Scratch()
    let store = try StateStore.open(path: scratch.state, mode: .daemon)
    try await store.commit(StateChange(stops: [try stop(3)]))
    try store.close()
    try edit(
      scratch.state,
      "PRAGMA ignore_check_constraints = ON; UPDATE stopped_waves SET " + edited.sql)
    let again = try StateStore.open(path: scratch.state, mode: .daemon)
    let failure = await failure { _ = try await again.loadStoppedWaves() }
    #expect(failure?.kind == .damaged)
    #expect(failure?.message.contains("table stopped_waves, row") == true)
    #expect(failure?.message.contains(edited.place) == true, "\(failure as Any)")
    #expect(failure?.description.contains("s3 cret") == false)
  }
}
