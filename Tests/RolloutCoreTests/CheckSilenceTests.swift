import RolloutCore
import Testing

/// A check whose member ACM's list did not hold.
struct Silence: Sendable, CustomTestStringConvertible {
  let check: Check
  let edit: @Sendable (inout Checked) -> Void
  var testDescription: String { check.reason.word }

  static let all: [Silence] = [
    Silence(check: .notIssued) { $0.certificate.status = nil },
    Silence(check: .privateOrSelfSigned) { $0.certificate.type = nil },
    Silence(check: .unsupportedKey) { $0.certificate.keyAlgorithm = nil },
    Silence(check: .nameNotCovered) {
      $0.certificate.names = ["other.example.com"]
      $0.certificate.primaryName = nil
      $0.certificate.namesAreComplete = false
    },
    Silence(check: .notYetValid) { $0.certificate.notBefore = nil },
    Silence(check: .expired) { $0.certificate.notAfter = nil },
    Silence(check: .expiresTooSoon) { $0.certificate.notAfter = nil },
    Silence(check: .soaking) {
      $0.selector.soak = .hours(1)
      $0.certificate.issuedAt = nil
      $0.certificate.createdAt = nil
    },
    Silence(check: .notSelected) { $0.certificate.type = nil },
    Silence(check: .notSelected) { $0.certificate.keyAlgorithm = nil },
    Silence(check: .notSelected) {
      $0.selector.domainName = "auth.example.com"
      $0.certificate.primaryName = nil
    },
  ]
}

@Suite("What ACM does not say")
struct CheckSilenceTests {
  @Test("data that the list does not hold are asked for", arguments: Silence.all)
  func asks(silence: Silence) {
    let checked = Checked(silence.edit)
    #expect(checked.result(of: silence.check) == .open(.details(arn("c"))))
    #expect(!checked.verdict.isEligible && checked.verdict.failure == nil)
    #expect(Set(checked.verdict.questions) == [.details(arn("c"))])
  }

  @Test("data that the description does not hold either fail the check", arguments: Silence.all)
  func failsClosed(silence: Silence) {
    var checked = Checked(silence.edit)
    checked.certificate.isDescribed = true
    #expect(checked.result(of: silence.check).isFailed)
    #expect(checked.verdict.questions.isEmpty)
  }

  @Test(
    "a description that failed leaves the check unseen, neither passed nor failed",
    arguments: Silence.all)
  func obstacle(silence: Silence) {
    var checked = Checked(silence.edit)
    checked.facts.details[arn("c")] = unseen(.throttled)
    #expect(checked.result(of: silence.check) == .unseen(failure(.throttled)))
    #expect(checked.verdict.unseen() == failure(.throttled))
    #expect(!checked.verdict.isEligible && checked.verdict.failure == nil)
    #expect(checked.verdict.questions.isEmpty)
  }

  @Test("dates and names that do not matter are not asked for")
  func notAsked() {
    let unsoaked = Checked {
      $0.certificate.issuedAt = nil
      $0.certificate.createdAt = nil
    }
    #expect(unsoaked.result(of: .soaking) == .passed)
    let covered = Checked { $0.certificate.namesAreComplete = false }
    #expect(covered.verdict.isEligible)
  }

  @Test("tags and the chain are asked for only where they matter")
  func tagsAndChain() {
    let unlooked = Checked {
      $0.facts = CertificateFacts(listed: .seen([]))
      $0.selector.tags = ["app": "login"]
    }
    #expect(unlooked.result(of: .notSelected) == .open(.tags))
    #expect(unlooked.result(of: .chainUntrusted) == .open(.evidence(arn("c"))))
    #expect(unlooked.verdict.questions == [.tags])
    let untagged = Checked { $0.facts = CertificateFacts(listed: .seen([])) }
    #expect(untagged.verdict.questions == [.evidence(arn("c"))])
    let hopeless = Checked {
      $0.facts = CertificateFacts(listed: .seen([]))
      $0.certificate.status = .revoked
    }
    #expect(hopeless.verdict.questions.isEmpty)
    let unseenBoth = Checked {
      $0.selector.tags = ["app": "login"]
      $0.facts.tags = unseen(.accessDenied)
      $0.facts.evidence[arn("c")] = unseen(.throttled)
    }
    #expect(unseenBoth.verdict.unseen() == failure(.accessDenied))
    #expect(unseenBoth.verdict.unseen(waiving: [.notSelected]) == failure(.throttled))
  }

  @Test("the first failed check in the contract's order is the reason that is shown")
  func order() {
    var checked = Checked {
      $0.selector = CertificateSelector(
        types: [.imported], minRemaining: .days(7), soak: .days(9))
      $0.certificate.arn = arn("c", region: "eu-west-1")
      $0.certificate.status = .revoked
      $0.certificate.managedBy = "CLOUDFRONT"
      $0.certificate.type = .private
      $0.certificate.keyAlgorithm = KeyAlgorithm("EC_secp384r1")
      $0.certificate.names = []
      $0.certificate.primaryName = nil
      $0.certificate.notBefore = noon + .days(1)
      $0.certificate.notAfter = noon - .days(1)
      $0.certificate.issuedAt = noon
      for region in ["us-east-1", "eu-west-1"] {
        $0.facts.evidence[arn("c", region: region)] = .seen(
          evidence(of: $0.certificate, chain: .untrusted("no root")))
      }
    }
    #expect(Check.chain.allSatisfy { checked.verdict.failed($0) })
    let cures: [(String, (inout Checked) -> Void)] = [
      ("not_issued", { $0.certificate.status = .issued }),
      ("managed_by_cloudfront", { $0.certificate.managedBy = nil }),
      ("wrong_region", { $0.certificate.arn = arn("c") }),
      ("private_or_self_signed", { $0.certificate.type = .amazonIssued }),
      ("unsupported_key", { $0.certificate.keyAlgorithm = KeyAlgorithm("RSA_2048") }),
      ("name_not_covered", { $0.certificate.names = ["*.example.com"] }),
      ("not_yet_valid", { $0.certificate.notBefore = noon }),
      ("expired", { $0.certificate.notAfter = noon + .days(1) }),
      ("expires_too_soon", { $0.certificate.notAfter = noon + .days(30) }),
      ("soaking", { $0.certificate.issuedAt = noon - .days(9) }),
      ("not_selected", { $0.selector.types.insert(.amazonIssued) }),
      (
        "chain_untrusted",
        { $0.facts.evidence[arn("c")] = .seen(evidence(of: $0.certificate)) }
      ),
    ]
    for (code, cure) in cures {
      #expect(checked.verdict.failure?.code == code)
      cure(&checked)
    }
    #expect(checked.verdict.isEligible && checked.verdict.failure == nil)
  }

  @Test("every check gives a result on any certificate, and an eligible one passed them all")
  func totality() {
    var generator = Generator(seed: 11)
    for _ in 0..<2000 {
      var checked = Checked()
      checked.certificate = generator.certificate("c")
      checked.selector = generator.selector(among: [checked.certificate.arn])
      if generator.chance(2) { checked.facts.evidence = [:] }
      if generator.chance(2) { checked.facts.tags = nil }
      if generator.chance(2) { checked.urgency = Urgency(attachedNotAfter: generator.instant()) }
      let verdict = checked.verdict
      let results = verdict.results.map(\.result)
      #expect(results.count == 12)
      #expect(verdict.isEligible == results.allSatisfy { $0 == .passed })
      #expect((verdict.failure != nil) == results.contains { $0.isFailed })
      if verdict.failure != nil { #expect(verdict.questions.isEmpty && verdict.unseen() == nil) }
    }
  }
}
