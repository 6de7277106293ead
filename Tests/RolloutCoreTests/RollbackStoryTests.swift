import Narration
import RolloutCore
import Testing

extension Scene {
  /// Cognito took the new certificate in a mapping that rolls back, and the first check is to come.
  static func taken(
    _ certificates: [Certificate] = [oldOne, newOne], _ edit: (inout Mapping) -> Void = { _ in }
  ) -> Scene {
    var scene = Scene(certificates) {
      $0.rollback = .on
      edit(&$0)
    }
    scene.pass()
    scene.accept()
    scene.cognito(.active, newOne.arn)
    scene.edges = round([leaf(oldOne.arn), refusing])
    return scene
  }

  static let refusing = EdgeLook.Result.refusing("handshake: internal error")

  /// The next look brings the rollback.
  static func harmed() -> Scene {
    var scene = taken()
    scene.check()
    scene.check()
    if let next = scene.nextLookAt { scene.now = next }
    return scene
  }

  /// The next check, as it falls due.
  @discardableResult
  mutating func check(sourceLocation: SourceLocation = #_sourceLocation) -> Pass {
    let wait = nextLookAt.map { $0.since(now) } ?? pacing.pollInterval
    return pass(after: wait, isPoll: false, sourceLocation: sourceLocation)
  }

  /// Cognito takes the rollback, and the edges serve the previous certificate.
  mutating func goBack() {
    accept()
    cognito(.active, oldOne.arn)
    serve(oldOne.arn)
  }
}

