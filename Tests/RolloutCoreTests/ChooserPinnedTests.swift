import RolloutCore
import Testing

@Suite("Pinned certificates")
struct ChooserPinnedTests {
  let old = certificate("old", from: -60, to: 60)
  let new = certificate("new", from: -1, to: 89)
  let older = certificate("older", from: -90, to: 30)

  private func choosing(
    _ certificates: [Certificate], pinned: String, _ edit: (inout Choosing) -> Void = { _ in }
  ) -> Choosing {
    Choosing(certificates) {
      $0.select { $0.arn = arn(pinned) }
      edit(&$0)
    }
  }

  @Test("a pinned certificate is obeyed as written, older or not, as long as it is eligible")
  func obeyed() {
    #expect(choosing([old, new, older], pinned: "older").summary == "pinned older")
    #expect(choosing([old, new, older], pinned: "new").summary == "pinned new")
    #expect(choosing([old, new, older], pinned: "old").summary == "keep")
    #expect(
      choosing([old, older], pinned: "older") { $0.shunned = [older.arn] }.summary
        == "pinned older")
  }

  @Test("a pinned one that is not eligible is missing, with the reason, and nothing else is chosen")
  func ineligible() {
    let short = certificate("older", from: -90, to: 5)
    #expect(choosing([old, new, short], pinned: "older").summary == "missing expires_too_soon")
    let revoked = certificate("older", from: -90, to: 90) { $0.status = .revoked }
    #expect(choosing([old, new, revoked], pinned: "older").summary == "missing not_issued")
    let untrusted = choosing([old, older], pinned: "older") {
      $0.evidence[older.arn] = .seen(evidence(of: older, chain: .untrusted("no root")))
    }
    #expect(untrusted.summary == "missing chain_untrusted")
    #expect(choosing([old, new], pinned: "gone").summary == "missing deleted")
    #expect(
      choosing([old, older], pinned: "older") { $0.select { $0.domainName = "*.example.com" } }
        .summary == "missing not_selected")
  }

  @Test("an attached pinned certificate is kept, whatever the checks for candidates say")
  func attachedOne() {
    let short = certificate("old", from: -60, to: 2) { $0.issuedAt = noon }
    let kept = choosing([short, new], pinned: "old") {
      $0.select { $0.soak = .days(5) }
      $0.evidence[short.arn] = .seen(evidence(of: short, chain: .untrusted("no root")))
    }
    #expect(kept.summary == "keep")
  }

  @Test("a pinned one that is attached and unusable is missing")
  func attachedUnusable() {
    let revoked = certificate("old", from: -60, to: 60) { $0.status = .revoked }
    #expect(choosing([revoked, new], pinned: "old").summary == "missing not_issued")
    #expect(
      choosing([new], pinned: "gone") { $0.present = arn("gone") }.summary
        == "missing deleted")
  }

  @Test("an attached one that is unusable is left for the pinned one alone")
  func unusable() {
    let revoked = certificate("old", from: -60, to: 60) { $0.status = .revoked }
    #expect(choosing([revoked, new, older], pinned: "older").summary == "urgent pinned older")
    let missing = choosing([revoked, new], pinned: "older") {
      $0.details[arn("older")] = .seen(nil)
    }
    #expect(missing.summary == "missing deleted")
  }

  @Test("a pinned certificate soaks like any other, unless it is urgent")
  func soak() {
    let soaking = choosing([old, new], pinned: "new") { $0.select { $0.soak = .days(3) } }
    #expect(soaking.summary == "wait new soaking")
    let ending = certificate("old", from: -60, to: 2)
    let urgent = choosing([ending, new], pinned: "new") { $0.select { $0.soak = .days(3) } }
    #expect(urgent.summary == "urgent pinned new")
  }

  @Test("a pinned one that could not be seen is neither missing nor chosen")
  func unseenOne() {
    let hidden = choosing([old], pinned: "older") { $0.details[arn("older")] = unseen() }
    #expect(hidden.asked == [.details(arn("older"))])
    #expect(hidden.summary == "blocked unreachable")
    let attachedHidden = choosing([new], pinned: "old") {
      $0.present = arn("old")
      $0.details[arn("old")] = unseen()
    }
    #expect(attachedHidden.summary == "keep")
    let unproven = choosing([old, new], pinned: "new") { $0.evidence[new.arn] = unseen(.throttled) }
    #expect(unproven.summary == "blocked throttled")
  }

  @Test("a pinned one that the list leaves out is found by its description")
  func unlisted() {
    let hidden = choosing([old], pinned: "new") {
      $0.details[new.arn] = .seen(described(new))
    }
    #expect(hidden.summary == "pinned new")
  }
}
