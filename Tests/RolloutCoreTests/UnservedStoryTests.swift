import Narration
import RolloutCore
import Testing

/// A scene whose attached certificate was renewed under its ARN.
private func renewed() -> Scene {
  var scene = Scene([
    certificate("old", from: -1, to: 197) { $0.createdAt = noon - .days(400) }
  ])
  scene.pass()
  return scene
}

/// The leaf from before the renewal.
private func formerLeaf(_ left: Duration, covers: Bool = true) -> EdgeLook.Result {
  .served(
    ServedLeaf(
      sha256: digest(arn("before")), serial: "07", notAfter: noon + left, coversDomain: covers,
      chain: .trusted))
}

@Suite("A right certificate that viewers are not served")
struct UnservedStoryTests {
  @Test(
    "A leaf with less than 72 hours left, or an expired one, makes the domain unserved",
    arguments: [Duration.hours(71), .hours(24), .zero - .hours(1)])
  func renewal(left: Duration) {
    var scene = renewed()
    scene.edges = round([formerLeaf(left), formerLeaf(left)])
    let first = scene.pass(after: .hours(1))
    #expect(first.logged == [.renewalUnserved, .certificateExpiring])
    #expect(first.event(.certificateExpiring)?.level == .error)
    #expect(scene.record.isEnding(at: scene.now))
    #expect(scene.condition == .inSync && scene.nextLookAt == scene.now + .seconds(30))
    #expect(scene.pass(after: .seconds(30)).logged == [])
    let third = scene.pass(after: .seconds(30))
    #expect(scene.condition == .unserved && third.logged == [.renewalUnserved])
    #expect(third.event(.renewalUnserved)?.level == .error)
    #expect(
      scene.record.reason?.reason == (left > .zero ? .renewalUnserved : .expired))
    #expect(third.update == nil && scene.nextLookAt == scene.now + .minutes(5))
    for _ in 0..<3 { #expect(scene.pass(after: .minutes(5)).logged == []) }
    scene.serve(arn("old"), arn("old"))
    #expect(scene.pass(after: .minutes(5)).logged == [])
    #expect(scene.condition == .inSync && !scene.record.isEnding(at: scene.now))
  }

  @Test("Each round tells how many edges are in which state, and a disabled probe tells nothing")
  func edgeStates() {
    var scene = renewed()
    scene.edges = round([
      leaf(arn("old")), leaf(arn("old")), formerLeaf(.hours(80)), .refusing("handshake: alert"),
      .unreachable("connect: refused"), .unreachable("connect: refused"), .noRoute,
    ])
    scene.pass(after: .hours(1))
    #expect(
      scene.memory.edgeStates == EdgeStates(serving: 2, other: 1, refusing: 1, unreachable: 2))
    scene.serve(arn("old"))
    scene.pass(after: .hours(1))
    #expect(scene.memory.edgeStates == EdgeStates(serving: 1))
    scene.mapping.probe.isEnabled = false
    scene.pass(after: .hours(1))
    #expect(scene.memory.edgeStates == nil)
  }

  @Test("Another leaf with more than 72 hours left does not")
  func lag() {
    var scene = renewed()
    scene.edges = round([formerLeaf(.hours(80))])
    for _ in 0..<5 { scene.pass(after: .hours(1)) }
    #expect(scene.condition == .inSync)
    #expect(scene.record.reason?.reason == .renewalUnserved)
  }

  @Test("A leaf that does not cover the domain does, however long it lasts")
  func uncovered() {
    var scene = renewed()
    scene.edges = round([leaf(arn("old")), formerLeaf(.days(300), covers: false)])
    scene.pass(after: .hours(1))
    for _ in 0..<2 { scene.pass(after: .seconds(30)) }
    #expect(scene.condition == .unserved && scene.record.reason?.reason == .nameNotCovered)
  }

  @Test("An edge that refuses the handshake at rest is logged at once and lasts after three rounds")
  func refusing() {
    var scene = Scene([oldOne])
    scene.pass()
    scene.edges = round([leaf(oldOne.arn), .refusing("handshake: unrecognized name")])
    let first = scene.pass(after: .hours(1))
    #expect(first.logged == [.edgesRefusing] && scene.condition == .inSync)
    #expect(first.event(.edgesRefusing)?.level == .warning)
    #expect(scene.pass(after: .seconds(30)).logged == [])
    let third = scene.pass(after: .seconds(30))
    #expect(third.logged == [.edgesRefusing] && scene.condition == .unserved)
    #expect(third.event(.edgesRefusing)?.level == .error)
    #expect(scene.record.reason?.reason == .edgesRefusing)
  }

  @Test("A round that reaches no edge changes nothing")
  func silent() {
    var scene = Scene([oldOne])
    scene.pass()
    scene.edges = round([.refusing("handshake: internal error")])
    scene.pass(after: .hours(1))
    scene.edges = round([.unreachable("connect: refused")])
    for _ in 0..<4 { scene.pass(after: .seconds(30)) }
    #expect(scene.condition == .inSync && scene.memory.unserved?.rounds == 1)
  }

  @Test("An unserved domain stays so across a restart, until a round shows otherwise")
  func restart() {
    var scene = Scene([oldOne])
    scene.pass()
    scene.edges = round([.refusing("handshake: internal error")])
    scene.pass(after: .hours(1))
    for _ in 0..<2 { scene.pass(after: .seconds(30)) }
    #expect(scene.condition == .unserved)
    scene.restart()
    #expect(scene.pass(after: .minutes(1)).logged == [] && scene.condition == .unserved)
    scene.restart()
    scene.edges = round([.unreachable("resolve: no answer within 20s")])
    #expect(scene.pass(after: .minutes(1)).logged == [] && scene.condition == .unserved)
    scene.restart()
    scene.serve(oldOne.arn)
    #expect(scene.pass(after: .minutes(1)).logged == [] && scene.condition == .inSync)
  }

  @Test("A domain is not unserved any more when the probe is turned off")
  func probeOff() {
    var scene = Scene([oldOne])
    scene.record.condition = .unserved
    scene.record.reason = Explanation(.edgesRefusing, "x")
    scene.mapping.probe.isEnabled = false
    scene.pass()
    #expect(scene.condition == .inSync && scene.record.reason == nil)
  }

  @Test("A rollout whose edges refuse the name becomes overdue and is not completed")
  func rollout() {
    var scene = Scene.propagating()
    scene.cognito(.active, newOne.arn)
    scene.edges = round([.refusing("handshake: unrecognized name")])
    let first = scene.pass(after: .seconds(30))
    #expect(first.logged.contains(.edgesRefusing))
    #expect(first.event(.edgesRefusing)?.level == .warning)
    #expect(scene.record.reason?.reason == .edgesRefusing)
    let later = scene.pass(after: .hours(1))
    #expect(later.logged == [.rolloutOverdue])
    #expect(
      later.event(.rolloutOverdue)?.fields[.error]
        == "the handshake is refused at 192.0.2.0:443")
    #expect(scene.condition == .overdue && scene.record.reason?.reason == .edgesRefusing)
    scene.restart()
    scene.pass(after: .seconds(1))
    #expect(scene.condition == .overdue && scene.record.reason?.reason == .edgesRefusing)
    scene.serve(newOne.arn)
    for _ in 0..<3 { scene.pass(after: .minutes(5)) }
    #expect(scene.condition == .inSync && scene.record.rollout?.proof == .edge)
  }
}
