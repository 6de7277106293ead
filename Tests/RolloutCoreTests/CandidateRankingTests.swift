import RolloutCore
import Testing

@Suite("Every certificate of an account, with its verdict")
struct CandidateRankingTests {
  /// The verdicts as `name: word`, the best first.
  private func verdicts(_ scene: Scene) -> [String] {
    (scene.decision?.ranking?.candidates ?? []).map { candidate in
      switch candidate.verdict {
      case .chosen: "\(candidate.certificate.arn.name): chosen"
      case .attached: "\(candidate.certificate.arn.name): attached"
      case .passedOver(let explanation):
        "\(candidate.certificate.arn.name): \(explanation.reason)"
      }
    }
  }

  @Test("the eligible come first, in the order of preference, and every other one with its reason")
  func order() {
    let revoked = certificate("revoked", from: 0) { $0.status = .revoked }
    let foreign = certificate("foreign") {
      $0.names = ["other.example.com"]
      $0.primaryName = "other.example.com"
    }
    let scene = Scene([oldOne, newerOne, newOne, revoked, foreign])
    #expect(
      verdicts(scene) == [
        "newer: chosen", "new: not_preferred", "old: attached", "revoked: not_issued",
        "foreign: name_not_covered",
      ])
  }

  @Test("the attached certificate that stays is attached and chosen")
  func kept() throws {
    let candidate = try #require(Scene([oldOne]).decision?.ranking?.candidates.first)
    #expect(candidate.isAttached && candidate.isChosen && candidate.isEligible)
    #expect(candidate.verdict == .attached)
    #expect(candidate.results.map(\.check) == Check.chain)
  }

  @Test("an eligible one that is older, begins earlier, or has the same leaf says so")
  func notNewer() {
    let older = certificate("older", from: -90, to: 90)
    let earlier = certificate("earlier", from: -70) { $0.createdAt = noon }
    #expect(
      verdicts(Scene([oldOne, older, earlier]))
        == ["earlier: not_newer", "old: attached", "older: not_newer"])
    var copy = Scene([oldOne, newOne])
    copy.evidence[newOne.arn] = .seen(evidence(of: oldOne))
    #expect(verdicts(copy) == ["new: same_leaf", "old: attached"])
  }

  @Test("with an unusable attached certificate the age of the others is no reason against them")
  func unusable() {
    let revoked = certificate("old", from: -60, to: 60) { $0.status = .revoked }
    let older = certificate("older", from: -90, to: 90)
    let oldest = certificate("oldest", from: -99, to: 99)
    #expect(
      verdicts(Scene([revoked, older, oldest]))
        == ["older: chosen", "oldest: not_preferred", "old: attached"])
  }

  @Test("one that someone moved away from is set aside, and one that was rolled back is not chosen")
  func setAside() {
    var scene = Scene([oldOne, newOne, newerOne])
    scene.record.shunned = [newOne.arn, newerOne.arn]
    scene.record.rolledBack = newerOne.arn
    #expect(
      verdicts(scene) == ["newer: rolled_back", "new: set_aside", "old: attached"])
  }

  @Test("what could not be seen is unknown and comes behind the eligible")
  func unseen() throws {
    var scene = Scene([oldOne, newOne])
    scene.evidence[newOne.arn] = .unseen(failure(.accessDenied))
    #expect(verdicts(scene) == ["old: attached", "new: access_denied"])
    let candidate = try #require(scene.decision?.ranking?.candidates.last)
    #expect(!candidate.isEligible)
  }

  @Test("only what can change a verdict is asked for, the best certificate first")
  func questions() throws {
    let failed = certificate("failed") { $0.status = .failed }
    var chooser = Choosing([oldOne, newOne, failed]).chooser(
      CertificateFacts(listed: .seen([oldOne, newOne, failed])))
    #expect(
      CandidateRanking.openQuestions(chooser, limit: 9)
        == [.evidence(newOne.arn), .evidence(oldOne.arn)])
    #expect(CandidateRanking.openQuestions(chooser, limit: 1) == [.evidence(newOne.arn)])
    chooser.facts.evidence[newOne.arn] = .seen(evidence(of: newOne))
    chooser.facts.evidence[oldOne.arn] = .unseen(failure(.throttled))
    #expect(CandidateRanking.openQuestions(chooser, limit: 9) == [])
  }
}

extension Scene {
  /// What a command would show now, with every certificate judged.
  var decision: Decision? {
    decide().map { pass in
      var decision = Decision(
        facts: pass.facts, assessment: pass.assessment, plan: pass.plan,
        violations: PlanReview.violations(in: pass.plan, of: pass.facts))
      guard var chooser = decision.described?.chooser else { return decision }
      chooser.facts = decision.facts.certificates
      decision.facts = facts(
        answering: pass.everythingAsked + CandidateRanking.openQuestions(chooser, limit: 99))
      return decision
    }
  }
}
