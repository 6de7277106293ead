import Narration
import Reconciliation
import RolloutCore
import Testing

@Suite("Missing permissions")
struct PermissionTests {
  private func quiet(_ name: String, _ edit: (inout Mapping) -> Void = { _ in }) -> Mapping {
    mapping(name, of: "a") {
      $0.probe.isEnabled = false
      edit(&$0)
    }
  }

  @Test("They are tried once at the start for each identity, and warned of once")
  func once() async throws {
    let stage = Stage([
      quiet("one"), quiet("two"), quiet("three") { $0.selector.tags = ["app": "login"] },
    ])
    stage.cloud.answer(.pem(account("a")), .denied)
    stage.cloud.answer(.tags(account("a")), .denied)
    try await stage.play {
      await stage.pass(.hours(2))
      for name in ["one", "two", "three"] { #expect(await stage.condition(of: name) == .inSync) }
    }
    let lines = stage.report.lines(.decisionBlocked)
    #expect(lines.count == 2)
    #expect(lines.allSatisfy { $0.event.level == .warning })
    #expect(stage.cloud.times(of: .pem(account("a"))).count == 1)
    #expect(stage.cloud.times(of: .tags(account("a"))).count == 1)
  }

  @Test("A trial that failed for another reason is made again at the next poll")
  func throttled() async throws {
    let stage = Stage([quiet("one")])
    stage.cloud.answer(.pem(account("a")), .fails(.throttled))
    try await stage.play {
      await stage.pass(.minutes(12))
      #expect(stage.cloud.times(of: .pem(account("a"))).count == 3)
      stage.cloud.answer(.pem(account("a")), .takes(.milliseconds(1)))
      await stage.pass(.hours(2))
      #expect(stage.cloud.times(of: .pem(account("a"))).count == 4)
    }
    #expect(stage.report.lines(.decisionBlocked).isEmpty)
  }

  @Test("No call waits for a trial that hangs")
  func hanging() async throws {
    let stage = Stage([
      quiet("one") { $0.selector.arn = arn("new") }
    ])
    stage.cloud.add([certificate("new", from: -1)], to: account("a"))
    try await stage.play {
      await stage.pass(.minutes(1))
      #expect(stage.cloud.updates().count == 1)
    }
  }

  @Test("One that a replacement needs is an error after three polls, with condition unknown")
  func needed() async throws {
    let stage = Stage([quiet("one")])
    stage.cloud.answer(.pem(account("a")), .denied)
    try await stage.play {
      await stage.pass(.minutes(1))
      stage.cloud.add([certificate("new", from: -1)], to: account("a"))
      await stage.pass(.minutes(6))
      #expect(await stage.condition(of: "one") == .inSync)
      await stage.pass(.minutes(10))
      #expect(await stage.condition(of: "one") == .unknown)
    }
    #expect(
      stage.report.lines(.decisionBlocked).map(\.event.level) == [.warning, .warning, .error])
  }
}
