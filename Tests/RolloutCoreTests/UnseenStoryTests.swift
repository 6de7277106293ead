import Narration
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

  @Test("a domain that cannot be described is unknown at once, and no call is made")
  func unknown() {
    for (look, code) in UnseenStoryTests.blindLooks {
      var scene = Scene([oldOne, newOne])
      scene.look = look
      let pass = scene.pass()
      #expect(pass.logged == [.decisionBlocked] && pass.update == nil)
      #expect(pass.event(.decisionBlocked)?.level == .warning)
      #expect(pass.event(.decisionBlocked)?.fields[.reason] == code)
      #expect(scene.condition == .unknown && scene.record.reason?.code == code)
      #expect(scene.record.attached == oldOne.arn)
      #expect(scene.pass(after: .minutes(5)).logged == [])
      scene.cognito(.active, oldOne.arn)
      #expect(scene.pass(after: .minutes(5)).update?.certificate == newOne.arn)
    }
  }

  @Test("a domain that cannot be described for three polls is an error, and again every hour")
  func lasting() {
    for (look, _) in UnseenStoryTests.blindLooks {
      var scene = Scene([oldOne])
      scene.look = look
      var levels: [String] = []
      for poll in 0..<30 {
        let event = scene.pass(after: poll == 0 ? .zero : .minutes(5)).event(.decisionBlocked)
        if let event { levels.append("\(poll) \(event.level) \(event.fields[.polls] ?? "")") }
      }
      #expect(levels == ["0 warning 1", "2 error 3", "14 error 15", "26 error 27"])
    }
  }

  @Test("looks between two polls do not count as polls")
  func recheck() {
    var scene = Scene([oldOne])
    scene.look = .empty
    scene.pass()
    for _ in 0..<9 { #expect(scene.pass(after: .seconds(30), isPoll: false).logged == []) }
    #expect(scene.memory.obstruction?.polls == 1)
  }

  @Test("a permission that is missing for good is an error after three polls")
  func denied() {
    var scene = Scene([oldOne])
    scene.look = .unseen(failure(.accessDenied))
    #expect(scene.pass().event(.decisionBlocked)?.level == .warning)
    scene.pass(after: .minutes(5))
    #expect(scene.pass(after: .minutes(5)).event(.decisionBlocked)?.level == .error)
  }

  @Test("a domain that is seen again begins to count anew")
  func seenAgain() {
    var scene = Scene([oldOne])
    for _ in 0..<3 {
      scene.look = .empty
      #expect(scene.pass(after: .minutes(5)).event(.decisionBlocked)?.level == .warning)
      #expect(scene.pass(after: .minutes(5)).logged == [])
      scene.cognito(.active, oldOne.arn)
      #expect(scene.pass(after: .minutes(5)).logged == [] && scene.condition == .inSync)
    }
  }

  @Test("a failure that differs in its numbers only is logged once and changes no record")
  func milliseconds() {
    var scene = Scene([oldOne])
    func timeout(_ milliseconds: Int) -> DomainLook {
      .unseen(
        Failure(
          .unreachable, operation: "DescribeUserPoolDomain", object: "auth.example.com",
          message: "timed out after \(milliseconds) ms"))
    }
    scene.look = timeout(5003)
    #expect(scene.pass().logged == [.decisionBlocked])
    let record = scene.record
    scene.look = timeout(4998)
    #expect(scene.pass(after: .minutes(5)).logged == [] && scene.record == record)
  }

  @Test("while a domain cannot be described, a rollout keeps its phase and its window")
  func rolloutWaits() {
    for (look, _) in UnseenStoryTests.blindLooks {
      var scene = Scene.propagating()
      scene.look = look
      #expect(scene.pass(after: .minutes(1)).update == nil && scene.condition == .propagating)
      let late = scene.pass(after: .hours(1))
      #expect(late.logged.contains(.rolloutOverdue) && scene.condition == .overdue)
      #expect(!scene.pass(after: .minutes(5)).logged.contains(.rolloutOverdue))
      scene.cognito(.active, newOne.arn)
      scene.serve(newOne.arn)
      #expect(scene.run(for: .hours(1)) { $0.phase == .completed })
    }
  }

  @Test("while a domain cannot be described, its edges are checked no more often than before")
  func interval() {
    var scene = Scene.propagating()
    scene.look = .empty
    scene.pass(after: .hours(1))
    scene.pass(after: .minutes(5))
    #expect(scene.nextLookAt == scene.now + .minutes(5))
    scene.pass(after: .minutes(1))
    #expect(scene.nextLookAt == scene.now + .minutes(4))
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

  @Test("while the certificates cannot be listed, a domain keeps its condition for three polls")
  func unlisted() {
    var scene = Scene([oldOne, newOne])
    scene.listed = unseen(.accessDenied)
    #expect(scene.pass().logged == [.decisionBlocked] && scene.condition == .inSync)
    #expect(scene.record.reason?.code == "access_denied")
    #expect(scene.pass(after: .minutes(5)).logged == [] && scene.condition == .inSync)
    let third = scene.pass(after: .minutes(5))
    #expect(third.event(.decisionBlocked)?.level == .error && scene.condition == .unknown)
    scene.listed = .seen([oldOne])
    #expect(scene.pass(after: .minutes(5)).logged == [] && scene.condition == .inSync)
    scene.listed = unseen(.accessDenied)
    scene.forget()
    #expect(scene.pass().logged == [.decisionBlocked] && scene.condition == .unknown)
  }

  @Test(
    "a rollout that completes while the certificates cannot be listed leaves its domain in sync")
  func completedUnlisted() {
    var scene = Scene.propagating { $0.probe.isEnabled = false }
    scene.cognito(.active, newOne.arn)
    scene.listed = unseen(.throttled)
    #expect(scene.pass(after: .minutes(1)).logged == [.rolloutCompleted, .decisionBlocked])
    #expect(scene.phase == .completed && scene.condition == .inSync)
    #expect(scene.pass(after: .minutes(5)).logged == [] && scene.condition == .inSync)
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

  @Test("an attached certificate that cannot be described leaves the condition as it is")
  func attachedUnseen() {
    var scene = Scene([newOne])
    scene.record.attached = oldOne.arn
    scene.record.lastAttached = oldOne.arn
    scene.cognito(.active, oldOne.arn)
    scene.serve(oldOne.arn)
    scene.details[oldOne.arn] = unseen(.accessDenied)
    #expect(scene.pass().logged == [.decisionBlocked] && scene.condition == .inSync)
  }

  @Test(
    "when the only newer candidate cannot be seen, the domain keeps its condition for three polls")
  func candidateUnseen() {
    var scene = Scene([oldOne, newOne])
    scene.evidence[newOne.arn] = unseen(.accessDenied)
    #expect(scene.pass().logged == [.candidateIneligible, .decisionBlocked])
    #expect(scene.condition == .inSync && scene.record.reason?.code == "access_denied")
    #expect(scene.pass(after: .minutes(5)).logged == [] && scene.condition == .inSync)
    let third = scene.pass(after: .minutes(5))
    #expect(third.logged == [.decisionBlocked] && scene.condition == .unknown)
    #expect(third.event(.decisionBlocked)?.level == .error)
    scene.evidence = [:]
    #expect(scene.pass(after: .minutes(5)).update?.certificate == newOne.arn)
  }

  @Test("when ACM says that the attached certificate is unusable, an obstacle is an error at once")
  func unusableAndBlocked() {
    let revoked = certificate("old", from: -60, to: 60) { $0.status = .revoked }
    var scene = Scene([revoked, newOne])
    scene.evidence[newOne.arn] = unseen(.throttled)
    let pass = scene.pass()
    #expect(pass.event(.decisionBlocked)?.level == .error && scene.condition == .unknown)
    scene.evidence = [:]
    #expect(scene.pass(after: .minutes(5)).update?.certificate == newOne.arn)
  }

  @Test("retry is kept while the domain or its certificates cannot be seen, across a restart")
  func retryKept() {
    for isListed in [true, false] {
      var scene = Scene.drifted { $0.onDrift = .report }
      scene.pass()
      scene.retry()
      if isListed { scene.look = .unseen(failure(.throttled)) } else { scene.listed = unseen() }
      for _ in 0..<4 { #expect(scene.pass(after: .minutes(5)).update == nil) }
      #expect(scene.record.retryRequested)
      scene.restart()
      scene.listed = .seen([oldOne, theirs])
      scene.drift(to: theirs.arn)
      #expect(scene.pass(after: .minutes(5)).update?.certificate == oldOne.arn)
      #expect(!scene.record.retryRequested)
    }
  }

  @Test("retry of a refused call is kept until the call is made")
  func retryOfRefused() {
    var scene = Scene([oldOne, newOne])
    scene.pass()
    scene.answer(.failed(failure(.refused(.invalidRequest))))
    scene.retry()
    scene.look = .unseen(failure(.throttled))
    scene.pass(after: .minutes(1))
    #expect(scene.record.retryRequested)
    scene.cognito(.active, oldOne.arn)
    #expect(scene.pass(after: .minutes(1)).update != nil && !scene.record.retryRequested)
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
