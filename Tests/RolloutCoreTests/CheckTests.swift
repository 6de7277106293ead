import RolloutCore
import Testing

/// One check on one certificate, with all else as it should be.
struct Checked {
  var certificate = RolloutCoreTests.certificate("c")
  var selector = CertificateSelector()
  var facts = CertificateFacts(listed: .seen([]))
  var urgency: Urgency?

  init(_ edit: (inout Checked) -> Void = { _ in }) {
    facts.tags = .seen([:])
    facts.evidence[certificate.arn] = .seen(evidence(of: certificate))
    edit(&self)
  }

  func result(of check: Check) -> CheckResult {
    checks.result(of: check, on: certificate)
  }

  var checks: CandidateChecks {
    CandidateChecks(domain: auth, selector: selector, facts: facts, now: noon, urgency: urgency)
  }

  var verdict: CandidateVerdict { checks.verdict(on: certificate) }
}

extension CandidateVerdict {
  var isEligible: Bool { outcome() == .eligible }

  /// What must still be asked; empty when the outcome is known.
  var questions: [Question] {
    if case .open(let questions) = outcome() { return questions }
    return []
  }

  /// What could not be seen; nil when the outcome is known or depends on questions.
  func unseen(waiving waived: Set<Check> = []) -> Failure? {
    if case .unseen(let failure) = outcome(waiving: waived) { return failure }
    return nil
  }
}

extension CheckResult {
  var isFailed: Bool {
    if case .failed = self { return true }
    return false
  }
}

@Suite("Checks")
struct CheckTests {
  private func expect(
    _ check: Check, passes: [(inout Checked) -> Void], fails: [(inout Checked) -> Void],
    sourceLocation: SourceLocation = #_sourceLocation
  ) {
    #expect(Checked().result(of: check) == .passed, sourceLocation: sourceLocation)
    for (index, edit) in passes.enumerated() {
      let result = Checked(edit).result(of: check)
      #expect(result == .passed, "accepted \(index)", sourceLocation: sourceLocation)
    }
    for (index, edit) in fails.enumerated() {
      let result = Checked(edit).result(of: check)
      #expect(result.isFailed, "refused \(index)", sourceLocation: sourceLocation)
      #expect(!Checked(edit).verdict.isEligible, sourceLocation: sourceLocation)
      #expect(Checked(edit).verdict.failed(check), sourceLocation: sourceLocation)
    }
  }

  @Test("a certificate with nothing against it is eligible, and asks nothing")
  func eligible() {
    let verdict = Checked().verdict
    #expect(verdict.isEligible && verdict.failure == nil)
    #expect(verdict.questions.isEmpty && verdict.unseen() == nil)
    #expect(verdict.results.map(\.check) == Check.chain)
  }

  @Test("only an issued certificate can be attached")
  func notIssued() {
    func edit(_ status: CertificateStatus) -> (inout Checked) -> Void {
      { $0.certificate.status = status }
    }
    let others: [CertificateStatus] = [
      .pendingValidation, .inactive, .expired, .validationTimedOut, .revoked, .failed,
      .other("RENEWING"), .other(""),
    ]
    expect(
      .notIssued, passes: [], fails: others.map(edit))
  }

  @Test("a certificate that another AWS service manages is refused")
  func managed() {
    expect(
      .managedByCloudFront, passes: [{ $0.certificate.managedBy = nil }],
      fails: [
        { $0.certificate.managedBy = "CLOUDFRONT" }, { $0.certificate.managedBy = "OTHER" },
      ])
  }

  @Test("a certificate must be in us-east-1")
  func wrongRegion() {
    func edit(_ region: String) -> (inout Checked) -> Void {
      { $0.certificate.arn = arn("c", region: region) }
    }
    expect(
      .wrongRegion, passes: [],
      fails: ["eu-west-1", "us-east-2", "us-east-11"].map(edit))
  }

  @Test("private and self-signed certificates are refused")
  func privateOrSelfSigned() {
    expect(
      .privateOrSelfSigned,
      passes: [
        { $0.certificate.type = .imported },
        { $0.facts.evidence = [:] },
        { $0.facts.evidence[arn("c")] = unseen() },
        {
          $0.facts.evidence[arn("c")] = .seen(evidence(of: $0.certificate, chain: .untrusted("")))
        },
      ],
      fails: [
        { $0.certificate.type = .private },
        { $0.facts.evidence[arn("c")] = .seen(evidence(of: $0.certificate, chain: .selfSigned)) },
      ])
  }

  @Test("a key that CloudFront does not serve is refused")
  func unsupportedKey() {
    func edit(_ key: String) -> (inout Checked) -> Void {
      { $0.certificate.keyAlgorithm = KeyAlgorithm(key) }
    }
    expect(
      .unsupportedKey,
      passes: ["RSA_1024", "RSA_2048", "RSA_3072", "RSA_4096", "RSA-2048", "EC_prime256v1"]
        .map(edit),
      fails: ["EC_secp384r1", "EC_secp521r1", "RSA_8192", "ML_DSA", ""].map(edit))
  }

