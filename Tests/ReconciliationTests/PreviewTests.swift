import Narration
import RolloutCore
import Testing
import VirtualTime

@testable import Reconciliation

@Suite("A preview")
struct PreviewTests {
  private static let fleet = [
    mapping("canary", of: "a", wave: 0), mapping("main", of: "b", wave: 1),
    mapping("beside", of: "a", wave: 1), mapping("observed", of: "b") { $0.mode = .observe },
  ]

  private static func issue(_ stage: Stage) {
    for owner in ["a", "b"] { stage.cloud.add([certificate("new", from: -1)], to: account(owner)) }
  }

  /// The decisions of a preview beside the stage, as `domain: action`.
  private static func preview(
    _ stage: Stage, _ mappings: [Mapping] = fleet, of names: [String]? = nil,
    isStart: Bool = false, within limit: Duration = .seconds(20),
    pacing: (inout Pacing) -> Void = { _ in }
  ) async throws -> (actions: [String], outcome: Preview.Outcome) {
    var settings = Pacing()
    pacing(&settings)
    let preview = Preview(
      ports: stage.frozen, fleet: Fleet(mappings: mappings, pacing: settings), isStart: isStart)
    let domains = Set(names?.map(domain) ?? mappings.map(\.domain))
    let outcome = try #require(
      try await stage.executor.run { await preview.outcome(domains, within: limit) })
    let actions = mappings.compactMap { mapping in
      outcome.decisions[mapping.domain].map { "\(mapping.domain): \($0.action.rawValue)" }
    }
    return (actions, outcome)
  }

  @Test("decides every domain as the daemon would, and calls nothing")
  func decides() async throws {
    let stage = Stage(PreviewTests.fleet)
    PreviewTests.issue(stage)
    let (actions, outcome) = try await PreviewTests.preview(stage)
    #expect(
      actions == [
        "canary.example.com: update", "main.example.com: wait", "beside.example.com: wait",
        "observed.example.com: wait",
      ])
    #expect(stage.cloud.updates() == [])
    #expect(outcome.failures.isEmpty)
    let reason = outcome.decisions[domain("main")]?.reason
    #expect(reason?.reason == .waitsForWave)
    #expect(reason?.detail == "canary.example.com (wave 0) is pending")
  }

  @Test("a wave whose lower ones are settled begins, whichever account is looked at first")
  func settledWave() async throws {
    let fleet = [mapping("main", of: "b", wave: 1), mapping("canary", of: "a", wave: 0)]
    let stage = Stage(fleet)
    stage.cloud.add([certificate("new", from: -1)], to: account("b"))
    stage.cloud.answer(.describe(domain("canary")), .takes(.seconds(3)))
    let (actions, _) = try await PreviewTests.preview(stage, fleet)
    #expect(actions == ["main.example.com: update", "canary.example.com: none"])
  }

  @Test("max_in_flight lets the first domains of the order call, and the others wait")
  func slots() async throws {
    let fleet = (0..<4).map { mapping("d\($0)", of: "a") }
    let stage = Stage(fleet)
    stage.cloud.add([certificate("new", from: -1)], to: account("a"))
    let (actions, _) = try await PreviewTests.preview(stage, fleet) { $0.maxInFlight = 2 }
    #expect(actions.count { $0.hasSuffix("update") } == 2)
    #expect(actions.count { $0.hasSuffix("wait") } == 2)
  }

  @Test("of one domain, the others stand as the state file tells")
  func oneDomain() async throws {
    let stage = Stage(PreviewTests.fleet)
    try await stage.play { await stage.pass(.seconds(10)) }
    PreviewTests.issue(stage)
    let (actions, outcome) = try await PreviewTests.preview(stage, of: ["main"])
    #expect(actions == ["main.example.com: update"])
    #expect(outcome.decisions.count == 1)
    #expect(!stage.cloud.requests.contains(.update(domain("main"))))
  }

  @Test("an account that hangs is cut off, and the others are decided")
  func hanging() async throws {
    let stage = Stage(PreviewTests.fleet)
    PreviewTests.issue(stage)
    stage.cloud.answer(.list(account("b")), .hangs(for: .hours(1)))
    let began = stage.executor.uptime
    let (actions, outcome) = try await PreviewTests.preview(stage)
    #expect(actions == ["canary.example.com: update", "beside.example.com: wait"])
    #expect(outcome.failures.map(\.failure.message) == ["no answer within 20s"])
    #expect(stage.executor.uptime - began < .seconds(25))
  }

  @Test("an account whose certificates cannot be listed is named with the reason")
  func denied() async throws {
    let stage = Stage(PreviewTests.fleet)
    stage.cloud.answer(.list(account("b")), .denied)
    let (actions, outcome) = try await PreviewTests.preview(stage)
    #expect(outcome.failures.map(\.identity) == [account("b")])
    #expect(outcome.failures.map(\.failure.kind) == [.accessDenied])
    #expect(actions.contains("main.example.com: blocked"))
  }

  @Test("beside a daemon a refused call waits for its time; at a start it is made at once")
  func refusedCall() async throws {
    let fleet = [mapping("one", of: "a")]
    let stage = Stage(fleet)
    stage.cloud.add([certificate("new", from: -1)], to: account("a"))
    stage.cloud.answer(.update(domain("one")), .fails(.refused(.certificateRejected)))
    try await stage.play { await stage.pass(.minutes(1)) }
    let calls = stage.cloud.times(of: .update(domain("one"))).count
    #expect(try await PreviewTests.preview(stage, fleet).actions == ["one.example.com: blocked"])
    #expect(
      try await PreviewTests.preview(stage, fleet, isStart: true).actions
        == ["one.example.com: update"])
    #expect(stage.cloud.times(of: .update(domain("one"))).count == calls)
  }

  @Test("a stopped wave stays stopped beside a daemon")
  func stoppedWave() async throws {
    let fleet = [mapping("one", of: "a"), mapping("two", of: "b")]
    let stage = Stage(fleet) { $0.stopAfterFailures = 1 }
    stage.cloud.answer(.update(domain("one")), .fails(.refused(.certificateRejected)))
    stage.cloud.add([certificate("new", from: -1)], to: account("a"))
    try await stage.play { await stage.pass(.minutes(10)) }
    #expect(stage.state.stops.map(\.wave) == [0])
    stage.cloud.add([certificate("new", from: -1)], to: account("b"))
    let (_, outcome) = try await PreviewTests.preview(stage, fleet) { $0.stopAfterFailures = 1 }
    #expect(outcome.decisions[domain("two")]?.reason?.reason == .waveStopped)
  }

  @Test("the certificate before a rollout is not looked at")
  func release() async throws {
    let fleet = [mapping("one", of: "a")]
    let stage = Stage(fleet)
    try await stage.play {
      await stage.pass(.seconds(1))
      stage.cloud.add([certificate("new", from: -1)], to: account("a"))
      stage.clock.wake(.pollRequested)
      #expect(await stage.wait { !stage.report.lines(.rolloutCompleted).isEmpty })
    }
    let (_, outcome) = try await PreviewTests.preview(stage, fleet)
    let facts = try #require(outcome.decisions[domain("one")]?.facts)
    let releasable = facts.record.rollout?.releasable(at: facts.now)
    #expect(releasable == arn("old"), "a daemon would look at it")
    #expect(facts.certificates.uses.isEmpty && !facts.looksAtRelease)
  }

  @Test("an explanation asks for what the decision did not need")
  func completes() async throws {
    let fleet = [mapping("one", of: "a")]
    let stage = Stage(fleet)
    let older = certificate("older", from: -90)
    stage.cloud.add([older], to: account("a"))
    let preview = Preview(ports: stage.frozen, fleet: Fleet(mappings: fleet), isStart: true)
    let one = domain("one")
    let decisions: [Decision] = try await stage.executor.run {
      guard let outcome = await preview.outcome([one], within: .seconds(20)),
        let decision = outcome.decisions[one]
      else { return [] }
      return [decision, await preview.complete(decision, within: .seconds(5))]
    }
    let (before, after) = (decisions.first, decisions.last)
    let asked = before?.facts.certificates.evidence[older.arn]
    #expect(asked == nil)
    #expect(after?.facts.certificates.evidence[older.arn]?.value != nil)
    #expect(after?.ranking?.candidates.allSatisfy(\.isEligible) == true)
  }
}

