import Narration
import RolloutCore
import Testing

@Suite("Refusals, and certificates that Cognito does not keep")
struct RefusalStoryTests {
  private func refused(_ kind: Failure.Kind = .refused(.settingsRejected)) -> Scene {
    var scene = Scene([oldOne, newOne])
    scene.pass()
    scene.answer(.failed(failure(kind)))
    return scene
  }

  @Test("a refusal is logged once and tried again hourly")
  func hourly() {
    var scene = Scene([oldOne, newOne])
    scene.pass()
    let events = scene.answer(.failed(failure(.refused(.parentDomainUnresolved))))
    #expect(events.map(\.kind) == [.updateRefused] && events.first?.level == .error)
    #expect(events.first?.fields[.reason] == "parent_domain_unresolved")
    #expect(events.first?.fields[.requestID] == "request-9")
    #expect(scene.condition == .refused && scene.nextLookAt == noon + .hours(1))
    #expect(scene.record.reason?.code == "parent_domain_unresolved")
    for _ in 0..<11 {
      let pass = scene.pass(after: .minutes(5))
      #expect(pass.logged == [] && scene.condition == .refused)
      #expect(scene.record.reason?.code == "parent_domain_unresolved")
    }
    #expect(scene.pass(after: .minutes(5)).logged == [.updateSubmitted])
    #expect(scene.now == noon + .hours(1))
  }

  @Test("a refusal is tried at once on a changed mapping")
  func changedMapping() {
    let edits: [(inout Mapping) -> Void] = [
      { $0.identity.roleARN = "arn:aws:iam::123456789012:role/rotator" },
      { $0.selector.domainName = "auth.example.com" },
      { $0.region = region("eu-central-1") },
    ]
    for edit in edits {
      var scene = refused()
      edit(&scene.mapping)
      #expect(scene.pass(after: .minutes(1)).logged == [.updateSubmitted])
      scene.answer(.failed(failure(.refused(.settingsRejected))))
      #expect(scene.pass(after: .minutes(1)).logged == [])
    }
  }

  @Test("a refusal is tried at once on retry, a signal or a restart")
  func hurried() {
    var scene = refused()
    scene.record.rollout?.expedite(at: scene.now)
    #expect(scene.pass(after: .minutes(1)).logged == [.updateSubmitted])
  }

  @Test("a refused domain that shows the certificate after all is no longer refused")
  func shownAfterAll() {
    var scene = refused()
    scene.cognito(.active, newOne.arn)
    scene.serve(newOne.arn)
    #expect(scene.pass(after: .minutes(1)).logged == [.updateAccepted])
    #expect(scene.run(for: .minutes(20)) { $0.phase == .completed })
    #expect(scene.condition == .inSync && scene.record.rollout?.attempts == 1)
  }

  @Test("a just-issued certificate that is refused is tried again until it is 15 minutes old")
  func fresh() {
    let justIssued = certificate("new", from: 0, to: 90)
    var scene = Scene([oldOne, justIssued])
    scene.pass()
    scene.answer(.failed(failure(.certificateRejected)))
    #expect(scene.condition == .retrying)
    #expect(scene.pass(after: .minutes(14)).logged == [.updateSubmitted])
    scene.now = noon + .minutes(15)
    scene.answer(.failed(failure(.certificateRejected)))
    #expect(scene.condition == .refused)
    #expect(scene.record.rollout?.error?.code == "certificate_rejected")
  }

  @Test("when Cognito shows FAILED after the call, it is made again up to resubmits, then hourly")
  func failedAgain() {
    var scene = Scene.propagating()
    var calls = 1
    scene.cognito(.failed, newOne.arn)
    for _ in 0..<3 {
      #expect(scene.pass(after: .minutes(1)).logged == [.updateRetrying])
      #expect(scene.run(for: .minutes(1)) { $0.condition == .submitting })
      calls += 1
      scene.accept()
    }
    let refused = scene.pass(after: .minutes(1))
    #expect(refused.logged == [.updateRefused])
    #expect(refused.event(.updateRefused)?.fields[.reason] == "update_not_kept")
    #expect(scene.condition == .refused && scene.record.rollout?.attempts == calls && calls == 4)
    let next = scene.now + .hours(1)
    #expect(scene.run(for: .hours(2)) { $0.condition == .submitting } && scene.now == next)
    scene.accept()
    #expect(scene.pass(after: .minutes(1)).logged == [.updateRefused])
    #expect(scene.record.rollout?.attempts == 5)
  }

