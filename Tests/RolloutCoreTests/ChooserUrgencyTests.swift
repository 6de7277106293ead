import RolloutCore
import Testing

@Suite("Urgent choices")
struct ChooserUrgencyTests {
  let new = certificate("new", from: -1, to: 89)

  private func ending(in left: Duration) -> Certificate {
    certificate("old", from: -60) { $0.notAfter = noon + left }
  }

  @Test("less than 72 hours left is urgent; 72 hours are not")
  func threshold() {
    #expect(Choosing([ending(in: .hours(72)), new]).summary == "replacement new")
    #expect(
      Choosing([ending(in: .hours(72) - .milliseconds(1)), new]).summary
        == "urgent replacement new")
  }

  @Test("what the edges were seen to serve counts as well as what is attached")
  func served() {
    let choosing = { (left: Duration) in
      Choosing([ending(in: .days(60)), new]) { $0.servedNotAfter = noon + left }
    }
    #expect(choosing(.hours(72)).summary == "replacement new")
    #expect(choosing(.hours(71)).summary == "urgent replacement new")
    #expect(choosing(.hours(-1)).summary == "urgent replacement new")
  }

  @Test("an urgent domain skips soak")
  func soak() {
    let choosing = { (left: Duration) in
      Choosing([ending(in: left), new]) { $0.select { $0.soak = .days(5) } }
    }
    #expect(choosing(.hours(72)).summary == "wait new soaking")
    #expect(choosing(.hours(71)).summary == "urgent replacement new")
  }

  @Test(
    "for an urgent domain min_remaining becomes ending later than the attached one, never stricter")
  func minRemaining() {
    let short = { (to: Duration) in certificate("new", from: -1) { $0.notAfter = noon + to } }
    #expect(
      Choosing([ending(in: .hours(71)), short(.hours(72))]).summary
        == "urgent replacement new")
    #expect(Choosing([ending(in: .hours(71)), short(.hours(71))]).summary == "keep")
    #expect(Choosing([ending(in: .hours(72)), short(.hours(73))]).summary == "keep")
    let revoked = certificate("old", from: -60, to: 200) { $0.status = .revoked }
    #expect(Choosing([revoked, short(.days(7))]).summary == "urgent unusable new")
  }

  @Test("a deleted certificate is left for one with any time left")
  func deleted() {
    let choosing = Choosing([certificate("new", from: -99) { $0.notAfter = noon + .hours(1) }]) {
      $0.present = arn("gone")
    }
    #expect(choosing.summary == "urgent unusable new")
  }

  @Test("urgency does not make an untrusted certificate eligible")
  func unsuitable() {
    let untrusted = Choosing([ending(in: .hours(1)), new]) {
      $0.evidence[new.arn] = .seen(evidence(of: new, chain: .untrusted("no root")))
    }
    #expect(untrusted.summary == "keep")
  }

  @Test("a certificate that a changed selector or pin leaves is not urgent by that alone")
  func deselected() {
    let imported = certificate("old", from: -60, to: 200) { $0.type = .imported }
    let reselected = Choosing([imported, new]) { $0.mapping.selector.types = [.amazonIssued] }
    #expect(reselected.summary == "unusable new")
    let pinned = Choosing([certificate("old", from: -60, to: 200), new]) {
      $0.mapping.selector.arn = new.arn
    }
    #expect(pinned.summary == "pinned new")
    let short = Choosing([ending(in: .hours(71)), new]) { $0.mapping.selector.arn = new.arn }
    #expect(short.summary == "urgent pinned new")
  }
}
