import RolloutCore
import Testing

@Suite("Urgent choices")
struct ChooserUrgencyTests {
  let new = certificate("new", from: -1, to: 89)

  private func ending(in left: Duration) -> Certificate {
    certificate("old", from: -60) { $0.notAfter = noon + left }
  }

  @Test("less than 72 hours left makes haste; 72 hours do not")
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

  @Test("in haste soak is skipped")
  func soak() {
    let choosing = { (left: Duration) in
      Choosing([ending(in: left), new]) { $0.select { $0.soak = .days(5) } }
    }
    #expect(choosing(.hours(72)).summary == "wait new soaking")
    #expect(choosing(.hours(71)).summary == "urgent replacement new")
  }

  @Test("in haste min_remaining becomes ending later than the attached one, and is never stricter")
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
      $0.baseline = arn("gone")
    }
    #expect(choosing.summary == "urgent unusable new")
  }

  @Test("haste does not make an unsuitable certificate suitable")
  func unsuitable() {
    let untrusted = Choosing([ending(in: .hours(1)), new]) {
      $0.evidence[new.arn] = .seen(evidence(of: new, chain: .untrusted("no root")))
    }
    #expect(untrusted.summary == "keep")
  }

  @Test("when the best cannot be judged it is waited for, and in haste the next best is taken")
  func obstacle() {
    let middle = certificate("middle", from: -2, to: 89)
    func choosing(_ left: Duration, _ others: [Certificate]) -> Choosing {
      Choosing([ending(in: left)] + others) { $0.evidence[new.arn] = unseen(.throttled) }
    }
    #expect(choosing(.days(30), [middle, new]).summary == "undetermined throttled")
    #expect(choosing(.hours(71), [middle, new]).summary == "urgent replacement middle")
    #expect(choosing(.hours(71), [new]).summary == "undetermined throttled")
  }
}
