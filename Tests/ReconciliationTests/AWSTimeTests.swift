import Narration
import Reconciliation
import RolloutCore
import Testing
import VirtualTime

@Suite("AWS's clock")
struct AWSTimeTests {
  private let uptime = Duration.hours(5)

  /// The time that decides when the host's clock shows noon.
  private func now(_ time: AWSTime, _ uptime: Duration? = nil) -> Instant {
    noon + (.zero - time.hostError(hostNow: noon, uptime: uptime ?? self.uptime))
  }

  @Test(
    "It decides when it differs by more than 5 minutes",
    arguments: [
      (Duration.days(40), true), (.zero - .days(40), true), (.seconds(301), true),
      (.zero - .seconds(301), true), (.minutes(5), false), (.zero, false),
    ])
  func tolerance(difference: Duration, decides: Bool) {
    let time = AWSTime()
    #expect(now(time) == noon)
    time.note(noon + difference, from: "acm", uptime: uptime)
    #expect(
      now(time) == (decides ? noon + difference : noon))
  }

  @Test("It is unknown until an answer tells it, and the host's clock within the tolerance")
  func unknown() {
    let time = AWSTime()
    #expect(time.now(hostNow: noon, uptime: uptime) == nil)
    time.note(noon + .minutes(5), from: "acm", uptime: uptime)
    #expect(time.now(hostNow: noon, uptime: uptime) == noon)
    time.note(noon + .days(2), from: "acm", uptime: uptime)
    #expect(time.now(hostNow: noon, uptime: uptime) == noon + .days(2))
  }

  @Test("It goes on with the uptime, whatever happens to the host's clock between two answers")
  func step() {
    let time = AWSTime()
    time.note(noon, from: "acm", uptime: uptime)
    let host = noon - .days(3)
    let error = time.hostError(hostNow: host, uptime: uptime + .minutes(7))
    let later = host + (.zero - error)
    #expect(later == noon + .minutes(7))
  }

  @Test("One host of several whose answers are dated wrong does not decide")
  func disagreement() {
    let time = AWSTime()
    time.note(noon, from: "acm", uptime: uptime)
    time.note(noon - .days(90), from: "cognito", uptime: uptime)
    #expect(now(time) == noon)
    time.note(noon - .days(90), from: "tagging", uptime: uptime)
    #expect(now(time) == noon - .days(90))
    time.note(noon, from: "cognito", uptime: uptime)
    #expect(now(time) == noon)
  }

  @Test("A difference near the tolerance does not come and go, and slow answers do not move it")
  func steady() {
    let time = AWSTime()
    time.note(noon + .seconds(302), from: "acm", uptime: uptime)
    #expect(now(time) == noon + .seconds(302))
    // It was dated 50 s before it arrived.
    time.note(noon + .seconds(252), from: "acm", uptime: uptime)
    #expect(now(time) == noon + .seconds(302))
    time.note(noon + .seconds(299), from: "sts", uptime: uptime)
    #expect(now(time) == noon + .seconds(299))
    let corrected = AWSTime()
    corrected.note(noon + .days(1), from: "acm", uptime: uptime)
    #expect(now(corrected) == noon + .days(1))
    corrected.note(noon + .seconds(239), from: "acm", uptime: uptime)
    #expect(now(corrected) == noon)
  }

  /// A host whose clock is wrong, and AWS, which tells the right time before the first look.
  private func wrongHost(_ error: Duration, _ mappings: [Mapping]) -> Stage {
    let stage = Stage(mappings, hostError: error)
    stage.cloud.beforeEachDescription { [clock = stage.clock] in
      clock.awsTime.note(clock.trueTime, from: "cognito", uptime: clock.uptime)
    }
    return stage
  }

  @Test(
    "A host that is wrong by days decides nothing else, and says so once an hour",
    arguments: [Duration.days(40), .zero - .days(40)])
  func decisions(error: Duration) async throws {
    let stage = wrongHost(error, [mapping("one", of: "a")])
    // By the host's clock one of them has expired, or is not valid yet.
    stage.cloud.set(
      [certificate("old", from: -60, to: 30), certificate("older", from: -90, to: 200)],
      of: account("a"))
    try await stage.play {
      await stage.pass(.minutes(90))
      #expect(await stage.condition(of: "one") == .inSync)
      stage.cloud.add([certificate("new", from: -1)], to: account("a"))
      stage.clock.wake(.pollRequested)
      await stage.pass(.minutes(20))
      #expect(await stage.condition(of: "one") == .inSync)
      #expect(stage.cloud.updates().map(\.certificate) == [arn("new")])
      let rollout = await stage.record(of: "one")?.rollout
      #expect(rollout?.startedAt.since(stage.clock.trueTime).inMilliseconds ?? 1 <= 0)
      #expect(rollout?.startedAt ?? .distantPast > stage.clock.trueTime - .minutes(21))
    }
    #expect(stage.report.lines(.clockWrong).count == 2)
    #expect(stage.report.lines(.clockStepped).isEmpty)
    #expect(stage.report.lines(.rolloutOverdue).isEmpty)
  }

  @Test(
    "A rollout from before a restart keeps its deadline when the clock is wrong afterwards",
    arguments: [Duration.days(40), .zero - .days(40)])
  func restart(error: Duration) async throws {
    let fleet = [mapping("one", of: "a")]
    let stage = Stage(fleet)
    try await stage.play {
      stage.cloud.answer(.probe(domain("one")), .fails(.unreachable))
      stage.cloud.add([certificate("new", from: -1)], to: account("a"))
      await stage.pass(.minutes(10))
    }
    let deadline = await stage.record(of: "one")?.rollout?.deadline
    stage.clock.step(by: error)
    let next = stage.restarted(fleet)
    next.cloud.beforeEachDescription { [clock = next.clock] in
      clock.awsTime.note(clock.trueTime, from: "cognito", uptime: clock.uptime)
    }
    try await next.play {
      await next.pass(.minutes(10))
      #expect(await next.condition(of: "one") == .propagating)
      #expect(deadline != nil)
      #expect(await next.record(of: "one")?.rollout?.deadline == deadline)
    }
  }

  @Test("The end of a hold is by the clock of the host where it was ordered")
  func hold() async throws {
    let stage = wrongHost(.days(40), [mapping("one", of: "a")])
    try await stage.play {
      await stage.pass(.minutes(1))
      stage.ask(.hold(until: stage.clock.hostNow + .hours(2)), for: "one")
      await stage.pass(.minutes(1))
      let until = await stage.record(of: "one")?.hold?.until
      #expect(until?.since(stage.clock.trueTime) ?? .zero > .minutes(118))
      #expect(until?.since(stage.clock.trueTime) ?? .zero < .minutes(121))
    }
  }

  @Test(
    "A hold whose clock was set before it was obeyed lasts as long as it was ordered",
    arguments: [Duration.days(40), .zero - .days(40)])
  func correctedHold(error: Duration) async throws {
    let stage = Stage([mapping("one", of: "a")])
    try await stage.play {
      await stage.pass(.minutes(1))
      // It was ordered by a clock that was wrong then.
      let ordered = stage.clock.hostNow + error
      stage.ask(.hold(until: ordered + .hours(2)), for: "one", at: ordered)
      await stage.pass(.minutes(1))
      let until = await stage.record(of: "one")?.hold?.until
      #expect(until?.since(stage.clock.trueTime) ?? .zero > .minutes(118))
      #expect(until?.since(stage.clock.trueTime) ?? .zero < .minutes(121))
    }
  }
}
