import RolloutCore
import Testing

/// The two certificates of most stories.
let oldOne = certificate("old", from: -60, to: 60)
let newOne = certificate("new", from: -1, to: 89)
let newerOne = certificate("newer", from: 0, to: 90)

extension Scene {
  /// A rollout from the old certificate to the new one whose call was just taken.
  static func propagating(_ edit: (inout Mapping) -> Void = { _ in }) -> Scene {
    var scene = Scene([oldOne, newOne], edit)
    scene.pass()
    scene.accept()
    scene.cognito(.updating, oldOne.arn)
    return scene
  }

  var phase: Rollout.Phase? { record.rollout?.phase }
  var condition: Condition { record.condition }
}

@Suite("A replacement, from its discovery to its proof")
struct ReplacementStoryTests {
  @Test("the whole way: found, submitted, accepted, proven edge by edge")
  func wholeWay() {
    var scene = Scene([oldOne, newOne])
    let found = scene.pass()
    #expect(found.told == [.replacementFound, .updateSubmitted])
    #expect(found.asked == [.certificate(.evidence(newOne.arn))])
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
    #expect(scene.schedule.nextLookAt == noon + .seconds(30))

    scene.cognito(.updating, oldOne.arn)
    #expect(scene.pass(after: .seconds(30)).told == [.propagationWaiting])
    scene.cognito(.active, newOne.arn)
    scene.serve(newOne.arn, oldOne.arn)
    #expect(scene.run(for: .minutes(10)) { $0.phase == .completed } == false)
    #expect(scene.record.served.map(\.matches) == [true, false])

    scene.serve(newOne.arn, newOne.arn)
    #expect(scene.run(for: .minutes(20)) { $0.phase == .completed })
    #expect(scene.record.rollout?.proof == .edge && scene.record.rollout?.attempts == 1)
    #expect(scene.condition == .inSync && scene.record.reason == nil)
    #expect(scene.record.attached == newOne.arn && scene.record.attachedNotAfter == newOne.notAfter)
    #expect(scene.pass().told == [])
  }

  @Test("with the probe off, ACTIVE with the new certificate is the end")
  func probeOff() {
    var scene = Scene.propagating { $0.probe.isEnabled = false }
    #expect(scene.pass(after: .seconds(30)).asked == [])
    #expect(scene.condition == .propagating)
    scene.cognito(.active, newOne.arn)
    let done = scene.pass(after: .minutes(1))
    #expect(done.told == [.rolloutCompleted] && done.event(.rolloutCompleted)?.level == .notice)
    #expect(scene.record.rollout?.proof == .controlPlane && scene.condition == .inSync)
  }

  @Test("edges that never answer: complete by Cognito's word after the window, with a warning")
  func silentEdges() {
    var scene = Scene.propagating()
    scene.cognito(.active, newOne.arn)
    scene.edges = round([.unreachable("connect: timed out")])
    #expect(scene.run(for: .minutes(59)) { $0.phase == .completed } == false)
    #expect(scene.run(for: .minutes(2)) { $0.phase == .completed })
    #expect(scene.record.rollout?.proof == .controlPlane && scene.now == noon + .hours(1))
  }

  @Test("the completion of such a rollout is a warning")
  func silentWarning() {
    var scene = Scene.propagating()
    scene.cognito(.active, newOne.arn)
    scene.edges = round([.noRoute])
    let pass = scene.pass(after: .hours(1))
    #expect(pass.event(.rolloutCompleted)?.level == .warning)
    #expect(pass.event(.rolloutCompleted)?.fields[.proof] == "control_plane")
  }

  @Test("a window that passes without proof is told once, and the proof may still come")
  func overdue() {
    var scene = Scene.propagating()
    scene.cognito(.active, newOne.arn)
    scene.serve(oldOne.arn)
    let late = scene.pass(after: .hours(1))
    #expect(late.told == [.rolloutOverdue] && scene.condition == .overdue)
    #expect(late.event(.rolloutOverdue)?.level == .error)
    #expect(!scene.pass(after: .minutes(5)).told.contains(.rolloutOverdue))
    scene.serve(newOne.arn)
    #expect(scene.run(for: .hours(1)) { $0.phase == .completed })
    #expect(scene.condition == .inSync && scene.record.rollout?.proof == .edge)
  }

