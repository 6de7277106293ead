import Narration
import RolloutCore
import Testing
import VirtualTime

@testable import Reconciliation

@Suite("Waves")
struct WaveTests {
  private static let fleet = [
    mapping("canary", of: "a", wave: 0), mapping("main", of: "b", wave: 1),
    mapping("beside", of: "a", wave: 1),
  ]

  private static func issue(_ stage: Stage, _ name: String = "new") {
    for owner in ["a", "b"] { stage.cloud.add([certificate(name, from: -1)], to: account(owner)) }
  }

  @Test("A wave waits while a canary's certificates cannot be listed, and says so")
  func deniedCanary() async throws {
    let stage = Stage(WaveTests.fleet) { $0.pollInterval = .minutes(1) }
    try await stage.play {
      await stage.pass(.seconds(10))
      stage.cloud.answer(.list(account("a")), .denied)
      WaveTests.issue(stage)
      await stage.pass(.hours(2))
      #expect(stage.cloud.updates() == [])
      let record = await stage.record(of: "main")
      #expect(record?.condition == .pending)
      #expect(record?.reason?.reason == .waitsForWave)
      #expect(record?.reason?.detail.contains("canary.example.com (wave 0)") == true)
      #expect(
        record?.reason?.detail.contains("access_denied") == true, "\(record?.reason?.detail ?? "")")
      stage.cloud.answer(.list(account("a")), .takes(.zero))
      await stage.pass(.hours(1))
      #expect(stage.cloud.attached(to: domain("main")) == arn("new"))
      #expect(
        stage.cloud.updates().map(\.domain).first == domain("canary"))
    }
  }

  @Test("A new certificate goes wave by wave, in one account and across accounts")
  func waveByWave() async throws {
    let stage = Stage(WaveTests.fleet)
    try await stage.play {
      await stage.pass(.seconds(10))
      WaveTests.issue(stage)
      await stage.pass(.hours(2))
      await WaveTests.expectWaveByWave(stage)
    }
  }

  private static func expectWaveByWave(_ stage: Stage) async {
    let proven = stage.report.lines(.rolloutCompleted, of: domain("canary")).first?.at
    for name in ["main", "beside"] {
      let called = stage.cloud.updateTimes(of: domain(name))
      #expect(called.count == 1)
      guard let proven, let first = called.first else {
        Issue.record("no rollout of canary, or no call for \(name)")
        return
      }
      #expect(first >= proven)
      // The wave does not wait for the next poll.
      let found = stage.report.lines(.replacementFound, of: domain(name)).last?.at ?? .zero
      #expect(first - max(proven, found) < .seconds(5))
    }
  }

  @Test("A new pin and a reload update wave by wave", arguments: 0..<10)
  func newPin(seed: UInt64) async throws {
    let stage = Stage(WaveTests.fleet, seed: seed)
    WaveTests.issue(stage, "pinned")
    let oldPin = WaveTests.fleet.map { mapping in
      var mapping = mapping
      mapping.selector.arn = arn("old")
      return mapping
    }
    try await stage.play {
      await stage.adopt(oldPin)
      await stage.pass(.minutes(3))
      #expect(await stage.condition(of: "main") == .inSync)
      await stage.adopt(
        oldPin.map { mapping in
          var mapping = mapping
          mapping.selector.arn = arn("pinned")
          return mapping
        })
      await stage.pass(.hours(2))
      await WaveTests.expectWaveByWave(stage)
    }
  }

  @Test("'run --once --wait' goes through all waves")
  func onceAndWait() async throws {
    let stage = Stage(WaveTests.fleet, mode: .onceAndWait)
    WaveTests.issue(stage)
    let ending = try await stage.play()
    #expect(ending == .stopped)
    for name in ["canary", "main", "beside"] {
      #expect(stage.cloud.attached(to: domain(name)) == arn("new"))
      #expect(stage.report.lines(.rolloutCompleted, of: domain(name)).count == 1)
    }
    await WaveTests.expectWaveByWave(stage)
    #expect(stage.executor.uptime < .minutes(20))
  }

  @Test("'run --once' makes one pass")
  func once() async throws {
    let stage = Stage(WaveTests.fleet, mode: .once)
    WaveTests.issue(stage)
    #expect(try await stage.play() == .stopped)
    #expect(stage.cloud.updates().map(\.domain) == [domain("canary")])
    #expect(stage.executor.uptime < .seconds(5))
  }

  @Test("A clock that is set back holds up no wave")
  func clockSetBack() async throws {
    let stage = Stage(WaveTests.fleet)
    try await stage.play {
      await stage.pass(.seconds(10))
      WaveTests.issue(stage)
      stage.cloud.answer(.list(account("a")), .takes(.seconds(4)))
      stage.cloud.answer(.list(account("b")), .takes(.seconds(4)))
      stage.clock.wake(.pollRequested)
      await stage.pass(.seconds(2))
      stage.clock.step(by: .hours(-2))
      await stage.pass(.minutes(30))
      #expect(stage.cloud.attached(to: domain("main")) == arn("new"))
    }
  }

  @Test("A reload that moves a domain to a higher wave in the middle of its look stops nothing")
  func changedWave() async throws {
    let stage = Stage(WaveTests.fleet)
    try await stage.play {
      await stage.pass(.seconds(10))
      WaveTests.issue(stage)
      stage.cloud.answer(.pem(account("a")), .takes(.seconds(4)))
      stage.clock.wake(.pollRequested)
      await stage.pass(.seconds(2))
      await stage.adopt([
        mapping("canary", of: "a", wave: 2), mapping("main", of: "b", wave: 1),
        mapping("beside", of: "a", wave: 1),
      ])
      await stage.pass(.hours(2))
      #expect(stage.cloud.attached(to: domain("canary")) == arn("new"))
      #expect(stage.cloud.updates().last?.domain == domain("canary"))
    }
  }

  @Test("Orders that come while a domain waits for a lower wave of its account are obeyed")
  func ordersDuringWait() async throws {
    let canary = mapping("canary", of: "a") { $0.selector.arn = arn("old") }
    let stage = Stage(
      [canary] + ["free", "held", "observed"].map { mapping($0, of: "a", wave: 1) })
    try await stage.play {
      await stage.pass(.seconds(10))
      stage.cloud.add([certificate("new", from: -1)], to: account("a"))
      stage.cloud.answer(.describe(domain("canary")), .takes(.seconds(5)))
      stage.clock.wake(.pollRequested)
      await stage.pass(.seconds(2))
      #expect(stage.cloud.updates() == [])
      stage.ask(.hold(until: nil), for: "held")
      await stage.adopt([
        canary, mapping("free", of: "a", wave: 1), mapping("held", of: "a", wave: 1),
        mapping("observed", of: "a", wave: 1) { $0.mode = .observe },
      ])
      await stage.pass(.minutes(2))
      #expect(stage.cloud.updates().map(\.domain) == [domain("free")])
    }
  }

  @Test("Domains of higher waves go on when the lower ones have been looked at", arguments: 0..<20)
  func gate(seed: UInt64) async throws {
    let executor = VirtualExecutor(seed: seed)
    let mappings = (0..<9).map { mapping("d\($0)", of: "a", wave: $0 / 3) }
    let passed = try await executor.run {
      let gate = WaveGate(mappings)
      return await withTaskGroup(of: Int.self) { group in
        for mapping in mappings {
          group.addTask {
            await gate.waitForLowerWaves(than: mapping.wave)
            await executor.sleep(for: .milliseconds(Int(seed) % (mapping.wave + 2)))
            await gate.pass(mapping.domain)
            return mapping.wave
          }
        }
        return await group.reduce(into: []) { $0.append($1) }
      }
    }
    #expect(passed == passed.sorted())
    #expect(passed.count == 9)
  }
}