  @Test("one of the names must cover the domain; a wildcard stands for one label")
  func nameNotCovered() {
    func edit(_ names: [String]) -> (inout Checked) -> Void {
      {
        $0.certificate.names = names
        $0.certificate.primaryName = names.first
      }
    }
    let many = (0..<200).map { "n\($0).example.com" }
    expect(
      .nameNotCovered,
      passes: [
        edit(["*.example.com"]), edit(many + ["AUTH.example.com"]),
        { $0.certificate.namesAreComplete = false },
      ],
      fails: [edit([]), edit(["example.com"]), edit(["*.auth.example.com", "*.com"]), edit(many)])
  }

  @Test("a certificate is valid from its NotBefore on, to the millisecond")
  func notYetValid() {
    expect(
      .notYetValid, passes: [{ $0.certificate.notBefore = noon }],
      fails: [{ $0.certificate.notBefore = noon + .milliseconds(1) }])
  }

  @Test("a certificate is expired from its NotAfter on, to the millisecond")
  func expired() {
    expect(
      .expired, passes: [{ $0.certificate.notAfter = noon + .milliseconds(1) }],
      fails: [
        { $0.certificate.notAfter = noon }, { $0.certificate.notAfter = noon - .days(400) },
      ])
  }

  @Test("a candidate must have min_remaining left, to the millisecond")
  func expiresTooSoon() {
    expect(
      .expiresTooSoon,
      passes: [
        { $0.certificate.notAfter = noon + .days(7) },
        {
          $0.selector.minRemaining = .days(90)
          $0.certificate.notAfter = noon + .days(90)
        },
        {
          $0.selector.minRemaining = .zero
          $0.certificate.notAfter = noon
        },
      ],
      fails: [
        { $0.certificate.notAfter = noon + .days(7) - .milliseconds(1) },
        { $0.selector.minRemaining = .days(301) },
        { $0.certificate.notAfter = noon - .days(1) },
      ])
  }

  @Test("for an urgent domain a candidate need only end later than the attached one")
  func expiresTooSoonWhenUrgent() {
    func edit(_ ownEnd: Duration, _ attachedEnd: Duration?) -> (inout Checked) -> Void {
      {
        $0.certificate.notAfter = noon + ownEnd
        $0.urgency = Urgency(attachedNotAfter: attachedEnd.map { noon + $0 })
      }
    }
    expect(
      .expiresTooSoon,
      passes: [
        edit(.hours(71), .hours(70)), edit(.hours(1), .hours(-1)), edit(.hours(1), nil),
        edit(.days(7), .days(7)), edit(.days(7), .days(300)),
      ],
      fails: [edit(.hours(70), .hours(70)), edit(.hours(69), .hours(70))])
  }

  @Test("a candidate must be as old as soak, to the millisecond, unless the domain is urgent")
  func soaking() {
    func edit(_ soak: Duration, _ age: Duration, isUrgent: Bool = false) -> (inout Checked) -> Void
    {
      {
        $0.selector.soak = soak
        $0.certificate.issuedAt = noon - age
        if isUrgent { $0.urgency = Urgency(attachedNotAfter: nil) }
      }
    }
    expect(
      .soaking,
      passes: [
        edit(.zero, .zero), edit(.zero, .hours(-1)), edit(.hours(1), .hours(1)),
        edit(.hours(1), .zero, isUrgent: true),
      ],
      fails: [edit(.hours(1), .hours(1) - .milliseconds(1)), edit(.hours(1), .hours(-1))])
  }

  @Test("every given part of the selector must hold")
  func notSelected() {
    expect(
      .notSelected,
      passes: [
        { $0.selector.arn = arn("c") },
        { $0.selector.domainName = "AUTH.example.com" },
        { $0.selector.types = [.amazonIssued] },
        { $0.selector.keyAlgorithms = [KeyAlgorithm("EC_prime256v1")] },
        {
          $0.selector.tags = ["app": "login"]
          $0.facts.tags = .seen([arn("c"): ["app": "login", "more": ""]])
        },
      ],
      fails: [
        { $0.selector.arn = arn("d") },
        { $0.selector.arn = arn("c", account: "210987654321") },
        { $0.selector.domainName = "*.example.com" },
        { $0.selector.types = [.imported] },
        { $0.selector.types = [] },
        { $0.selector.keyAlgorithms = [KeyAlgorithm("RSA_2048")] },
        { $0.certificate.type = .other("NEW_TYPE") },
        { $0.selector.tags = ["app": "login"] },
        {
          $0.selector.tags = ["app": "login"]
          $0.facts.tags = .seen([arn("c"): ["app": "Login"]])
        },
        {
          $0.selector.tags = ["app": "login", "stage": "prod"]
          $0.facts.tags = .seen([arn("c"): ["app": "login"]])
        },
        {
          $0.selector.tags = ["app": "login"]
          $0.facts.tags = .seen([arn("other"): ["app": "login"]])
        },
      ])
  }

  @Test("the chain must lead to a trusted root")
  func chainUntrusted() {
    func edit(_ chain: ChainVerdict) -> (inout Checked) -> Void {
      { $0.facts.evidence[arn("c")] = .seen(evidence(of: $0.certificate, chain: chain)) }
    }
    expect(
      .chainUntrusted, passes: [edit(.trusted)],
      fails: [edit(.selfSigned), edit(.untrusted("unable to get local issuer certificate"))])
  }
}
