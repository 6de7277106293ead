import Narration
import RolloutCore
import Testing

@Suite("Holding a domain")
struct HoldStoryTests {
  /// A domain in each phase of a rollout, a call being due where one can be.
  static func scenes() -> [(String, Scene)] {
    var fresh = Scene([oldOne, newOne])
    var submitting = fresh
    submitting.pass()
    submitting.restart()
    var retrying = fresh
    retrying.pass()
    retrying.answer(.failed(failure(.throttled)), chance: 0)
    var refused = fresh
    refused.pass()
    refused.answer(.failed(failure(.refused(.invalidRequest))))
    refused.record.rollout?.expedite(at: noon)
    var propagating = Scene.propagating()
    propagating.cognito(.active, newOne.arn)
    propagating.serve(oldOne.arn)
    var overdue = propagating
    overdue.pass(after: .hours(1))
    var notKept = Scene.propagating()
    notKept.cognito(.failed, newOne.arn)
    fresh.now = noon + .seconds(1)
    return [
      ("replacement found", fresh), ("submitting", submitting), ("retrying", retrying),
      ("refused", refused), ("propagating", propagating), ("overdue", overdue),
      ("not kept", notKept),
    ]
  }

  @Test("no call is made for a held domain in any phase")
  func noCall() {
    for (name, scene) in HoldStoryTests.scenes() {
      var scene = scene
      scene.record.hold = Hold(since: scene.now, until: nil)
      for _ in 0..<20 {
        let pass = scene.pass(after: .minutes(5))
        #expect(pass.update == nil, "\(name)")
        #expect(scene.condition == .held && scene.record.reason?.code == "held", "\(name)")
      }
      #expect(scene.record.reason?.detail.contains("resume") == true)
    }
  }

  @Test("a held rollout whose proof is awaited is probed and completes")
  func watchedOn() {
    var scene = Scene.propagating()
    scene.record.hold = Hold(since: noon, until: nil)
    scene.cognito(.active, newOne.arn)
    scene.serve(newOne.arn)
    #expect(scene.run(for: .minutes(20)) { $0.phase == .completed })
    #expect(scene.condition == .held)
    scene.record.hold = nil
    scene.pass()
    #expect(scene.condition == .inSync)
  }

  @Test("a hold ends at its time, and the domain is looked at then")
  func expiry() {
    for (name, scene) in HoldStoryTests.scenes() {
      var scene = scene
      let end = scene.now + .minutes(130)
      scene.record.hold = Hold(since: scene.now, until: end)
      while let next = scene.nextLookAt, next < end {
        scene.pass(after: next.since(scene.now))
      }
      scene.pass(after: (end - .milliseconds(1)).since(scene.now))
      #expect(scene.condition == .held && scene.nextLookAt == end, "\(name)")
      let pass = scene.pass(after: .milliseconds(1))
      #expect(scene.record.hold == nil && scene.condition != .held, "\(name)")
      let mayCall = !["propagating", "overdue"].contains(name)
      #expect((pass.update != nil) == mayCall, "\(name)")
    }
  }

  @Test("an answer that comes while a domain is held leaves it held")
  func answeredWhileHeld() {
    for outcome in [
      UpdateOutcome.accepted(requestID: nil), .failed(failure(.throttled)),
      .failed(failure(.refused(.invalidRequest))),
    ] {
      var scene = Scene([oldOne, newOne])
      scene.pass()
      scene.record.hold = Hold(since: noon, until: nil)
      scene.record.condition = .held
      scene.answer(outcome)
      #expect(scene.condition == .held)
    }
  }

  @Test("what goes wrong under a hold is logged once, and not again when the hold ends")
  func toldUnderHold() {
    let revoked = certificate("old", from: -60, to: 60) { $0.status = .revoked }
    let troubles: [(Event.Kind, (inout Scene) -> Void)] = [
      (.candidateMissing, { $0.listed = .seen([revoked]) }),
      (.decisionBlocked, { $0.look = .empty }),
      (.updateRefused, { $0.cognito(.failed, oldOne.arn) }),
      (.replacementFound, { $0.list(newOne) }),
    ]
    for (kind, trouble) in troubles {
      var scene = Scene([oldOne]) { $0.mode = .observe }
      scene.record.hold = Hold(since: noon, until: noon + .hours(1))
      #expect(scene.pass().logged == [])
      trouble(&scene)
      #expect(scene.pass(after: .minutes(5)).logged == [kind])
      #expect(scene.pass(after: .minutes(5)).logged == [])
      // What cannot be seen is logged again while it lasts, hold or not.
      scene.record.hold?.until = scene.now + .minutes(1)
      #expect(scene.pass(after: .minutes(1), isPoll: false).logged == [])
      #expect(scene.condition != .held)
    }
  }

  @Test("a held domain keeps its condition for three polls while certificates cannot be listed")
  func unlisted() {
    let revoked = certificate("old", from: -60, to: 60) { $0.status = .revoked }
    var scene = Scene([revoked])
    scene.record.hold = Hold(since: noon, until: nil)
    #expect(scene.pass().logged == [.candidateMissing])
    scene.listed = unseen(.throttled)
    #expect(scene.pass(after: .minutes(5)).logged == [.decisionBlocked])
    #expect(scene.pass(after: .minutes(5)).logged == [])
    #expect(scene.record.reason?.detail.contains("otherwise no_candidate") == true)
    #expect(scene.pass(after: .minutes(5)).event(.decisionBlocked)?.level == .error)
    #expect(scene.record.reason?.detail.contains("otherwise unknown") == true)
    #expect(scene.condition == .held)
  }

  @Test("a hold ends while the certificates cannot be listed, too")
  func expiryUnlisted() {
    var scene = Scene([oldOne])
    scene.record.hold = Hold(since: noon, until: noon + .hours(1))
    scene.pass()
    scene.listed = unseen(.throttled)
    scene.pass(after: .hours(1))
    #expect(scene.condition == .inSync && scene.record.reason?.code == "throttled")
  }

  @Test("retry is kept under a hold and carried out when it ends")
  func retryUnderHold() {
    var scene = Scene.drifted { $0.onDrift = .report }
    scene.pass()
    #expect(scene.condition == .drifted)
    scene.record.hold = Hold(since: noon, until: noon + .hours(1))
    scene.retry()
    for _ in 0..<3 {
      #expect(scene.pass(after: .minutes(5)).update == nil && scene.record.retryRequested)
    }
    #expect(scene.pass(after: .minutes(45)).update?.certificate == oldOne.arn)
    #expect(!scene.record.retryRequested)
  }
}
