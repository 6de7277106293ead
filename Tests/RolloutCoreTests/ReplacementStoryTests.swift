import Narration
import RolloutCore
import Testing

/// The two certificates of most stories.
let oldOne = certificate("old", from: -60, to: 60)
let newOne = certificate("new", from: -1, to: 89)
let newerOne = certificate("newer", from: 0, to: 90)

extension Scene {
  /// A rollout from the old certificate to the new one whose call was just accepted.
  static func propagating(_ edit: (inout Mapping) -> Void = { _ in }) -> Scene {
    var scene = Scene([oldOne, newOne], edit)
    scene.pass()
    scene.accept()
    scene.cognito(.updating, oldOne.arn)
    return scene
  }

  var phase: PhaseName? { record.rollout?.phaseName }
  var condition: Condition { record.condition }
}

@Suite("A replacement, from its discovery to its proof")
struct ReplacementStoryTests {
  @Test("a replacement is found, submitted, accepted and proven by the edges")
  func wholeWay() {
    var scene = Scene([oldOne, newOne])
    let found = scene.pass()
    #expect(found.logged == [.replacementFound, .updateSubmitted])
    #expect(found.asked == [.probe, .evidence(newOne.arn), .evidence(oldOne.arn)])
    #expect(
      found.update
        == DomainUpdate(
          domain: auth, userPoolID: scene.mapping.userPoolID, region: scene.mapping.region,
          identity: Identity(), certificate: newOne.arn, settings: scene.settings))
    #expect(scene.condition == .submitting && scene.record.desired == newOne.arn)
    #expect(scene.record.rollout?.attempts == 1 && scene.record.rollout?.previous == oldOne.arn)

    let answered = scene.answer(.accepted(requestID: "request-1"))
    #expect(answered.map(\.kind) == [.updateAccepted])
    #expect(answered.first?.fields[.requestID] == "request-1")
    #expect(scene.condition == .propagating && scene.record.lastAttached == newOne.arn)
    #expect(scene.nextLookAt == noon + .seconds(30))

    scene.cognito(.updating, oldOne.arn)
    #expect(scene.pass(after: .seconds(30)).logged == [.propagationWaiting])
    scene.cognito(.active, newOne.arn)
    scene.serve(newOne.arn, oldOne.arn)
    #expect(scene.run(for: .minutes(10)) { $0.phase == .completed } == false)
    #expect(scene.record.served.map(\.matches) == [true, false])