@Suite("Rollback")
struct RollbackStoryTests {
  @Test("Edges that refuse in three rounds in a row bring back the previous certificate, once")
  func goesBack() {
    var scene = Scene.taken()
    #expect(scene.check().update == nil)
    #expect(scene.check().update == nil)
    let third = scene.check()
    #expect(third.update?.certificate == oldOne.arn)
    let event = third.event(.rolloutRolledBack)
    #expect(event?.level == .error)
    #expect(event?.fields[.certificateARN] == newOne.arn.text)
    #expect(event?.fields[.previousCertificateARN] == oldOne.arn.text)
    #expect(event?.fields[.reason] == "edges_refusing")
    #expect(third.plan.ended?.phaseName == .superseded)
    #expect(scene.record.rollout?.cause == .rollback && scene.record.rollout?.isUrgent == true)
    #expect(scene.record.rolledBack == newOne.arn && scene.record.shunned == [newOne.arn])
    #expect(scene.record.failure?.count == 1)
    scene.goBack()
    #expect(scene.run(for: .hours(1)) { $0.condition == .inSync })
    #expect(scene.record.reason?.reason == .rolledBack)
    #expect(scene.record.rollout?.proof == .edge)
    for _ in 0..<20 { #expect(scene.pass(after: .hours(6)).update == nil) }
    #expect(scene.condition == .inSync && !scene.record.isSettled)
    #expect(scene.record.failure?.count == 1, "it was not made good")
  }

  @Test("The log says of a certificate that was rolled back why it is passed over, once")
  func passedOver() {
    var scene = Scene.harmed()
    var events = scene.check().events
    scene.goBack()
    for _ in 0..<6 { events += scene.check().events }
    let lines = events.filter {
      $0.kind == .candidateIneligible && $0.fields[.reason] == "rolled_back"
    }
    #expect(lines.count == 1 && lines.first?.level == .warning)
    #expect(lines.first?.fields[.certificateARN] == newOne.arn.text)
  }

  @Test("So does the new leaf with a chain that is not trusted, or without the domain's name")
  func badLeaf() {
    for (covers, chain, reason) in [
      (true, ChainVerdict.untrusted("no root"), "chain_untrusted"),
      (true, .selfSigned, "chain_untrusted"), (false, .trusted, "name_not_covered"),
    ] {
      var scene = Scene.taken()
      scene.edges = round([
        .served(
          ServedLeaf(
            sha256: digest(newOne.arn), serial: "01", notAfter: noon + .days(89),
            coversDomain: covers, chain: chain))
      ])
      scene.check()
      #expect(scene.record.rollout?.propagation?.confirmations == 0, "it proves nothing")
      scene.check()
      let third = scene.check()
      #expect(third.update?.certificate == oldOne.arn)
      #expect(third.event(.rolloutRolledBack)?.fields[.reason] == reason)
    }
  }

  @Test("So does another leaf that does not cover the name")
  func defaultLeaf() {
    var scene = Scene.taken()
    scene.edges = round([
      leaf(oldOne.arn),
      .served(
        ServedLeaf(
          sha256: digest(arn("cloudfront")), serial: "02", notAfter: noon + .days(200),
          coversDomain: false, chain: .trusted)),
    ])
    scene.check()
    #expect(scene.record.reason?.code == "name_not_covered")
    scene.check()
    let third = scene.check()
    #expect(third.update?.certificate == oldOne.arn)
    #expect(third.event(.rolloutRolledBack)?.fields[.reason] == "name_not_covered")
  }

  @Test(
    "Another leaf for the name is no harm, a round without an answer says nothing, and a good one ends it"
  )
  func rounds() {
    var scene = Scene.taken()
    scene.check()
    scene.check()
    scene.edges = round([.unreachable("connect: refused")])
    #expect(scene.check().update == nil)
    #expect(scene.memory.harm?.rounds == 2)
    scene.edges = round([
      .served(
        ServedLeaf(
          sha256: digest(oldOne.arn), serial: "01", notAfter: noon + .days(60),
          coversDomain: true, chain: .untrusted("no root")))
    ])
    scene.check()
    #expect(scene.memory.harm == nil)
    scene.edges = round([Scene.refusing])
    scene.check()
    scene.check()
    #expect(scene.check().update?.certificate == oldOne.arn)
  }

  @Test("With rollback off the rollout is overdue, as ever")
  func off() {
    var scene = Scene.taken { $0.rollback = .off }
    let isOverdue = scene.run(for: .hours(2)) { $0.condition == .overdue }
    #expect(isOverdue && scene.record.rolledBack == nil && scene.memory.harm == nil)
    #expect(scene.record.failure?.count == 1, "an overdue rollout has failed")
    scene.serve(newOne.arn)
    #expect(scene.run(for: .hours(1)) { $0.condition == .inSync })
    #expect(scene.record.failure == nil, "and counts no more once it is proven")
  }

  @Test("A previous certificate that cannot serve is not attached, and the reason is shown")
  func impossible() {
    let edits: [(String, (inout Scene) -> Void)] = [
      ("revoked", { $0.list(certificate("old", from: -60, to: 60) { $0.status = .revoked }) }),
      ("expired", { $0.list(certificate("old", from: -60, to: 0)) }),
      ("short", { $0.list(certificate("old", from: -60, to: 6)) }),
      ("deleted", { $0.listed = .seen([newOne]) }),
      ("another rule", { $0.mapping.selector.arn = newOne.arn }),
      (
        "untrusted",
        {
          $0.evidence[oldOne.arn] = .seen(
            RolloutCoreTests.evidence(of: oldOne, chain: .untrusted("no root")))
        }
      ),
    ]
    for (name, edit) in edits {
      var scene = Scene.harmed()
      edit(&scene)
      let third = scene.check()
      #expect(third.update == nil, "\(name)")
      #expect(scene.condition == .propagating, "\(name)")
      #expect(scene.record.reason?.reason == .cannotRollBack, "\(name)")
      let errors = third.events.filter { $0.kind == .edgesRefusing && $0.level == .error }
      #expect(errors.count == 1, "\(name)")
      #expect(scene.check().event(.edgesRefusing) == nil, "\(name)")
      #expect(scene.run(for: .hours(2)) { $0.condition == .overdue }, "\(name)")
      #expect(scene.record.reason?.reason == .cannotRollBack, "\(name)")
    }
  }

  @Test("Where a rollback is not possible, a better certificate takes the place of the failed one")
  func superseded() {
    var scene = Scene.harmed()
    scene.listed = .seen([newOne, newerOne])
    #expect(scene.check().update?.certificate == newerOne.arn)
    #expect(scene.record.rolledBack == nil && scene.record.rollout?.wasServed == false)
  }

  @Test("Edges that are not the domain's own are no reason: the distribution serves it")
  func detour() {
    var scene = Scene.taken()
    scene.distribution = "d111.cloudfront.net"
    scene.cognito(.active, newOne.arn)
    scene.distributionEdges = ProbeRound(
      edges: [EdgeLook(address: "198.51.100.1:443", result: leaf(newOne.arn))])
    scene.edges = round([Scene.refusing])
    for _ in 0..<5 { #expect(scene.check().update == nil) }
    #expect(scene.record.reason?.reason == .resolvesElsewhere && scene.memory.harm == nil)
  }

  @Test("A previous certificate that cannot be seen is waited for")
  func unseenPrevious() {
    var scene = Scene.harmed()
    scene.listed = .seen([newOne])
    scene.details[oldOne.arn] = unseen(.throttled)
    #expect(scene.check().logged.contains(.decisionBlocked))
    #expect(scene.condition == .propagating && scene.record.rolledBack == nil)
    scene.details = [:]
    scene.listed = .seen([oldOne, newOne])
    #expect(scene.check().update?.certificate == oldOne.arn)
  }

  @Test(
    "A hold, mode observe and Cognito's own work prevent it for the time being, and it is shown")
  func prevented() {
    let obstacles: [(Reason, (inout Scene) -> Void, (inout Scene) -> Void)] = [
      (
        .held, { $0.record.hold = Hold(since: noon, until: nil) }, { $0.record.hold = nil }
      ),
      (.observeMode, { $0.mapping.mode = .observe }, { $0.mapping.mode = .apply }),
      (
        .domainUpdating, { $0.cognito(.updating, newOne.arn) },
        { $0.cognito(.active, newOne.arn) }
      ),
    ]
    for (reason, prevent, allow) in obstacles {
      var scene = Scene.harmed()
      prevent(&scene)
      for _ in 0..<3 { #expect(scene.check().update == nil) }
      #expect(scene.record.reason?.reason == reason)
      #expect(
        scene.record.reason?.detail.contains("\(oldOne.arn) is attached again") == true,
        "\(scene.record.reason?.description ?? "")")
      #expect(scene.record.rolledBack == nil && scene.record.failure == nil)
      allow(&scene)
      #expect(scene.check().update?.certificate == oldOne.arn, "\(reason)")
    }
  }

  @Test("Waves and limits do not hold it up")
  func unlimited() {
    var scene = Scene.harmed()
    scene.constraint = lowerWaveUnsettled
    scene.callConstraint = .waitsForSlot(inFlight: 1, limit: 1)
    #expect(scene.check().update?.certificate == oldOne.arn)
    scene.answer(.failed(failure(.throttled)))
    #expect(scene.check().update?.certificate == oldOne.arn)
  }

  @Test("Edges that refuse the previous certificate, too, bring about no second rollback")
  func onlyOnce() {
    var scene = Scene.harmed()
    scene.check()
    scene.accept()
    scene.cognito(.active, oldOne.arn)
    scene.edges = round([Scene.refusing])
    let isOverdue = scene.run(for: .hours(2)) { $0.condition == .overdue }
    #expect(isOverdue && scene.record.rollout?.cause == .rollback)
    #expect(scene.record.rolledBack == newOne.arn)
  }

  @Test("'retry' allows the certificate again, and so does nothing else but a newer one")
  func again() {
    var retried = Scene.harmed()
    retried.check()
    retried.goBack()
    #expect(retried.run(for: .hours(1)) { $0.condition == .inSync })
    var newer = retried
    retried.retry()
    #expect(retried.pass(after: .minutes(5)).update?.certificate == newOne.arn)
    newer.list(newerOne)
    #expect(newer.pass(after: .minutes(5)).update?.certificate == newerOne.arn)
    #expect(newer.record.rolledBack == nil && newer.record.shunned.contains(newOne.arn))
    newer.accept()
    newer.cognito(.active, newerOne.arn)
    newer.serve(newerOne.arn)
    #expect(newer.run(for: .hours(1)) { $0.condition == .inSync })
    #expect(newer.record.reason == nil && newer.record.failure == nil && newer.record.isSettled)
  }

  @Test("A restart forgets the rounds, but neither the intent nor what was left")
  func restarts() {
    var scene = Scene.harmed()
    scene.restart()
    scene.check()
    #expect(scene.check().update == nil)
    #expect(scene.check().update?.certificate == oldOne.arn)
    // The call was journalled, and nobody knows whether it was made.
    scene.restart()
    #expect(scene.pass().update == nil && scene.record.shunned == [newOne.arn])
    #expect(scene.check().update?.certificate == oldOne.arn)
    scene.goBack()
    scene.restart()
    #expect(scene.run(for: .hours(1)) { $0.condition == .inSync })
    #expect(scene.record.reason?.reason == .rolledBack)
    scene.restart()
    #expect(scene.pass(after: .days(2)).update == nil)
  }

  @Test("What Cognito still shows after the call is no drift, and is not put back")
  func lag() {
    var scene = Scene.harmed()
    scene.check()
    scene.answer(.failed(failure(.answerLost)))
    let second = scene.check()
    #expect(second.logged.allSatisfy { $0 != .driftDetected })
    #expect(scene.record.shunned == [newOne.arn] && scene.record.rolledBack == newOne.arn)
    scene.goBack()
    #expect(scene.run(for: .hours(1)) { $0.condition == .inSync })
    #expect(scene.record.lastAttached == oldOne.arn)
  }

  @Test("Edges that refused the domain before the rollout do not count against its certificate")
  func refusedBefore() {
    var scene = Scene([oldOne]) { $0.rollback = .on }
    scene.pass()
    scene.edges = round([Scene.refusing])
    for _ in 0..<4 { scene.pass(after: .hours(1)) }
    #expect(scene.condition == .unserved)
    scene.list(newOne)
    #expect(scene.pass(after: .minutes(5)).update?.certificate == newOne.arn)
    scene.accept()
    scene.cognito(.active, newOne.arn)
    #expect(scene.run(for: .hours(2)) { $0.condition == .overdue })
    #expect(scene.record.rolledBack == nil)
  }

  @Test("A pin does not bring it back before 'retry'")
  func pinned() {
    var scene = Scene.harmed()
    scene.check()
    scene.goBack()
    #expect(scene.run(for: .hours(1)) { $0.condition == .inSync })
    scene.mapping.selector.arn = newOne.arn
    #expect(scene.pass(after: .minutes(5)).update == nil)
    #expect(scene.condition == .noCandidate && scene.record.reason?.reason == .rolledBack)
    scene.retry()
    #expect(scene.pass(after: .minutes(5)).update?.certificate == newOne.arn)
  }

  @Test("Nothing of it is left once the certificate is gone, or a person attached it")
  func gone() {
    var scene = Scene.harmed()
    scene.check()
    scene.goBack()
    #expect(scene.run(for: .hours(1)) { $0.condition == .inSync })
    var attached = scene
    scene.listed = .seen([oldOne])
    scene.pass(after: .minutes(5))
    #expect(scene.record.rolledBack == nil && scene.record.isSettled)
    #expect(scene.record.failure == nil && scene.record.reason == nil)
    attached.cognito(.active, newOne.arn)
    attached.serve(newOne.arn)
    #expect(attached.pass(after: .hours(1)).update == nil)
    #expect(attached.record.lastAttached == newOne.arn && attached.record.rolledBack == nil)
    #expect(attached.record.failure == nil && attached.record.shunned == [oldOne.arn])
  }

  @Test("A person who attaches a third certificate while the call waits has the last word")
  func overtaken() {
    var scene = Scene.harmed()
    scene.check()
    scene.answer(.failed(failure(.throttled)))
    scene.list(theirs)
    scene.cognito(.active, theirs.arn)
    scene.serve(theirs.arn)
    let pass = scene.check()
    #expect(pass.update?.certificate != newOne.arn)
    for _ in 0..<5 { #expect(scene.pass(after: .hours(1)).update?.certificate != newOne.arn) }
  }
}
