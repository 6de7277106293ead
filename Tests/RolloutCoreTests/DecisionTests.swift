import Narration
import RolloutCore
import Testing

@Suite("A decision that is shown")
struct DecisionTests {
  /// `action condition reason: sentence`.
  private func shown(_ scene: Scene) -> String {
    guard let decision = scene.decision else { return "asks for the same twice" }
    let reason = decision.reason.map { " \($0.reason)" } ?? ""
    return
      "\(decision.action.rawValue) \(decision.condition)\(reason): \(DecisionText.sentence(for: decision))"
  }

  @Test("nothing to do: the sentence says what was passed over and why")
  func none() {
    #expect(
      shown(Scene([oldOne]))
        == "none in_sync: stays on old: no newer certificate is eligible")
    let short = certificate("new", from: -1, to: 4)
    #expect(
      shown(Scene([oldOne, short]))
        == "none in_sync: stays on old: new is newer but not eligible: 4d are left until 2026-03-05T12:00:00Z, min_remaining is 7d"
    )
    let older = certificate("older", from: -90, to: 90)
    #expect(
      shown(Scene([oldOne, older]))
        == "none in_sync: stays on old: older is eligible but not newer: created 2025-12-01T12:00:00Z"
    )
  }

  @Test("a call that would be made: the cause, and the condition before the call")
  func update() throws {
    #expect(
      shown(Scene([oldOne, newOne]))
        == "update pending: moves to new: it was created 2026-02-28T12:00:00Z, old 2025-12-31T12:00:00Z"
    )
    let revoked = certificate("old", from: -60, to: 60) { $0.status = .revoked }
    let scene = Scene([revoked, newOne])
    #expect(
      shown(scene)
        == "update pending: moves to new, urgently: old can no longer be used: the attached certificate's Status is REVOKED"
    )
    #expect(scene.decision?.isUrgent == true && scene.decision?.chosen == newOne.arn)
  }

  @Test("an order, a mode, a soak and a wave let it wait")
  func wait() {
    var held = Scene([oldOne, newOne])
    held.record.hold = Hold(since: noon, until: nil)
    #expect(
      shown(held)
        == "wait held held: is to move to new and waits: until 'resume'; otherwise pending")
    #expect(
      shown(Scene([oldOne, newOne]) { $0.mode = .observe })
        == "wait pending observe_mode: is to move to new and waits: the mode is observe, so nothing is changed"
    )
    #expect(
      shown(Scene([oldOne, newOne]) { $0.selector.soak = .days(2) })
        == "wait pending soaking: moves to new later: soak is 2d and ends at 2026-03-02T12:00:00Z"
    )
    var waiting = Scene([oldOne, newOne])
    waiting.constraint = .waitsForWave(domain("canary.example.com"), wave: 0, .notLookedAt)
    #expect(
      shown(waiting)
        == "wait pending waits_for_wave: is to move to new and waits: canary.example.com (wave 0) has not been looked at since"
    )
  }

  @Test("a held domain with nothing to do has nothing to do")
  func heldAtRest() {
    var scene = Scene([oldOne])
    scene.record.hold = Hold(since: noon, until: noon + .hours(1))
    #expect(scene.decision?.action == Decision.Action.none)
  }

  @Test("what only a person, or another look, can move on is blocked")
  func blocked() {
    let revoked = certificate("old", from: -60, to: 60) { $0.status = .revoked }
    #expect(
      shown(Scene([revoked]))
        == "blocked no_candidate not_issued: has no certificate to move to: the attached certificate's Status is REVOKED"
    )
    var unseen = Scene([oldOne, newOne])
    unseen.look = .unseen(failure(.accessDenied))
    #expect(
      shown(unseen)
        == "blocked unknown access_denied: cannot be decided: Operation object: it failed")
    #expect(unseen.decision?.chosen == nil && unseen.decision?.ranking == nil)
    var unlisted = Scene([oldOne, newOne])
    unlisted.listed = .unseen(failure(.throttled))
    #expect(unlisted.decision?.action == .blocked)
    var drifted = Scene([oldOne, newOne]) { $0.onDrift = .report }
    drifted.record.lastAttached = newOne.arn
    #expect(drifted.decision?.action == .blocked && drifted.decision?.chosen == newOne.arn)
  }

  @Test("a certificate that ends soon, with no newer one, needs a person")
  func ending() {
    let short = certificate("old", from: -60, to: 1)
    #expect(
      shown(Scene([short]))
        == "blocked in_sync expires_too_soon: stays on old: the certificate ends in 1d, at 2026-03-02T12:00:00Z, and no newer one is eligible"
    )
    // 72 hours are the boundary.
    #expect(Scene([certificate("old", from: -60, to: 3)]).decision?.action == Decision.Action.none)
    #expect(Scene([short, newOne]).decision?.action == .update)
  }

  @Test("a rollout under way waits, and its next call is shown as a retry")
  func underWay() {
    var scene = Scene.propagating()
    #expect(scene.decision?.action == .wait && scene.decision?.chosen == newOne.arn)
    scene = Scene([oldOne, newOne])
    scene.pass()
    scene.answer(.failed(failure(.throttled)))
    #expect(scene.decision?.action == .wait)
    scene.now = noon + .hours(1)
    #expect(scene.decision?.action == .update && scene.decision?.condition == .retrying)
  }
}
