import Narration
import RolloutCore
import Testing

@Suite("The release of the certificate before a rollout")
struct ReleaseTests {
  /// Rolled out to `newOne` and proven by the edges, an hour ago; nothing uses `oldOne` any more.
  private static func proven(
    by proof: Rollout.Proof = .edge, _ edit: (inout Scene) -> Void = { _ in }
  ) -> Scene {
    var scene = Scene([newOne, oldOne])
    var unused = oldOne
    unused.isInUse = false
    scene.list(unused)
    scene.record.rollout = Rollout(
      id: "0123456789abcdef", certificate: newOne.arn, previous: oldOne.arn, cause: .replacement,
      startedAt: noon - .hours(2),
      phase: .completed(
        Rollout.Completion(
          acceptedAt: noon - .hours(2), completedAt: noon - .hours(1), proof: proof)))
    scene.looksAtRelease = true
    edit(&scene)
    return scene
  }

  private static func isReleased(_ scene: Scene) -> Bool {
    var scene = scene
    let pass = scene.pass()
    let isReleased = pass.logged.contains(.certificateReleased)
    #expect(isReleased == (scene.record.rollout?.releasedAt != nil))
    #expect(pass.update == nil)
    return isReleased
  }

  @Test("it is released when nothing uses it and no edge serves it, once")
  func released() {
    var scene = ReleaseTests.proven()
    let pass = scene.pass()
    #expect(pass.asked.contains(.use(oldOne.arn)) && pass.asked.contains(.evidence(oldOne.arn)))
    #expect(pass.logged == [.certificateReleased])
    let event = pass.event(.certificateReleased)
    #expect(event?.level == .notice && event?.fields[.certificateARN] == oldOne.arn.text)
    #expect(scene.record.rollout?.releasedAt == noon)
    #expect(scene.record.rollout?.phaseWord == "completed" && scene.condition == .inSync)
    let second = scene.pass(after: .days(1))
    #expect(second.logged == [] && !second.asked.contains(.use(oldOne.arn)))
    #expect(scene.record.rollout?.releasedAt == noon)
  }

  @Test("it is not released any longer when someone attaches it again")
  func attachedAgain() {
    var scene = ReleaseTests.proven { $0.mapping.onDrift = .report }
    scene.pass()
    #expect(scene.record.rollout?.releasedAt == noon)
    scene.cognito(.active, oldOne.arn)
    scene.pass(after: .minutes(5))
    #expect(scene.condition == .drifted && scene.record.rollout?.releasedAt == nil)
  }

  @Test(
    "it is not released while ACM names a user, does not say, or no longer has it",
    arguments: [
      Look<CertificateUse>.seen(.used), .seen(.unsaid), .seen(.deleted), unseen(.throttled),
      unseen(.accessDenied),
    ])
  func used(_ use: Look<CertificateUse>) {
    #expect(!ReleaseTests.isReleased(ReleaseTests.proven { $0.use = use }))
  }

  @Test("it is not described while the list shows it in use, and it is when the list does not say")
  func listed() {
    for (isInUse, asks) in [(true, false), (nil, true), (false, true)] as [(Bool?, Bool)] {
      var scene = ReleaseTests.proven { scene in
        var listed = oldOne
        listed.isInUse = isInUse
        scene.list(listed)
      }
      let pass = scene.pass()
      #expect(pass.asked.contains(.use(oldOne.arn)) == asks, "\(String(describing: isInUse))")
      #expect(pass.logged.contains(.certificateReleased) == asks)
    }
  }

  @Test("it is not released once the list does not have it")
  func deleted() {
    var scene = ReleaseTests.proven { $0.listed = .seen([newOne]) }
    let pass = scene.pass()
    #expect(!pass.asked.contains(.use(oldOne.arn)) && pass.logged == [])
  }

  @Test("only handshakes prove that it is not served")
  func proof() {
    #expect(!ReleaseTests.isReleased(ReleaseTests.proven(by: .controlPlane)))
    #expect(!ReleaseTests.isReleased(ReleaseTests.proven(by: .other("future"))))
    #expect(!ReleaseTests.isReleased(ReleaseTests.proven { $0.mapping.probe.isEnabled = false }))
  }

  @Test("it is not released while an edge serves it, refuses the domain, or none answers")
  func served() {
    let looks: [[EdgeLook.Result]] = [
      [leaf(newOne.arn), leaf(oldOne.arn)], [leaf(oldOne.arn)], [leaf(arn("third"))],
      [leaf(newOne.arn), .refusing("handshake: internal error")],
      [.unreachable("connect: refused")], [],
    ]
    for look in looks {
      #expect(!ReleaseTests.isReleased(ReleaseTests.proven { $0.edges = round(look) }), "\(look)")
    }
    // An edge without an answer is not counted, as in a proof.
    let answering: [EdgeLook.Result] = [leaf(newOne.arn), .unreachable("connect: refused")]
    #expect(ReleaseTests.isReleased(ReleaseTests.proven { $0.edges = round(answering) }))
  }

