import Narration
import RolloutCore
import Testing

@Suite("How often a domain is described")
struct DescriptionPauseTests {
  private func scene(_ edit: (inout Pacing) -> Void = { _ in }) -> Scene {
    var scene = Scene([oldOne])
    scene.pacing = Pacing(idleProbeInterval: nil)
    edit(&scene.pacing)
    return scene
  }

  private func describes(_ pass: Pass) -> Bool { pass.everythingAsked.contains(.describe) }

  @Test("a domain at rest is described at the first poll and then every drift_interval")
  func rest() {
    var scene = scene()
    #expect(describes(scene.pass()))
    for _ in 0..<11 { #expect(scene.pass(after: .minutes(5)).everythingAsked == [.list]) }
    #expect(describes(scene.pass(after: .minutes(5))))
    #expect(!describes(scene.pass(after: .minutes(5))))
  }

  @Test("a poll that comes a little early does not make the interval one poll longer")
  func earlyPoll() {
    var scene = scene()
    scene.pass()
    #expect(describes(scene.pass(after: .hours(1) - .seconds(1))))
  }

  @Test("with drift_interval 0 it is described at every poll")
  func everyPoll() {
    var scene = scene { $0.driftInterval = .zero }
    for _ in 0..<5 { #expect(describes(scene.pass(after: .minutes(5)))) }
  }

  @Test("with a drift_interval below poll_interval it is looked at in between")
  func belowPoll() {
    var scene = scene {
      $0.pollInterval = .hours(1)
      $0.driftInterval = .minutes(10)
    }
    scene.pass()
    #expect(scene.nextLookAt == scene.now + .minutes(10))
    #expect(describes(scene.pass(after: .minutes(10), isPoll: false)))
    #expect(scene.nextLookAt == scene.now + .minutes(10))
  }

  @Test("a replacement is found without a description, and called for only after one")
  func replacement() {
    var scene = scene()
    scene.pass()
    scene.list(newOne)
    let pass = scene.pass(after: .minutes(5))
    #expect(describes(pass) && pass.update?.certificate == newOne.arn)
    #expect(pass.everythingAsked.last == .describe)
  }

  @Test("a replacement that waits for its wave is not described for at each poll")
  func waiting() {
    var scene = scene()
    scene.pass()
    scene.list(newOne)
    scene.constraint = lowerWaveUnsettled
    #expect(!describes(scene.pass(after: .minutes(5))) && scene.condition == .pending)
    #expect(!describes(scene.pass(after: .minutes(5))))
    scene.constraint = nil
    #expect(describes(scene.pass(after: .minutes(5))) && scene.condition == .submitting)
  }

  @Test("a drift is found after drift_interval")
  func drift() {
    var scene = scene()
    scene.list(newOne)
    scene.cognito(.active, newOne.arn)
    scene.record.lastAttached = newOne.arn
    scene.pass()
    scene.cognito(.active, oldOne.arn)
    for _ in 0..<11 { #expect(scene.pass(after: .minutes(5)).logged == []) }
    #expect(scene.pass(after: .minutes(5)).logged.contains(.driftDetected))
  }

  @Test("edges that serve another leaf than the attached certificate's have it described at once")
  func otherLeaf() {
    var scene = scene { $0.idleProbeInterval = .minutes(5) }
    scene.list(newOne)
    scene.cognito(.active, newOne.arn)
    scene.record.lastAttached = newOne.arn
    scene.serve(newOne.arn)
    scene.pass()
    #expect(!describes(scene.pass(after: .minutes(5))))
    scene.cognito(.active, oldOne.arn)
    scene.serve(oldOne.arn)
    let pass = scene.pass(after: .minutes(5))
    #expect(describes(pass) && pass.logged.contains(.driftDetected))
  }

  @Test("a rollout under way has it described at every look")
  func rollout() {
    var scene = scene()
    scene.pass()
    scene.list(newOne)
    scene.pass(after: .minutes(5))
    scene.accept()
    scene.cognito(.updating, oldOne.arn)
    for _ in 0..<3 { #expect(describes(scene.pass(after: .minutes(1)))) }
  }

  @Test(
    "what is not in order is looked at again at every poll",
    arguments: [DomainStatus.updating, .failed, .other("NEW")])
  func notActive(_ status: DomainStatus) {
    var scene = scene()
    scene.cognito(status, oldOne.arn)
    for _ in 0..<3 { #expect(describes(scene.pass(after: .minutes(5)))) }
  }

  @Test("a domain that could not be described is asked for at every poll")
  func unseenDomain() {
    var scene = scene()
    scene.pass()
    scene.look = .unseen(failure(.throttled))
    #expect(describes(scene.pass(after: .hours(1))) && scene.condition == .unknown)
    #expect(describes(scene.pass(after: .minutes(5))))
    scene.cognito(.active, oldOne.arn)
    #expect(describes(scene.pass(after: .minutes(5))) && scene.condition == .inSync)
    #expect(!describes(scene.pass(after: .minutes(5))))
  }

  @Test("after a drift that a person is asked about it is described at every poll")
  func drifted() {
    var scene = scene()
    scene.list(newOne)
    scene.mapping.onDrift = .report
    scene.record.lastAttached = newOne.arn
    scene.pass()
    #expect(scene.condition == .drifted)
    for _ in 0..<3 { #expect(describes(scene.pass(after: .minutes(5)))) }
  }

  @Test("a description of the future, after the clock was set back, is not trusted")
  func clockSetBack() {
    var scene = scene()
    scene.pass()
    #expect(describes(scene.pass(after: .zero - .hours(3))))
  }
}
