import RolloutCore
import Testing

@Suite("Choosing a replacement")
struct ChooserTests {
  let old = certificate("old", from: -60, to: 60)
  let new = certificate("new", from: -1, to: 89)

  @Test("a newer eligible certificate replaces a usable one")
  func replacement() {
    #expect(Choosing([old, new]).summary == "replacement new")
    #expect(Choosing([new, old]).summary == "keep")
    #expect(Choosing([old]).summary == "keep")
  }

  @Test("of several newer ones the best wins, whatever the order of the list")
  func order() {
    let middle = certificate("middle", from: -2, to: 400)
    var dice = Dice(seed: 5)
    for _ in 0..<10 {
      let others = [middle, new, certificate("older", from: -90, to: 500)].shuffled(using: &dice)
      #expect(Choosing([old] + others).summary == "replacement new")
    }
    #expect(
      Choosing([old, new, middle]) { $0.shunned = [new.arn] }.summary == "replacement middle")
  }

  @Test("a replacement that ends a moment earlier is left alone; one that ends the same may win")
  func notEndingEarlier() {
    let same = certificate("new", from: -1, to: 60)
    #expect(Choosing([old, same]).summary == "replacement new")
    let earlier = certificate("new", from: -1, to: 60) {
      $0.notAfter = noon + .days(60) - .seconds(1)
    }
    #expect(Choosing([old, earlier]).summary == "keep")
  }

  @Test("a newer certificate that fails any check is not chosen")
  func ineligible() {
    let edits: [(inout Certificate) -> Void] = [
      { $0.status = .revoked }, { $0.managedBy = "CLOUDFRONT" }, { $0.type = .private },
      { $0.keyAlgorithm = KeyAlgorithm("EC_secp384r1") },
      {
        $0.names = ["other.example.com"]
        $0.primaryName = "other.example.com"
      },
      { $0.notBefore = noon + .seconds(1) },
    ]
    for edit in edits {
      var spoilt = new
      edit(&spoilt)
      #expect(Choosing([old, spoilt]).summary == "keep")
    }
    let elsewhere = certificate("new", from: -1, to: 89) {
      $0.arn = arn("new", region: "eu-west-1")
    }
    #expect(Choosing([old, elsewhere]).summary == "keep")
    #expect(Choosing([old, new]) { $0.select { $0.minRemaining = .days(90) } }.summary == "keep")
    let untrusted = Choosing([old, new]) {
      $0.evidence[new.arn] = .seen(evidence(of: new, chain: .untrusted("no root")))
    }
    #expect(untrusted.summary == "keep")
  }

  @Test("the next best is chosen when the best is not eligible")
  func nextBest() {
    let middle = certificate("middle", from: -2, to: 400)
    let choosing = Choosing([old, middle, new]) {
      $0.evidence[new.arn] = .seen(evidence(of: new, chain: .selfSigned))
    }
    #expect(choosing.summary == "replacement middle")
  }

  @Test("two long-lived ARNs that renew in turn never overtake each other, over ten years")
  func flapGuard() {
    // Each renews every 395 days, half a year apart, and keeps its ARN and CreatedAt.
    let born = ["a": noon - .days(800), "b": noon - .days(600)]
    func certificate(_ name: String, at now: Instant) -> Certificate {
      RolloutCoreTests.certificate(name) {
        let created = born[name] ?? noon
        let renewals = now.since(created).inMilliseconds / Duration.days(197 * 2).inMilliseconds
        $0.createdAt = created
        $0.issuedAt = created + .days(renewals * 394)
        $0.notBefore = $0.issuedAt
        $0.notAfter = created + .days(renewals * 394 + 425)
      }
    }
    var changes: [String] = []
    var attached = arn("a")
    for day in Int64(0)..<3650 {
      let now = noon + .days(day)
      let choosing = Choosing([certificate("a", at: now), certificate("b", at: now)]) {
        $0.now = now
        $0.baseline = attached
      }
      switch choosing.choice {
      case .replace(let winner, _, _):
        attached = winner.arn
        changes.append(winner.arn.name)
      case .keep: break
      case .wait, .missing, .undetermined, .ask: Issue.record("\(choosing.summary) on day \(day)")
      }
    }
    #expect(changes == ["b"])
  }

  @Test("what someone moved away from is not chosen, nor what is no newer than it")
  func shunnedAndFloor() {
    #expect(Choosing([old, new]) { $0.shunned = [new.arn] }.summary == "keep")
    let newer = certificate("newer", from: 0, to: 90)
    let left = Choosing([old, new, newer]) {
      $0.shunned = [new.arn]
      $0.floor = new
    }
    #expect(left.summary == "replacement newer")
    let between = certificate("between", from: -2, to: 90)
    let held = Choosing([old, new, between]) {
      $0.shunned = [new.arn]
      $0.floor = new
    }
    #expect(held.summary == "keep")
  }

  @Test("a candidate that only has to grow older is waited for, until a known time")
  func soak() {
    let choosing = Choosing([old, new]) { $0.select { $0.soak = .days(3) } }
    #expect(choosing.summary == "wait new soaking")
    guard case .wait(_, _, let until) = choosing.choice else { return }
    #expect(until == noon + .days(2))
    let done = Choosing([old, new]) {
      $0.select { $0.soak = .days(3) }
      $0.now = until
    }
    #expect(done.summary == "replacement new")
    let ahead = Choosing([old, new]) {
      $0.select { $0.soak = .days(3) }
      $0.now = until - .milliseconds(1)
    }
    #expect(ahead.summary == "wait new soaking")
  }

  @Test("while the best soaks, an older one that is eligible and replaces the attached one may go")
  func soakingBehind() {
    let middle = certificate("middle", from: -5, to: 400)
    let choosing = Choosing([old, middle, new]) { $0.select { $0.soak = .days(3) } }
    #expect(choosing.summary == "replacement middle")
  }

  @Test("a soaking certificate that fails another check is not waited for")
  func soakingIneligible() {
    let choosing = Choosing([old, new]) {
      $0.select { $0.soak = .days(3) }
      $0.evidence[new.arn] = .seen(evidence(of: new, chain: .untrusted("no root")))
    }
    #expect(choosing.summary == "keep")
  }

  @Test("certificates that would be chosen but for one check are told of")
  func nearMisses() {
    func misses(
      _ edit: (inout Certificate) -> Void, attached: Certificate? = nil,
      select: (inout CertificateSelector) -> Void = { _ in }
    ) -> [String] {
      var near = new
      edit(&near)
      var choosing = Choosing([attached ?? old, near])
      choosing.select(select)
      let facts = CertificateFacts(listed: choosing.listed)
      return choosing.chooser(facts).nearMisses().compactMap { $0.reason?.code }
    }
    #expect(misses { $0.status = .pendingValidation } == ["not_issued"])
    #expect(misses { $0.keyAlgorithm = KeyAlgorithm("EC_secp384r1") } == ["unsupported_key"])
    #expect(misses { $0.type = .private } == ["private_or_self_signed"])
    #expect(misses { $0.notAfter = noon + .days(1) } == ["expires_too_soon"])
    #expect(misses({ $0.type = .private }, select: { $0.types = [.amazonIssued] }) == [])
    #expect(misses({ $0.status = .failed }, select: { $0.arn = arn("pinned") }) == [])
    #expect(misses { _ in } == [])
    let undated: (inout Certificate) -> Void = {
      $0.isDescribed = true
      $0.notBefore = nil
    }
    #expect(misses(undated) == ["not_yet_valid"])
    #expect(misses { $0.managedBy = "CLOUDFRONT" } == [])
    #expect(
      misses {
        $0.names = ["x.example.com"]; $0.primaryName = nil; $0.status = .failed
      } == [])
    let older: (inout Certificate) -> Void = {
      $0.status = .failed
      $0.notBefore = noon - .days(90)
    }
    #expect(misses(older) == [])
    let revoked = certificate("old", from: -60, to: 60) { $0.status = .revoked }
    #expect(misses(older, attached: revoked) == ["not_issued"])
  }
}