extension Preview {
  /// nil when the state could not be read.
  fileprivate func outcome(_ domains: Set<DomainName>, within limit: Duration) async -> Outcome? {
    do throws(StateFailure) {
      return try await run(lookingAt: domains, within: limit)
    } catch {
      return nil
    }
  }
}

extension Stage {
  /// The ports of the stage with a copy of its state.
  fileprivate var frozen: Ports {
    var ports = dispatcher.ports
    ports.state = FrozenState(state: state)
    return ports
  }
}

/// Reads the state of a stage and writes nothing to it.
private struct FrozenState: StatePort {
  let state: FakeState

  func loadRecords() async throws(StateFailure) -> [DomainRecord] { try await state.loadRecords() }
  func loadFirstImports() async throws(StateFailure) -> [CertificateARN: Instant] {
    try await state.loadFirstImports()
  }
  func loadStoppedWaves() async throws(StateFailure) -> [WaveStop] { state.stops }
  func commit(_ change: StateChange) async throws(StateFailure) {}
  func pendingRequests() async throws(StateFailure) -> [OperatorRequest] { [] }
}

extension PreviewTests {
  @Test("shows as an update what the daemon's next pass calls, and nothing else", arguments: 1...24)
  func isTheNextPass(seed: UInt64) async throws {
    var dice = Dice(seed: seed)
    func one(in count: UInt64) -> Bool { dice.next() % count == 0 }
    let fleet = (0..<9).map { index in
      mapping("d\(index)", of: "a\(index % 3)") { mapping in
        if one(in: 4) { mapping.mode = .observe }
        if one(in: 4) { mapping.selector.soak = .days(2) }
        if one(in: 5) { mapping.selector.domainName = "other.example.com" }
      }
    }
    let limit = one(in: 2) ? 2 : 0
    let stage = Stage(fleet, seed: seed, mode: .once) { $0.maxInFlight = limit }
    for index in 0..<3 {
      if one(in: 3) { continue }
      stage.cloud.add([certificate("new", from: one(in: 2) ? -1 : -40)], to: account("a\(index)"))
      if one(in: 3) { stage.cloud.answer(.pem(account("a\(index)")), .denied) }
    }
    for mapping in fleet where one(in: 5) {
      stage.cloud.set(mapping.domain) { $0.status = .updating }
    }
    let (_, outcome) = try await PreviewTests.preview(stage, fleet, isStart: true) {
      $0.maxInFlight = limit
    }
    let planned = outcome.decisions.values.filter { $0.action == .update }
    #expect(stage.cloud.updates() == [])
    try await stage.play()
    let called = Set(stage.cloud.updates().map(\.domain))
    #expect(planned.count == called.count, "seed \(seed)")
    if limit == 0 { #expect(Set(planned.map(\.domain)) == called, "seed \(seed)") }
  }
}