  @Test("a setting that comes back different is an error; the others are not mentioned")
  func settingsChanged() {
    var scene = Scene.propagating { $0.probe.isEnabled = false }
    scene.settings.customDomainConfig["SecurityPolicy"] = "\"TLS_V1\""
    scene.settings.topLevel = ["Routing": "{}"]
    scene.cognito(.active, newOne.arn)
    let done = scene.pass(after: .minutes(1))
    #expect(done.told == [.rolloutCompleted, .settingsChanged, .settingsChanged])
    let changes = done.decision.events.filter { $0.kind == .settingsChanged }
    #expect(changes.allSatisfy { $0.level == .error })
    #expect(
      changes.map { $0.fields[.member] } == [
        "CustomDomainConfig.SecurityPolicy", "ManagedLoginVersion",
      ])
    #expect(changes.map { $0.fields[.after] } == ["\"TLS_V1\"", "absent"])
    #expect(scene.pass().told == [])
  }

  @Test("a failed call is made again after its wait, with the settings as they are then")
  func retried() {
    var scene = Scene([oldOne, newOne])
    scene.pass()
    let events = scene.answer(.failed(failure(.throttled)))
    #expect(events.map(\.kind) == [.updateRetrying] && scene.condition == .retrying)
    let due = scene.record.rollout?.nextStepAt ?? noon
    #expect(due > noon && due <= noon + .seconds(30) && scene.schedule.nextLookAt == due)
    #expect(scene.pass().update == nil)
    #expect(scene.pass().told == [])
    scene.settings.topLevel["ManagedLoginVersion"] = "1"
    scene.cognito(.active, oldOne.arn)
    let again = scene.pass(after: due.since(noon))
    #expect(again.told == [.updateSubmitted] && again.update?.settings == scene.settings)
    #expect(scene.record.rollout?.attempts == 2)
  }

  @Test("no call is made while Cognito is at work on the domain")
  func updating() {
    var scene = Scene([oldOne, newOne])
    for status in [DomainStatus.updating, .creating, .deleting, .other("NEW")] {
      scene.cognito(status, oldOne.arn)
      #expect(scene.pass().update == nil)
      #expect(scene.condition == .pending && scene.record.reason?.code == "domain_updating")
      #expect(scene.schedule.nextLookAt == noon + .seconds(30))
    }
    scene.cognito(.active, oldOne.arn)
    #expect(scene.pass().update != nil)
  }

  @Test("a domain that shows FAILED takes a replacement")
  func failedDomain() {
    var scene = Scene([oldOne, newOne])
    scene.cognito(.failed, oldOne.arn)
    #expect(scene.pass().update?.certificate == newOne.arn)
  }

  @Test("mode observe finds, tells once and changes nothing")
  func observe() {
    var scene = Scene([oldOne, newOne]) { $0.mode = .observe }
    #expect(scene.pass().told == [.replacementFound])
    #expect(scene.condition == .pending && scene.record.reason?.code == "observe_mode")
    for _ in 0..<5 { #expect(scene.pass(after: .minutes(5)).told == []) }
    scene.mapping.mode = .apply
    #expect(scene.pass().told == [.updateSubmitted])
  }

  @Test("a soaking replacement is told once, looked at again when its soak ends, and then used")
  func soaking() {
    var scene = Scene([oldOne, newOne]) { $0.selector.soak = .days(2) }
    scene.pacing.idleProbeInterval = nil
    #expect(scene.pass().told == [.replacementFound])
    #expect(scene.condition == .pending && scene.record.reason?.code == "soaking")
    #expect(scene.schedule.nextLookAt == noon + .days(1))
    #expect(scene.pass(after: .hours(23)).told == [])
    #expect(scene.pass(after: .hours(1)).told == [.updateSubmitted])
  }

  @Test("nothing eligible is left: told once, with the reason, until it is over")
  func missing() {
    var scene = Scene([certificate("old", from: -60) { $0.notAfter = noon + .hours(1) }])
    scene.pass()
    let gone = scene.pass(after: .hours(1))
    #expect(gone.told == [.candidateMissing] && gone.event(.candidateMissing)?.level == .error)
    #expect(scene.condition == .noCandidate && scene.record.reason?.code == "expired")
    #expect(scene.record.desired == nil)
    for _ in 0..<3 { #expect(scene.pass(after: .minutes(5)).told == []) }
    scene.list(newOne)
    #expect(scene.pass().told == [.replacementFound, .updateSubmitted])
    #expect(scene.record.rollout?.cause == .unusable)
  }
}
