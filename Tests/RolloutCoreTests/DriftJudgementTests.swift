import Narration
import RolloutCore
import Testing

@Suite("Which of two certificates a drift leaves attached")
struct DriftJudgementTests {
  @Test("a certificate that ends soon is put back all the same: it is no candidate")
  func restoredShort() {
    let short = certificate("old", from: -60, to: 6)
    var scene = Scene.drifted(short)
    #expect(scene.pass().update?.certificate == short.arn)
    scene.answer(.failed(failure(.throttled)))
    #expect(scene.pass(after: .minutes(1)).update?.certificate == short.arn)
  }

  @Test("an unusable certificate that someone attached is replaced by the former one")
  func unusableShown() {
    let revoked = certificate("theirs", from: -1, to: 90) { $0.status = .revoked }
    for mine in [oldOne, certificate("old", from: -60, to: 6)] {
      var scene = Scene.drifted(mine, to: revoked)
      #expect(scene.pass().update?.certificate == mine.arn)
      #expect(scene.condition == .submitting)
    }
  }

  @Test("when urgent, a newer certificate that ends later than the former one is adopted")
  func adoptedWhenUrgent() {
    let ending = certificate("old", from: -60, to: 1)
    var scene = Scene.drifted(ending, to: certificate("theirs", from: -1, to: 5))
    #expect(scene.pass().logged.first == .driftDetected)
    #expect(scene.record.lastAttached == theirs.arn && scene.condition == .inSync)
  }

  @Test("a certificate that ends within 72 hours is not put back in place of one that lasts longer")
  func notPutBackWhenShort() {
    for left in [Int64(2), 3] {
      var scene = Scene.drifted(certificate("old", from: -60, to: left))
      #expect((scene.pass().update == nil) == (left == 2))
    }
    var longer = Scene.drifted(
      certificate("old", from: -60, to: 1), to: certificate("theirs", from: -90, to: 2))
    #expect(longer.pass().update == nil)
    var shorter = Scene.drifted(
      certificate("old", from: -60, to: 2), to: certificate("theirs", from: -90, to: 1))
    #expect(shorter.pass().update?.certificate == oldOne.arn)
  }

  @Test("when the former certificate is gone, revoked or not selected, the shown one is adopted")
  func mineUnusable() {
    var revoked = Scene.drifted(certificate("old", from: -60, to: 60) { $0.status = .revoked })
    #expect(revoked.pass().logged == [.driftDetected] && revoked.condition == .inSync)
    var gone = Scene.drifted()
    gone.listed = .seen([theirs])
    #expect(gone.pass().logged == [.driftDetected] && gone.condition == .inSync)
    var unselected = Scene.drifted(to: certificate("theirs", from: -90) { $0.type = .imported }) {
      $0.selector.types = [.imported]
    }
    #expect(unselected.pass().logged == [.driftDetected] && unselected.condition == .inSync)
  }

  @Test("when a changed selector selects neither certificate, a third one is attached")
  func neitherSelected() {
    let other = certificate("other", from: -99, to: 90) { $0.type = .imported }
    var scene = Scene.drifted(with: [other])
    scene.mapping.selector.types = [.imported]
    #expect(scene.pass().update?.certificate == other.arn)
    #expect(scene.record.rollout?.cause == .unusable)
  }

  @Test("a drift that depends on what cannot be seen is neither adopted nor undone")
  func unseenOnes() {
    var mineHidden = Scene.drifted()
    mineHidden.listed = .seen([theirs])
    mineHidden.details[oldOne.arn] = unseen(.throttled)
    #expect(
      mineHidden.pass().logged == [.decisionBlocked] && mineHidden.record.lastAttached == oldOne.arn
    )
    var theirsHidden = Scene.drifted()
    theirsHidden.listed = .seen([oldOne])
    theirsHidden.details[theirs.arn] = unseen(.accessDenied)
    #expect(
      theirsHidden.pass().logged == [.decisionBlocked]
        && theirsHidden.record.lastAttached == oldOne.arn)
    var unproven = Scene.drifted(to: newOne)
    unproven.evidence[newOne.arn] = unseen(.throttled)
    #expect(
      unproven.pass().logged == [.decisionBlocked] && unproven.record.lastAttached == oldOne.arn)
  }
}