  @Test("a description that lags behind the call changes nothing before a check is due")
  func lagging() {
    for status in [DomainStatus.active, .failed] {
      var scene = Scene([oldOne, newOne])
      scene.pass()
      scene.accept()
      scene.cognito(status, oldOne.arn)
      let record = scene.record
      for _ in 0..<3 { #expect(scene.pass(after: .seconds(9)).logged == []) }
      #expect(scene.record == record && scene.condition == .propagating)
      #expect(scene.nextLookAt == noon + .seconds(30))
      #expect(scene.pass(after: .seconds(3)).logged == [.updateRetrying])
    }
  }

  @Test("when Cognito shows another certificate after the call, the call is made again")
  func anotherShown() {
    var scene = Scene.propagating()
    scene.cognito(.active, oldOne.arn)
    #expect(scene.pass(after: .minutes(1)).logged == [.updateRetrying])
    #expect(scene.condition == .retrying && scene.record.rollout?.resubmits == 1)
    #expect(scene.run(for: .minutes(1)) { $0.condition == .submitting })
    #expect(scene.record.rollout?.certificate == newOne.arn)
  }

  @Test("abandoning a certificate that Cognito did not keep is no drift")
  func givenUp() {
    var scene = Scene.propagating()
    scene.cognito(.active, oldOne.arn)
    scene.list(certificate("new", from: -1, to: 89) { $0.status = .revoked })
    #expect(
      scene.pass(after: .minutes(1)).logged
        == [.rolloutSuperseded, .candidateIneligible])
    #expect(scene.condition == .inSync && scene.record.lastAttached == oldOne.arn)
    #expect(scene.pass(after: .minutes(5)).logged == [] && scene.record.shunned == [])
  }

  @Test("no call is ever made again while Cognito shows the right certificate")
  func neverWhileShown() {
    var scene = Scene.propagating()
    scene.cognito(.active, newOne.arn)
    scene.serve(oldOne.arn)
    #expect(scene.run(for: .days(2)) { $0.phase != .propagating && $0.phase != .overdue } == false)
    #expect(scene.record.rollout?.attempts == 1 && scene.condition == .overdue)
  }

  @Test("FAILED on a domain at rest needs a person, is logged once and leads to no call")
  func failedAtRest() {
    var scene = Scene([oldOne])
    scene.cognito(.failed, oldOne.arn)
    let pass = scene.pass()
    #expect(pass.logged == [.updateRefused] && pass.update == nil)
    #expect(scene.condition == .refused && scene.record.reason?.code == "domain_failed")
    #expect(scene.pass(after: .minutes(5)).logged == [])
    scene.cognito(.active, oldOne.arn)
    #expect(scene.pass(after: .minutes(5)).logged == [] && scene.condition == .inSync)
  }

  @Test("retry sends the attached certificate again to a domain that shows FAILED")
  func resubmitted() {
    var scene = Scene([oldOne])
    scene.cognito(.failed, oldOne.arn)
    scene.pass()
    scene.retry()
    let pass = scene.pass(after: .minutes(1))
    #expect(pass.update?.certificate == oldOne.arn && pass.update?.settings == scene.settings)
    #expect(scene.record.rollout?.cause == .resubmit && !scene.record.retryRequested)
    #expect(pass.logged == [.updateSubmitted])
    scene.accept()
    scene.cognito(.active, oldOne.arn)
    #expect(scene.run(for: .minutes(20)) { $0.phase == .completed })
    #expect(scene.condition == .inSync && scene.record.rollout?.attempts == 1)
  }

  @Test("retry sends a certificate again although it has less than min_remaining left")
  func resubmittedShort() {
    var scene = Scene([certificate("old", from: -60, to: 5)])
    scene.cognito(.failed, arn("old"))
    scene.retry()
    #expect(scene.pass().update?.certificate == arn("old"))
  }

  @Test("retry does not send again a certificate whose chain is not trusted")
  func resubmittedUntrusted() {
    var scene = Scene([oldOne])
    scene.cognito(.failed, oldOne.arn)
    scene.evidence[oldOne.arn] = .seen(evidence(of: oldOne, chain: .untrusted("no root")))
    scene.retry()
    #expect(scene.pass().update == nil && scene.condition == .refused)
    #expect(!scene.record.retryRequested)
  }

  @Test("retry of a FAILED domain is kept under a hold and while the chain cannot be judged")
  func resubmitWaits() {
    var scene = Scene([oldOne])
    scene.cognito(.failed, oldOne.arn)
    scene.retry()
    scene.record.hold = Hold(since: noon, until: noon + .minutes(10))
    #expect(scene.pass().update == nil && scene.record.retryRequested)
    scene.evidence[oldOne.arn] = unseen(.throttled)
    #expect(scene.pass(after: .minutes(10)).update == nil && scene.record.retryRequested)
    scene.evidence = [:]
    #expect(scene.pass(after: .minutes(5)).update?.certificate == oldOne.arn)
    #expect(!scene.record.retryRequested)
  }

  @Test("refused credentials are logged as such and tried again")
  func credentials() {
    var scene = Scene([oldOne, newOne])
    scene.pass()
    let events = scene.answer(.failed(failure(.credentials)))
    #expect(events.map(\.kind) == [.credentialsFailed, .updateRetrying])
    #expect(events.first?.fields[.identity] == "default credentials")
    #expect(scene.condition == .retrying && scene.record.rollout?.error?.code == "credentials")
  }

  @Test("a domain of another pool is refused without a call and logged once")
  func otherPool() {
    for scene in [Scene([oldOne, newOne]), Scene([oldOne]), Scene.propagating(), refused()] {
      var scene = scene
      let before = scene.record.rollout
      scene.look = .described(
        DomainDescription(
          userPoolID: "eu-west-1_Other", status: .active, certificateARN: oldOne.arn))
      let pass = scene.pass(after: .hours(2))
      #expect(pass.update == nil && pass.logged == [.updateRefused])
      #expect(scene.condition == .refused && scene.record.reason?.code == "domain_not_in_pool")
      #expect(scene.record.rollout == before)
      #expect(scene.pass(after: .minutes(5)).logged == [])
    }
  }
}
