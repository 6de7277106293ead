import Narration
import Reconciliation
import RolloutCore
import Testing
import VirtualTime

@Suite("The release of a replaced certificate")
struct ReleaseTests {
  private static let one = mapping("one", of: "a")

  /// Rolls `one` out to `new`, while something else uses `old` where the test says so.
  private static func rollOut(_ stage: Stage, oldIsUsed: Bool = false) async {
    await stage.pass(.seconds(1))
    if oldIsUsed { stage.cloud.use([arn("old")]) }
    stage.cloud.add([certificate("new", from: -1)], to: account("a"))
    stage.clock.wake(.pollRequested)
    #expect(await stage.wait { !stage.report.lines(.rolloutCompleted).isEmpty })
  }

  private static func released(_ stage: Stage) -> [FakeReport.Line] {
    stage.report.lines(.certificateReleased)
  }

  @Test("It is released at the next poll after the proof, once, in the history and the record")
  func released() async throws {
    let fleet = [ReleaseTests.one]
    let stage = Stage(fleet)
    try await stage.play {
      await ReleaseTests.rollOut(stage)
      let proven = stage.executor.uptime
      #expect(await stage.wait { !ReleaseTests.released(stage).isEmpty })
      #expect(stage.executor.uptime - proven <= .minutes(6))
      let record = await stage.record(of: "one")
      #expect(record?.rollout?.releasedAt != nil && record?.condition == .inSync)
      #expect(stage.state.record(of: domain("one"))?.rollout?.releasedAt != nil)
      await stage.pass(.days(2))
    }
    #expect(ReleaseTests.released(stage).count == 1)
    #expect(stage.state.entries("certificate.released", of: domain("one")) == 1)
    let event = ReleaseTests.released(stage)[0].event
    #expect(event.fields[.certificateARN] == arn("old").text && event.level == .notice)
    let next = stage.restarted(fleet)
    try await next.play { await next.pass(.days(2)) }
    #expect(ReleaseTests.released(next).isEmpty)
    #expect(next.state.entries("certificate.released") == 1)
  }

  @Test("It is released when its last user lets it go, also after a restart")
  func used() async throws {
    let fleet = [ReleaseTests.one]
    let stage = Stage(fleet)
    try await stage.play {
      await ReleaseTests.rollOut(stage, oldIsUsed: true)
      await stage.pass(.days(1))
      #expect(ReleaseTests.released(stage).isEmpty)
    }
    let next = stage.restarted(fleet)
    try await next.play {
      await next.pass(.days(1))
      #expect(ReleaseTests.released(next).isEmpty)
      next.cloud.use([])
      #expect(await next.wait(atMost: .minutes(10)) { !ReleaseTests.released(next).isEmpty })
    }
  }

  @Test("While it is in use, quiet polls stay one list an account")
  func quiet() async throws {
    let stage = Stage([ReleaseTests.one]) { $0.driftInterval = .hours(24) }
    try await stage.play {
      await ReleaseTests.rollOut(stage, oldIsUsed: true)
      await stage.pass(.hours(2))
      let before = stage.cloud.times(of: .pem(account("a"))).count
      await stage.pass(.hours(12))
      #expect(stage.cloud.times(of: .pem(account("a"))).count == before)
      #expect(ReleaseTests.released(stage).isEmpty)
    }
  }

  @Test("It is not released while another domain has it, and is for both when none has")
  func twoDomains() async throws {
    let stage = Stage([ReleaseTests.one, mapping("two", of: "a")])
    try await stage.play {
      await stage.pass(.seconds(1))
      stage.ask(.hold(until: nil), for: "two")
      await stage.pass(.seconds(1))
      await ReleaseTests.rollOut(stage)
      await stage.pass(.hours(5))
      #expect(ReleaseTests.released(stage).isEmpty)
      stage.ask(.resume, for: "two")
      #expect(await stage.wait { ReleaseTests.released(stage).count == 2 })
      await stage.pass(.hours(5))
    }
    #expect(ReleaseTests.released(stage).count == 2)
    for name in ["one", "two"] {
      #expect(stage.state.entries("certificate.released", of: domain(name)) == 1)
    }
  }

  @Test("A release that cannot be written is logged when there is room, once")
  func fullDisk() async throws {
    let stage = Stage([ReleaseTests.one])
    try await stage.play {
      await ReleaseTests.rollOut(stage)
      stage.state.fail(FakeState.full)
      await stage.pass(.hours(1))
      #expect(ReleaseTests.released(stage).isEmpty)
      stage.state.fail(nil)
      await stage.pass(.hours(3))
    }
    #expect(ReleaseTests.released(stage).count == 1)
    #expect(stage.state.entries("certificate.released") == 1)
  }

  @Test("No call waits for a look at the replaced certificate that hangs")
  func hanging() async throws {
    let stage = Stage([ReleaseTests.one])
    try await stage.play {
      await ReleaseTests.rollOut(stage)
      stage.cloud.answer(.pem(account("a")), .hangs())
      await stage.pass(.minutes(10))
      #expect(ReleaseTests.released(stage).isEmpty)
      stage.cloud.answer(.pem(account("a")), .takes(.milliseconds(10)))
      #expect(await stage.wait { !ReleaseTests.released(stage).isEmpty })
    }
  }

  @Test("Without a proof by the edges nothing is released, nor asked")
  func unproven() async throws {
    let stage = Stage([mapping("one", of: "a") { $0.probe.isEnabled = false }])
    try await stage.play {
      await ReleaseTests.rollOut(stage)
      await stage.pass(.days(1))
    }
    #expect(ReleaseTests.released(stage).isEmpty)
  }
}