  @Test("the edges are looked at again for it, however lately they were")
  func freshRound() {
    var scene = ReleaseTests.proven { $0.memory.probedAt = noon - .minutes(1) }
    #expect(scene.pass().asked.contains(.probe))
    // Not while something uses it.
    var used = ReleaseTests.proven {
      $0.memory.probedAt = noon - .minutes(1)
      $0.use = .seen(.used)
    }
    #expect(!used.pass().asked.contains(.probe))
  }

  @Test("a certificate with the same leaf as the new one is served, and not released")
  func sameLeaf() {
    let same = RolloutCoreTests.evidence(of: newOne)
    #expect(!ReleaseTests.isReleased(ReleaseTests.proven { $0.evidence[oldOne.arn] = .seen(same) }))
    #expect(
      ReleaseTests.isReleased(
        ReleaseTests.proven { $0.evidence[oldOne.arn] = unseen(.accessDenied) }))
  }

  @Test("it is looked at once in an hour, or in drift_interval where that is longer")
  func pauses() {
    for (driftInterval, hours) in [(Duration.zero, 1), (.minutes(5), 1), (.hours(3), 3)] {
      var scene = ReleaseTests.proven {
        $0.use = .seen(.used)
        $0.pacing.driftInterval = driftInterval
      }
      var looks: [Duration] = []
      for step in 0...(12 * hours) {
        let pass = scene.pass(after: step == 0 ? .zero : .minutes(5))
        if pass.asked.contains(.use(oldOne.arn)) { looks.append(scene.now.since(noon)) }
      }
      #expect(looks == [.zero, .hours(Int64(hours))], "\(driftInterval)")
    }
  }

  @Test("it is looked at for 30 days after the proof, and not longer")
  func lookTime() {
    let end = noon - .hours(1) + .days(30)
    for (now, isReleased) in [(end - .milliseconds(1), true), (end, false)] {
      #expect(ReleaseTests.isReleased(ReleaseTests.proven { $0.now = now }) == isReleased)
    }
  }

  @Test("only at a poll, and only when no other domain has to do with it")
  func looks() {
    var recheck = ReleaseTests.proven()
    #expect(!recheck.pass(isPoll: false).asked.contains(.use(oldOne.arn)))
    #expect(!ReleaseTests.isReleased(ReleaseTests.proven { $0.looksAtRelease = false }))
  }

  @Test("not while another certificate is attached, or a newer one is about to be")
  func notAtRest() {
    let third = certificate("third", from: 0, to: 90)
    #expect(
      !ReleaseTests.isReleased(
        ReleaseTests.proven { scene in
          scene.list(third)
          scene.cognito(.active, third.arn)
          scene.serve(third.arn)
          scene.record.lastAttached = third.arn
        }))
    var begins = ReleaseTests.proven { $0.list(third) }
    let pass = begins.pass()
    #expect(pass.update?.certificate == third.arn)
    #expect(!pass.asked.contains(.use(oldOne.arn)))
  }

  @Test("a certificate that was sent again is not the one before it")
  func resubmitted() {
    let scene = ReleaseTests.proven { scene in
      scene.record.rollout = Rollout(
        id: "0123456789abcdef", certificate: newOne.arn, previous: newOne.arn, cause: .resubmit,
        startedAt: noon - .hours(2),
        phase: .completed(
          Rollout.Completion(
            acceptedAt: noon - .hours(2), completedAt: noon - .hours(1), proof: .edge)))
    }
    #expect(!ReleaseTests.isReleased(scene))
  }

  @Test("what a certificate is of use for is read from its description")
  func uses() {
    func use(_ users: Int?) -> CertificateUse {
      var certificate = described(oldOne)
      certificate.users = users
      return CertificateUse(of: certificate)
    }
    #expect(use(0) == .unused && use(1) == .used && use(2) == .used && use(nil) == .unsaid)
    #expect(CertificateUse(of: nil) == .deleted)
  }

  @Test("a domain has to do with what is attached, chosen, or of its open rollout")
  func involved() {
    var record = ReleaseTests.proven().record
    #expect(record.involves(newOne.arn) && !record.involves(oldOne.arn))
    record.desired = oldOne.arn
    #expect(record.involves(oldOne.arn))
    record.desired = newOne.arn
    record.rollout = rollout(.propagating)
    #expect(record.involves(oldOne.arn) && record.involves(newOne.arn))
    record.rollout = nil
    record.attached = arn("third")
    #expect(!record.involves(oldOne.arn))
  }
}
