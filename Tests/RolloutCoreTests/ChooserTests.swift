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

  @Test("a replacement may end earlier than the attached certificate, if min_remaining holds")
  func endsEarlier() {
    func ending(after left: Duration) -> Certificate {
      certificate("new", from: -1) { $0.notAfter = noon + left }
    }
    #expect(Choosing([old, ending(after: .days(45))]).summary == "replacement new")
    #expect(Choosing([old, ending(after: .days(7))]).summary == "replacement new")
    #expect(Choosing([old, ending(after: .days(7) - .milliseconds(1))]).summary == "keep")
  }

  @Test("another import of the attached leaf is no replacement, and the next best is chosen")
  func sameLeaf() {
    let same = LeafEvidence(
      sha256: digest(old.arn), serial: "01", notAfter: noon + .days(60), chain: .trusted)
    let copy = Choosing([old, new]) { $0.evidence[new.arn] = .seen(same) }
    #expect(copy.summary == "keep")
    #expect(copy.asked == [.evidence(new.arn), .evidence(old.arn)])
    let middle = certificate("middle", from: -2, to: 80)
    let next = Choosing([old, middle, new]) { $0.evidence[new.arn] = .seen(same) }
    #expect(next.summary == "replacement middle")
    let unknown = Choosing([old, new]) {
      $0.evidence[new.arn] = .seen(same)
      $0.evidence[old.arn] = unseen()
    }
    #expect(unknown.summary == "replacement new")
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
        $0.present = attached
      }
      switch choosing.choice {
      case .replace(let replacement):
        attached = replacement.certificate.arn
        changes.append(attached.name)
      case .keep: break
      case .wait, .missing, .blocked, nil: Issue.record("\(choosing.summary) on day \(day)")
      }
    }
    #expect(changes == ["b"])
  }

  @Test(
    "a certificate that someone moved away from is not chosen, nor one that is not newer than it")
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

  @Test("while the best soaks, the next best is chosen if it is newer than the attached one")
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

  @Test("a better candidate that cannot be seen is passed over for the next best")
  func unseenBest() {
    let middle = certificate("middle", from: -2, to: 89)
    let choosing = Choosing([old, middle, new]) { $0.evidence[new.arn] = unseen(.accessDenied) }
    #expect(choosing.summary == "replacement middle")
    let alone = Choosing([old, new]) { $0.evidence[new.arn] = unseen(.accessDenied) }
    #expect(alone.summary == "blocked access_denied")
    let soaking = Choosing([old, certificate("soaking", from: -2, to: 89), new]) {
      $0.select { $0.soak = .days(1) }
      $0.evidence[new.arn] = unseen(.accessDenied)
    }
    #expect(soaking.summary == "replacement soaking")
  }

  @Test("behind 70 newer imports that are not trusted, the good certificate is found")
  func manyUntrusted() {
    let imports = (0..<70).map { index in
      certificate("import\(index)", from: -1, to: 89) {
        $0.type = .imported
        $0.createdAt = noon - .minutes(70 - Int64(index))
      }
    }
    let good = certificate("good", from: -2, to: 89)
    let choosing = Choosing([old, good] + imports) {
      for certificate in imports {
        $0.evidence[certificate.arn] = .seen(
          evidence(of: certificate, chain: .untrusted("no root")))
      }
    }
    let (choice, batches) = choosing.run()
    #expect(choosing.summary == "replacement good")
    #expect(choice != nil && batches.allSatisfy { $0.count <= 8 })
    let chains = batches.flatMap { $0 }
    #expect(chains.count == 72 && chains.suffix(2) == [.evidence(good.arn), .evidence(old.arn)])
    #expect(chains.first == .evidence(arn("import69")))
  }

  @Test("no more chains are judged than the choice depends on")
  func firstBatch() {
    let imports = (0..<20).map { certificate("c\($0)", from: -1 - $0, to: 89) }
    #expect(
      Choosing([old] + imports).batches
        == [imports.prefix(8).map { .evidence($0.arn) }, [.evidence(old.arn)]])
  }
}
