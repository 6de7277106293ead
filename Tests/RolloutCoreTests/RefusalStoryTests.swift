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

  @Test("a refusal is told once and tried again hourly")
  func hourly() {
    var scene = Scene([oldOne, newOne])
    scene.pass()
    let events = scene.answer(.failed(failure(.refused(.parentDomainUnresolved))))
    #expect(events.map(\.kind) == [.updateRefused] && events.first?.level == .error)
    #expect(events.first?.fields[.reason] == "parent_domain_unresolved")
    #expect(events.first?.fields[.requestID] == "request-9")
    #expect(scene.condition == .refused && scene.schedule.nextLookAt == noon + .hours(1))
    #expect(scene.record.reason?.code == "parent_domain_unresolved")
    for _ in 0..<11 {
      let pass = scene.pass(after: .minutes(5))
      #expect(pass.told == [] && scene.condition == .refused)
      #expect(scene.record.reason?.code == "parent_domain_unresolved")
    }
    #expect(scene.pass(after: .minutes(5)).told == [.updateSubmitted])
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
      #expect(scene.pass(after: .minutes(1)).told == [.updateSubmitted])
      scene.answer(.failed(failure(.refused(.settingsRejected))))
      #expect(scene.pass(after: .minutes(1)).told == [])
    }
  }

  @Test("a refusal is tried at once on retry, a signal or a restart")
  func hurried() {
    var scene = refused()
    scene.record.rollout?.hurry(at: scene.now)
    #expect(scene.pass(after: .minutes(1)).told == [.updateSubmitted])
  }

  @Test("a refused domain that shows the certificate after all is no longer refused")
  func shownAfterAll() {
    var scene = refused()
    scene.cognito(.active, newOne.arn)
    scene.serve(newOne.arn)
    #expect(scene.pass(after: .minutes(1)).told == [.updateAccepted])
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
    #expect(scene.pass(after: .minutes(14)).told == [.updateSubmitted])
    scene.now = noon + .minutes(15)
    scene.answer(.failed(failure(.certificateRejected)))
    #expect(scene.condition == .refused && scene.record.rollout?.refusal == "certificate_rejected")
  }

  @Test("FAILED after the call was taken: asked again as often as resubmits allows, then hourly")
  func failedAgain() {
    var scene = Scene.propagating()
    var calls = 1
    scene.cognito(.failed, newOne.arn)
    for _ in 0..<3 {
      #expect(scene.pass(after: .minutes(1)).told == [.updateRetrying])
      #expect(scene.run(for: .minutes(1)) { $0.condition == .submitting })
      calls += 1
      scene.accept()
    }
    let refused = scene.pass(after: .minutes(1))
    #expect(refused.told == [.updateRefused])
    #expect(refused.event(.updateRefused)?.fields[.reason] == "update_not_kept")
    #expect(scene.condition == .refused && scene.record.rollout?.attempts == calls && calls == 4)
    let next = scene.now + .hours(1)
    #expect(scene.run(for: .hours(2)) { $0.condition == .submitting } && scene.now == next)
    scene.accept()
    #expect(scene.pass(after: .minutes(1)).told == [.updateRefused])
    #expect(scene.record.rollout?.attempts == 5)
  }

  @Test("a description that lags behind the call is not believed before a look is due")
  func lagging() {
    for status in [DomainStatus.active, .failed] {
      var scene = Scene([oldOne, newOne])
      scene.pass()
      scene.accept()
      scene.cognito(status, oldOne.arn)
      let record = scene.record
      for _ in 0..<3 { #expect(scene.pass(after: .seconds(9)).told == []) }
      #expect(scene.record == record && scene.condition == .propagating)
      #expect(scene.schedule.nextLookAt == noon + .seconds(30))
      #expect(scene.pass(after: .seconds(3)).told == [.updateRetrying])
    }
  }

  @Test("another certificate after the call was taken: asked again")
  func anotherShown() {
    var scene = Scene.propagating()
    scene.cognito(.active, oldOne.arn)
    #expect(scene.pass(after: .minutes(1)).told == [.updateRetrying])
    #expect(scene.condition == .retrying && scene.record.rollout?.resubmits == 1)
    #expect(scene.run(for: .minutes(1)) { $0.condition == .submitting })
    #expect(scene.record.rollout?.certificate == newOne.arn)
  }

  @Test("a certificate that Cognito did not keep and that is given up is nobody's drift")
  func givenUp() {
    var scene = Scene.propagating()
    scene.cognito(.active, oldOne.arn)
    scene.list(certificate("new", from: -1, to: 89) { $0.status = .revoked })
    #expect(
      scene.pass(after: .minutes(1)).told
        == [.updateRetrying, .rolloutSuperseded, .candidateIneligible])
    #expect(scene.condition == .inSync && scene.record.lastAttached == oldOne.arn)
    #expect(scene.pass(after: .minutes(5)).told == [] && scene.record.shunned == [])
  }

  @Test("no call is ever made again while Cognito shows the right certificate")
  func neverWhileShown() {
    var scene = Scene.propagating()
    scene.cognito(.active, newOne.arn)
    scene.serve(oldOne.arn)
    #expect(scene.run(for: .days(2)) { $0.phase != .propagating && $0.phase != .overdue } == false)
    #expect(scene.record.rollout?.attempts == 1 && scene.condition == .overdue)
  }

  @Test("FAILED on a domain at rest needs a person, is told once and calls for nothing")
  func failedAtRest() {
    var scene = Scene([oldOne])
    scene.cognito(.failed, oldOne.arn)
    let pass = scene.pass()
    #expect(pass.told == [.updateRefused] && pass.update == nil)
    #expect(scene.condition == .refused && scene.record.reason?.code == "domain_failed")
    #expect(scene.pass(after: .minutes(5)).told == [])
    scene.cognito(.active, oldOne.arn)
    #expect(scene.pass(after: .minutes(5)).told == [] && scene.condition == .inSync)
  }

  @Test("bad credentials are no refusal: told as such, and tried again")
  func credentials() {
    var scene = Scene([oldOne, newOne])
    scene.pass()
    let events = scene.answer(.failed(failure(.credentials)))
    #expect(events.map(\.kind) == [.credentialsFailed, .updateRetrying])
    #expect(events.first?.fields[.identity] == "default credentials")
    #expect(scene.condition == .retrying && scene.record.rollout?.refusal == nil)
  }

  @Test("a domain of another pool is refused without a call, told once, whatever is under way")
  func otherPool() {
    for scene in [Scene([oldOne, newOne]), Scene([oldOne]), Scene.propagating(), refused()] {
      var scene = scene
      let before = scene.record.rollout
      scene.look = .described(
        DomainDescription(
          userPoolID: "eu-west-1_Other", status: .active, certificateARN: oldOne.arn))
      let pass = scene.pass(after: .hours(2))
      #expect(pass.update == nil && pass.told == [.updateRefused])
      #expect(scene.condition == .refused && scene.record.reason?.code == "domain_not_in_pool")
      #expect(scene.record.rollout == before)
      #expect(scene.pass(after: .minutes(5)).told == [])
    }
  }
}