    scene.serve(newOne.arn, newOne.arn)
    #expect(scene.run(for: .minutes(20)) { $0.phase == .completed })
    #expect(scene.record.rollout?.proof == .edge && scene.record.rollout?.attempts == 1)
    #expect(scene.condition == .inSync && scene.record.reason == nil)
    #expect(scene.record.attached == newOne.arn && scene.record.attachedNotAfter == newOne.notAfter)
    #expect(scene.pass().logged == [])
  }

  @Test("once Cognito accepted the certificate, what the edges served before is not it")
  func servedBefore() {
    var scene = Scene([oldOne])
    scene.pass()
    #expect(scene.record.served.map(\.matches) == [true])
    scene.list(newOne)
    scene.pass(after: .hours(1))
    #expect(scene.record.served.map(\.matches) == [true])
    scene.accept()
    #expect(scene.record.served.map(\.matches) == [false])
    // The same for a call whose answer was lost and that a description shows to have worked.
    var lost = Scene([oldOne])
    lost.pass()
    lost.list(newOne)
    lost.pass(after: .hours(1))
    lost.answer(.failed(failure(.answerLost)))
    lost.cognito(.updating, newOne.arn)
    lost.edges = round([])
    lost.pass(after: .minutes(5))
    #expect(lost.record.served.allSatisfy { !$0.matches })
  }

  @Test("while a rollout is open, each edge is kept as it was at the last round")
  func servedByAddress() {
    var scene = Scene.propagating()
    scene.cognito(.active, newOne.arn)
    scene.serve(newOne.arn, oldOne.arn)
    scene.pass(after: .minutes(1))
    #expect(scene.record.served.map(\.matches) == [true, false])
    scene.serve(oldOne.arn, newOne.arn)
    scene.pass(after: .minutes(5))
    #expect(scene.record.served.map(\.matches) == [false, true])
    scene.serve(newOne.arn, newOne.arn)
    #expect(scene.run(for: .minutes(30)) { $0.phase == .completed })
    // At rest other addresses with the same leaves are no news.
    let addresses = scene.record.served.map(\.address)
    scene.edges = ProbeRound(
      edges: [
        EdgeLook(address: "198.51.100.9:443", result: leaf(newOne.arn, notAfter: noon + .days(89)))
      ])
    scene.pass(after: .hours(2))
    #expect(scene.record.served.map(\.address) == addresses)
  }

  @Test("a waiting rollout is logged again only when something changed")
  func waitingLogged() {
    var scene = Scene.propagating()
    #expect(scene.pass(after: .seconds(30)).logged == [.propagationWaiting])
    let second = scene.pass(after: .minutes(5))
    #expect(second.logged == [] && second.event(.propagationWaiting)?.level == .debug)
    scene.cognito(.active, newOne.arn)
    scene.serve(newOne.arn)
    #expect(scene.pass(after: .minutes(5)).logged == [.propagationWaiting])
    scene.serve(newOne.arn, oldOne.arn)
    #expect(scene.pass(after: .minutes(5)).logged == [.propagationWaiting])
    #expect(scene.pass(after: .minutes(5)).logged == [])
  }

  @Test("an overdue rollout is logged again only when something changed")
  func overdueLogged() {
    var scene = Scene.propagating()
    scene.cognito(.active, newOne.arn)
    scene.serve(oldOne.arn)
    #expect(scene.pass(after: .hours(1)).logged == [.rolloutOverdue])
    #expect(scene.pass(after: .minutes(5)).logged == [.propagationWaiting])
    for _ in 0..<5 { #expect(scene.pass(after: .minutes(5)).logged == []) }
  }

  @Test("a time in the reason why no edge answers is no change")
  func waitingSilent() {
    var scene = Scene.propagating()
    scene.cognito(.active, newOne.arn)
    scene.edges = round([.unreachable("connect: timed out after 5003 ms")])
    #expect(scene.pass(after: .seconds(30)).logged == [.propagationWaiting])
    scene.edges = round([.unreachable("connect: timed out after 4998 ms")])
    #expect(scene.pass(after: .minutes(5)).logged == [])
  }

  @Test("with the probe off, ACTIVE with the new certificate completes the rollout")
  func probeOff() {
    var scene = Scene.propagating { $0.probe.isEnabled = false }
    #expect(scene.pass(after: .seconds(30)).asked == [])
    #expect(scene.condition == .propagating)
    scene.cognito(.active, newOne.arn)
    let done = scene.pass(after: .minutes(1))
    #expect(done.logged == [.rolloutCompleted] && done.event(.rolloutCompleted)?.level == .notice)
    #expect(scene.record.rollout?.proof == .controlPlane && scene.condition == .inSync)
  }

  @Test("when no edge answers, ACTIVE completes the rollout after the window")
  func silentEdges() {
    var scene = Scene.propagating()
    scene.cognito(.active, newOne.arn)
    scene.edges = round([.unreachable("connect: timed out")])
    #expect(scene.run(for: .minutes(59)) { $0.phase == .completed } == false)
    #expect(scene.run(for: .minutes(2)) { $0.phase == .completed })
    #expect(scene.record.rollout?.proof == .controlPlane && scene.now == noon + .hours(1))
  }

  @Test("the completion of a rollout that no edge proved is a warning")
  func silentWarning() {
    var scene = Scene.propagating()
    scene.cognito(.active, newOne.arn)
    scene.edges = round([.noRoute])
    let pass = scene.pass(after: .hours(1))
    #expect(pass.event(.rolloutCompleted)?.level == .warning)
    #expect(pass.event(.rolloutCompleted)?.fields[.proof] == "control_plane")
  }

  @Test("a window that passes without proof is logged once, and a later proof counts")
  func overdue() {
    var scene = Scene.propagating()
    scene.cognito(.active, newOne.arn)
    scene.serve(oldOne.arn)
    let late = scene.pass(after: .hours(1))
    #expect(late.logged == [.rolloutOverdue] && scene.condition == .overdue)
    #expect(late.event(.rolloutOverdue)?.level == .error)
    #expect(!scene.pass(after: .minutes(5)).logged.contains(.rolloutOverdue))
    scene.serve(newOne.arn)
    #expect(scene.run(for: .hours(1)) { $0.phase == .completed })
    #expect(scene.condition == .inSync && scene.record.rollout?.proof == .edge)
  }

  @Test("each setting that comes back different is an error, and the others are not logged")
  func settingsChanged() {
    var scene = Scene.propagating { $0.probe.isEnabled = false }
    scene.settings.customDomainConfig["SecurityPolicy"] = "\"TLS_V1\""
    scene.settings.topLevel = ["Routing": "{}"]
    scene.cognito(.active, newOne.arn)
    let done = scene.pass(after: .minutes(1))
    #expect(done.logged == [.rolloutCompleted, .settingsChanged, .settingsChanged])
    let changes = done.events.filter { $0.kind == .settingsChanged }
    #expect(changes.allSatisfy { $0.level == .error })
    #expect(
      changes.map { $0.fields[.member] } == [
        "CustomDomainConfig.SecurityPolicy", "ManagedLoginVersion",
      ])
    #expect(changes.map { $0.fields[.after] } == ["\"TLS_V1\"", "absent"])
    #expect(scene.pass().logged == [])
  }

  @Test("a failed call is made again after its wait, with the settings as they are then")
  func retried() {
    var scene = Scene([oldOne, newOne])
    scene.pass()
    let events = scene.answer(.failed(failure(.throttled)))
    #expect(events.map(\.kind) == [.updateRetrying] && scene.condition == .retrying)
    let due = scene.record.rollout?.nextStepAt ?? noon
    #expect(due > noon && due <= noon + .seconds(30) && scene.nextLookAt == due)
    #expect(scene.pass().update == nil)
    #expect(scene.pass().logged == [])
    scene.settings.topLevel["ManagedLoginVersion"] = "1"
    scene.cognito(.active, oldOne.arn)
    let again = scene.pass(after: due.since(noon))
    #expect(again.logged == [.updateSubmitted] && again.update?.settings == scene.settings)
    #expect(scene.record.rollout?.attempts == 2)
  }

  @Test("no call is made while Cognito works on the domain")
  func updating() {
    var scene = Scene([oldOne, newOne])
    for status in [DomainStatus.updating, .creating, .deleting, .other("NEW")] {
      scene.cognito(status, oldOne.arn)
      #expect(scene.pass().update == nil)
      #expect(scene.condition == .pending && scene.record.reason?.code == "domain_updating")
      #expect(scene.nextLookAt == noon + .seconds(30))
    }
    scene.cognito(.active, oldOne.arn)
    #expect(scene.pass().update != nil)
  }

  @Test("a domain that shows FAILED gets a replacement")
  func failedDomain() {
    var scene = Scene([oldOne, newOne])
    scene.cognito(.failed, oldOne.arn)
    #expect(scene.pass().update?.certificate == newOne.arn)
  }

  @Test("mode observe logs a replacement once and changes nothing")
  func observe() {
    var scene = Scene([oldOne, newOne]) { $0.mode = .observe }
    #expect(scene.pass().logged == [.replacementFound])
    #expect(scene.condition == .pending && scene.record.reason?.code == "observe_mode")
    for _ in 0..<5 { #expect(scene.pass(after: .minutes(5)).logged == []) }
    scene.mapping.mode = .apply
    #expect(scene.pass().logged == [.updateSubmitted])
  }

  @Test("a soaking replacement is logged once and attached when its soak ends")
  func soaking() {
    var scene = Scene([oldOne, newOne]) { $0.selector.soak = .days(2) }
    scene.pacing.idleProbeInterval = nil
    #expect(scene.pass().logged == [.replacementFound])
    #expect(scene.condition == .pending && scene.record.reason?.code == "soaking")
    #expect(scene.nextLookAt == noon + .days(1))
    #expect(scene.pass(after: .hours(23)).logged == [])
    #expect(scene.pass(after: .hours(1)).logged == [.updateSubmitted])
  }

  @Test("that no certificate is left is logged once, with the reason")
  func missing() {
    var scene = Scene([certificate("old", from: -60) { $0.notAfter = noon + .hours(1) }])
    scene.pass()
    let gone = scene.pass(after: .hours(1))
    #expect(gone.logged == [.candidateMissing, .certificateExpiring])
    #expect(gone.event(.candidateMissing)?.level == .error)
    #expect(scene.condition == .noCandidate && scene.record.reason?.code == "expired")
    #expect(scene.record.desired == nil)
    for _ in 0..<3 { #expect(scene.pass(after: .minutes(5)).logged == []) }
    scene.list(newOne)
    #expect(scene.pass().logged == [.replacementFound, .updateSubmitted])
    #expect(scene.record.rollout?.cause == .unusable)
  }
}
