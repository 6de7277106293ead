import Narration
import Reconciliation
import RolloutCore
import Testing
import VirtualTime

@Suite("Identities of one account")
struct SharedAccountTests {
  private func stage(_ mappings: [Mapping]) -> Stage {
    Stage(mappings) {
      $0.idleProbeInterval = nil
      $0.driftInterval = .hours(1)
    }
  }

  private func lists(_ stage: Stage, _ names: String...) -> Int {
    names.map { stage.cloud.times(of: .list(account($0))).count }.reduce(0, +)
  }

  @Test("Two identities that turn out to be one account list it once a poll, from the first one on")
  func once() async throws {
    let stage = stage([mapping("one", of: "a"), mapping("two", of: "b"), mapping("three", of: "c")])
    for name in ["a", "b"] { stage.cloud.number(account(name), "111111111111") }
    stage.cloud.number(account("c"), "222222222222")
    try await stage.play {
      await stage.pass(.seconds(10))
      #expect(lists(stage, "a", "b") == 1 && lists(stage, "c") == 1)
      await stage.pass(.hours(2))
    }
    // The first poll after the start finds its place in the interval.
    #expect((24...26).contains(lists(stage, "a", "b")), "\(lists(stage, "a", "b"))")
    #expect((24...26).contains(lists(stage, "c")))
    for name in ["one", "two", "three"] { #expect(await stage.condition(of: name) == .inSync) }
    #expect(stage.report.lines(.pollFailed).isEmpty)
  }

  @Test("Each of them decides and calls as itself")
  func calls() async throws {
    let stage = stage([mapping("one", of: "a"), mapping("two", of: "b")])
    for name in ["a", "b"] { stage.cloud.number(account(name), "111111111111") }
    try await stage.play {
      await stage.pass(.minutes(11))
      for name in ["a", "b"] {
        stage.cloud.add([certificate("new", from: -1)], to: account(name))
      }
      #expect(await stage.wait { stage.cloud.updates().count == 2 })
    }
    let identities = stage.cloud.updates().map { [$0.domain.text, $0.identity.profile ?? ""] }
    #expect(Set(identities) == [["one.example.com", "a"], ["two.example.com", "b"]])
  }

  @Test("One that may not list the certificates does not keep the other from it")
  func denied() async throws {
    let stage = stage([mapping("one", of: "a"), mapping("two", of: "b")])
    for name in ["a", "b"] { stage.cloud.number(account(name), "111111111111") }
    stage.cloud.answer(.list(account("a")), .fails(.accessDenied))
    try await stage.play {
      await stage.pass(.minutes(22))
      #expect(await stage.condition(of: "two") == .inSync)
    }
    #expect(lists(stage, "b") >= 4)
  }

  @Test("An account whose number cannot be found out is listed all the same")
  func unknown() async throws {
    let stage = stage([mapping("one", of: "a"), mapping("two", of: "b")])
    try await stage.play {
      await stage.pass(.minutes(12))
      for name in ["one", "two"] { #expect(await stage.condition(of: name) == .inSync) }
    }
    #expect(lists(stage, "a") >= 3 && lists(stage, "b") >= 3)
  }

  @Test("The number is not asked for where there is one identity only")
  func single() async throws {
    let stage = stage([mapping("one", of: "a"), mapping("two", of: "a")])
    try await stage.play { await stage.pass(.minutes(12)) }
    #expect(stage.cloud.times(of: .account(account("a"))).isEmpty)
  }

  @Test("SIGUSR1 lists an account again, although another identity has just done it")
  func signal() async throws {
    let stage = stage([mapping("one", of: "a"), mapping("two", of: "b")])
    for name in ["a", "b"] { stage.cloud.number(account(name), "111111111111") }
    try await stage.play {
      await stage.pass(.minutes(11))
      let before = lists(stage, "a", "b")
      stage.clock.wake(.pollRequested)
      await stage.pass(.seconds(5))
      #expect(lists(stage, "a", "b") == before + 1)
    }
  }

  @Test("An account that hangs for one identity does not slow the polls of the other")
  func hanging() async throws {
    let stage = stage([mapping("one", of: "a"), mapping("two", of: "b")])
    for name in ["a", "b"] { stage.cloud.number(account(name), "111111111111") }
    try await stage.play {
      await stage.pass(.minutes(11))
      stage.cloud.answer(.list(account("a")), .hangs())
      stage.cloud.answer(.describe(domain("one")), .hangs())
      let before = lists(stage, "b")
      await stage.pass(.hours(1))
      #expect(lists(stage, "b") >= before + 10)
    }
  }
}

@Suite("The pace of updates")
struct UpdatePaceTests {
  @Test("Four calls a second are made in an account and region, and the others a second later")
  func pace() {
    var pace = UpdatePace()
    let (a, b) = (scope("1", "eu-west-1"), scope("1", "eu-central-1"))
    for _ in 0..<4 { #expect(pace.take(a, at: .seconds(10)) == nil) }
    #expect(pace.take(a, at: .seconds(10)) == .seconds(1))
    #expect(pace.take(a, at: .milliseconds(10_999)) == .milliseconds(1))
    #expect(pace.take(b, at: .seconds(10)) == nil)
    #expect(pace.take(a, at: .seconds(11)) == nil)
  }

  private func scope(_ owner: String, _ region: String) -> UpdatePace.Scope {
    UpdatePace.Scope(
      owner: owner, region: parsed { () throws(MalformedIdentifier) in try Region(parsing: region) }
    )
  }

  @Test("A fleet of one account is updated no faster than its quota, and completely")
  func fleet() async throws {
    let mappings = (0..<10).map { mapping("d\($0)", of: "a") { $0.probe.isEnabled = false } }
    let stage = Stage(mappings)
    try await stage.play {
      await stage.pass(.minutes(6))
      stage.cloud.add([certificate("new", from: -1)], to: account("a"))
      #expect(await stage.wait { stage.cloud.updates().count == 10 })
    }
    let times = stage.cloud.updateTimes().sorted()
    for (index, time) in times.enumerated() where index >= 4 {
      #expect(time - times[index - 4] >= .milliseconds(950), "\(times)")
    }
    #expect(try #require(times.last) - #require(times.first) < .seconds(5))
  }
}
