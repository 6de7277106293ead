import Narration
import POSIX
import Reconciliation
import RolloutCore
import Testing
import VirtualTime

/// Small fleets in which anything fails at any time. They end in a calm, in which everything must
/// settle; the executor reports a task that waits for ever.
@Suite("Random fleets")
struct RandomFleetTests {
  private static let failures: [Failure.Kind] = [
    .unreachable, .answerLost, .server, .malformedAnswer, .throttled, .conflict, .credentials,
    .accessDenied, .notFound,
  ]

  private static func draw(_ dice: inout Dice, _ request: FakeCloud.Request) -> FakeCloud.Manner? {
    let latency = Duration.milliseconds(Int.random(in: 0...400, using: &dice))
    switch Int.random(in: 0..<100, using: &dice) {
    case 0..<70: return .takes(latency)
    case 70..<75: return .takes(.seconds(Int.random(in: 1...40, using: &dice)))
    case 75..<80: return .hangs()
    case 80..<85 where isUpdate(request): return .answerLost
    default: return .fails(failures.randomElement(using: &dice) ?? .server, after: latency)
    }
  }

  private static func isUpdate(_ request: FakeCloud.Request) -> Bool {
    if case .update = request { true } else { false }
  }

  private static func fleet(_ dice: inout Dice) -> [Mapping] {
    (0..<Int.random(in: 3...8, using: &dice)).map { number in
      mapping(
        "d\(number)", of: "\(Int.random(in: 0..<3, using: &dice))",
        wave: Int.random(in: 0..<3, using: &dice)
      ) { mapping in
        if Int.random(in: 0..<12, using: &dice) == 0 { mapping.mode = .observe }
      }
    }
  }

  /// One thing that may happen to a fleet.
  private static func happen(_ stage: Stage, _ mappings: [Mapping], _ dice: inout Dice) async {
    let mapping = mappings[Int.random(in: 0..<mappings.count, using: &dice)]
    let name = String(mapping.domain.text.prefix { $0 != "." })
    switch Int.random(in: 0..<12, using: &dice) {
    case 0: stage.clock.step(by: .minutes(Int64.random(in: -180...180, using: &dice)))
    case 1: stage.clock.wake(.pollRequested)
    case 2: stage.ask(.hold(until: nil), for: name)
    case 3: stage.ask(.resume, for: name)
    case 4: stage.ask(.retry, for: name)
    case 5:
      var some = mappings.filter { _ in Int.random(in: 0..<4, using: &dice) > 0 }
      for index in some.indices { some[index].wave = Int.random(in: 0..<3, using: &dice) }
      await stage.adopt(some)
    case 6: await stage.adopt(mappings)
    case 7: stage.state.fail(FakeState.full)
    case 8: stage.state.fail(nil)
    case 9: stage.state.takes(.milliseconds(Int.random(in: 0...3000, using: &dice)))
    default:
      let certificates = certificate(
        "new\(stage.executor.uptime.inMilliseconds)",
        from: -20 + stage.executor.uptime.inMilliseconds / 3_600_000)
      for identity in Fleet(mappings: mappings).identities {
        stage.cloud.add([certificates], to: identity)
      }
    }
  }

  @Test("Whatever fails, everything settles once the faults stop", arguments: 0..<200)
  func settles(seed: UInt64) async throws {
    var dice = Dice(seed: seed)
    let mappings = RandomFleetTests.fleet(&dice)
    let concurrency = Int.random(in: 1...3, using: &dice)
    var limits = Dice(seed: seed &+ 2)
    let (slots, failures, soak) = (
      Int.random(in: 0...2, using: &limits), Int.random(in: 0...2, using: &limits),
      Int64.random(in: 0...10, using: &limits)
    )
    let edit: @Sendable (inout Pacing) -> Void = {
      $0.concurrency = concurrency
      $0.retryMaximum = .minutes(5)
      ($0.maxInFlight, $0.stopAfterFailures, $0.waveSoak) = (slots, failures, .minutes(soak))
    }
    let stage = Stage(mappings, seed: seed, pacing: edit)
    let shared = Guarded(Dice(seed: seed &+ 1))
    stage.cloud.drawManners { request in shared.withLock { RandomFleetTests.draw(&$0, request) } }
    let before = dice
    try await stage.play {
      var dice = before
      for _ in 0..<15 {
        await stage.pass(.milliseconds(Int.random(in: 0...180_000, using: &dice)))
        await RandomFleetTests.happen(stage, mappings, &dice)
      }
      stage.cloud.drawManners(nil)
      stage.state.fail(nil)
      stage.state.takes(.milliseconds(5))
      for mapping in mappings {
        stage.ask(.resume, for: String(mapping.domain.text.prefix { $0 != "." }))
      }
      await stage.adopt(mappings, pacing: edit)
      for _ in 0..<36 {
        await stage.pass(.minutes(5))
        for wave in await stage.ledger.stops.keys { stage.state.ask(.resumeWave(wave), for: nil) }
        stage.clock.wake(.operatorRequest)
        if await RandomFleetTests.isSettled(stage, mappings) { break }
      }
      // It stays so.
      await stage.pass(.minutes(11))
      await RandomFleetTests.expectSettled(stage, mappings)
    }
    RandomFleetTests.expectIntents(stage)
  }

  private static func isSettled(_ stage: Stage, _ mappings: [Mapping]) async -> Bool {
    let records = await stage.ledger.records
    return mappings.allSatisfy { $0.mode == .observe || records[$0.domain]?.condition == .inSync }
  }

  private static func expectSettled(_ stage: Stage, _ mappings: [Mapping]) async {
    for mapping in mappings {
      let record = await stage.ledger.records[mapping.domain]
      let text =
        "\(mapping.domain): \(String(describing: record?.condition)) \(String(describing: record?.reason))"
      switch mapping.mode {
      case .apply: #expect(record?.condition == .inSync, "\(text)")
      case .observe:
        #expect([.inSync, .pending, .drifted].contains(record?.condition), "\(text)")
      }
      #expect(stage.state.record(of: mapping.domain) == record)
    }
    #expect(stage.state.waitingRequests == 0)
    #expect(await stage.ledger.stops.values.sorted { $0.wave < $1.wave } == stage.state.stops)
    let now = stage.clock.now
    #expect((stage.report.goodPolls.last ?? .distantPast).since(now) > .minutes(-11))
  }

  /// Every call had an intent of its own on disk, and every intent was followed by its call.
  private static func expectIntents(_ stage: Stage) {
    let intents = stage.state.commits.filter { $0.change.guarding != nil }
    #expect(intents.count == stage.cloud.updates().count)
    #expect(intents.map(\.at).sorted() == stage.cloud.updateTimes().sorted())
    #expect(
      intents.compactMap(\.change.guarding).sorted() == stage.cloud.updates().map(\.domain).sorted()
    )
  }
}
