import RolloutCore
import Testing

@Suite("What cannot be seen")
struct UnseenStoryTests {
  /// Every look at the domain that tells nothing of its certificate.
  static let blindLooks: [(look: DomainLook, code: String)] = [
    (.empty, "empty_description"),
    (.unseen(failure(.throttled)), "throttled"),
    (.unseen(failure(.malformedAnswer)), "malformed_answer"),
    (.unseen(failure(.credentials)), "credentials"),
    (
      .withoutCertificate(
        DomainDescription(userPoolID: nil, status: .active, certificateARN: nil)), "no_certificate"
    ),
    (
      .described(DomainDescription(userPoolID: nil, status: .active, certificateARN: nil)),
      "no_certificate"
    ),
  ]

  @Test("a domain that cannot be described is unknown, told once, and nothing is called")
  func unknown() {
    for (look, code) in UnseenStoryTests.blindLooks {
      var scene = Scene([oldOne, newOne])
      scene.look = look
      let pass = scene.pass()
      #expect(pass.told == [.pollFailed] && pass.update == nil && pass.asked == [])
      #expect(scene.condition == .unknown && scene.record.reason?.code == code)
      #expect(scene.record.attached == oldOne.arn)
      for _ in 0..<3 { #expect(scene.pass(after: .minutes(5)).told == []) }
      scene.cognito(.active, oldOne.arn)
      #expect(scene.pass(after: .minutes(5)).update?.certificate == newOne.arn)
    }
  }

  @Test("while a domain cannot be described, a rollout keeps its place and its window")
  func rolloutWaits() {
    for (look, _) in UnseenStoryTests.blindLooks {
      var scene = Scene.propagating()
      scene.look = look
      #expect(scene.pass(after: .minutes(1)).update == nil && scene.condition == .propagating)
      let late = scene.pass(after: .hours(1))
      #expect(late.told == [.rolloutOverdue] && scene.condition == .overdue)
      #expect(!scene.pass(after: .minutes(5)).told.contains(.rolloutOverdue))
      scene.cognito(.active, newOne.arn)
      scene.serve(newOne.arn)
      #expect(scene.run(for: .hours(1)) { $0.phase == .completed })
    }
  }

  @Test("while a domain cannot be described, its edges are awaited no more closely than before")
  func interval() {
    var scene = Scene.propagating()
    scene.look = .empty
    scene.pass(after: .hours(1))
    scene.pass(after: .minutes(5))
    #expect(scene.schedule.nextLookAt == scene.now + .minutes(5))
    scene.pass(after: .minutes(1))
    #expect(scene.schedule.nextLookAt == scene.now + .minutes(4))
  }

  @Test("while a domain cannot be described, a failed or refused call is not made again")
  func callWaits() {
    for kind in [Failure.Kind.throttled, .refused(.invalidRequest)] {
      for (look, code) in UnseenStoryTests.blindLooks {
        var scene = Scene([oldOne, newOne])
        scene.pass()
        scene.answer(.failed(failure(kind)))
        let condition = scene.condition
        scene.look = look
        #expect(scene.pass(after: .hours(2)).update == nil)
        #expect(scene.condition == condition && scene.record.reason?.code == code)
      }
    }
  }

  @Test("while the certificates cannot be listed, a domain stays as it is, with the reason")
  func unlisted() {
    var scene = Scene([oldOne, newOne])
    scene.listed = unseen(.accessDenied)
    #expect(scene.pass().told == [] && scene.condition == .inSync)
    #expect(scene.record.reason?.code == "access_denied")
    scene.forget()
    #expect(scene.pass().told == [.pollFailed] && scene.condition == .unknown)
  }

  @Test(
    "a rollout that completes while the certificates cannot be listed leaves its domain in sync")
  func completedUnlisted() {
    var scene = Scene.propagating { $0.probe.isEnabled = false }
    scene.cognito(.active, newOne.arn)
    scene.listed = unseen(.throttled)
    #expect(scene.pass(after: .minutes(1)).told == [.rolloutCompleted])
    #expect(scene.phase == .completed && scene.condition == .inSync)
    #expect(scene.pass(after: .minutes(5)).told == [] && scene.condition == .inSync)
  }

  @Test("a rollout overtaken while the certificates cannot be listed leaves its domain unknown")
  func overtakenUnlisted() {
    var scene = Scene([oldOne, newOne])
    scene.pass()
    scene.answer(.failed(failure(.throttled)))
    scene.cognito(.active, arn("third"))
    scene.listed = unseen(.throttled)
    scene.pass(after: .minutes(5))
    #expect(scene.phase == .abandoned && scene.condition == .unknown)
  }

  @Test("a certificate that cannot be described leaves the domain as it is")
  func attachedUnseen() {
    var scene = Scene([newOne])
    scene.record.attached = oldOne.arn
    scene.record.lastAttached = oldOne.arn
    scene.cognito(.active, oldOne.arn)
    scene.details[oldOne.arn] = unseen(.accessDenied)
    #expect(scene.pass().told == [] && scene.condition == .inSync)
  }

  @Test("the end of a certificate that is no longer attached is not shown for the one that is")
  func staleEnd() {
    var scene = Scene([oldOne, newOne])
    scene.cognito(.active, arn("third"))
    scene.details[arn("third")] = unseen(.throttled)
    scene.pass()
    #expect(scene.record.attached == arn("third") && scene.record.attachedNotAfter == nil)
  }
}
