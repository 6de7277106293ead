import RolloutCore
import Testing

/// A planned call, with what it was made from, to be spoilt.
struct Reviewed {
  var record: DomainRecord
  var update: DomainUpdate
  var facts: DomainFacts

  init(_ scene: Scene) {
    guard let pass = scene.decide(), let update = pass.update else {
      preconditionFailure("no call to review")
    }
    record = pass.record
    self.update = update
    facts = pass.facts
  }

  var rules: [PlanReview.Rule] {
    PlanReview.violations(of: update, recordedIn: record, facts).map(\.rule)
  }

  /// Changes what is known of the certificate that the call attaches.
  mutating func spoil(_ edit: (inout Certificate) -> Void) {
    guard var listed = facts.certificates.listed?.value else { return }
    for index in listed.indices where listed[index].arn == update.certificate {
      edit(&listed[index])
    }
    facts.certificates.list(.seen(listed))
  }

  mutating func describe(_ edit: (inout DomainDescription) -> Void) {
    guard case .described(var description) = facts.description else { return }
    edit(&description)
    facts.description = .described(description)
  }

  /// Replaces the rollout by one that differs in what cannot be changed.
  mutating func begin(cause: Rollout.Cause) {
    guard let rollout = record.rollout else { return }
    record.rollout = Rollout(
      id: rollout.id, certificate: rollout.certificate, previous: rollout.previous, cause: cause,
      startedAt: rollout.startedAt, attempts: rollout.attempts, phase: rollout.phase)
  }
}

/// What a defect of the planner could do, and the rule that it breaks.
struct Defect: Sendable, CustomTestStringConvertible {
  let rule: PlanReview.Rule
  let scene: Scene
  let spoil: @Sendable (inout Reviewed) -> Void
  var testDescription: String { rule.rawValue }

  init(
    _ rule: PlanReview.Rule, _ scene: Scene = Scene([oldOne, newOne]),
    _ spoil: @escaping @Sendable (inout Reviewed) -> Void
  ) {
    self.rule = rule
    self.scene = scene
    self.spoil = spoil
  }

  static let all = intent + orders + description + suitability + selection + causes

  private static let intent = [
    Defect(.intentIsRecorded) { $0.record.rollout = nil },
    Defect(.intentIsRecorded) { $0.record.rollout?.phase = rollout(.retrying).phase },
    Defect(.intentIsRecorded) { $0.record.rollout?.attempts = 0 },
    Defect(.intentIsRecorded) { $0.update.certificate = oldOne.arn },
    Defect(.intentIsRecorded) { $0.update.settings.topLevel = [:] },
    Defect(.intentIsRecorded) {
      let rollout = $0.record.rollout
      $0.record = DomainRecord(unseen: mapping(domain("other.example.com")))
      $0.record.rollout = rollout
    },
  ]

  private static let orders = [
    Defect(.modeIsApply) { $0.facts.mapping.mode = .observe },
    Defect(.noHoldIsInForce) { $0.facts.record.hold = Hold(since: noon, until: nil) },
    Defect(.noHoldIsInForce) {
      $0.facts.record.hold = Hold(since: noon, until: noon + .milliseconds(1))
    },
    Defect(.callIsTheMappings) { $0.update.userPoolID = pool("eu-west-1_Other") },
    Defect(.callIsTheMappings) { $0.update.region = region("us-east-1") },
    Defect(.callIsTheMappings) { $0.update.identity.profile = "other" },
  ]

  private static let description = [
    Defect(.domainWasSeen) { $0.facts.description = .empty },
    Defect(.domainWasSeen) { $0.facts.description = .unseen(failure(.throttled)) },
    Defect(.domainWasSeen) { $0.facts.description = nil },
    Defect(.domainAcceptsUpdates) { $0.describe { $0.status = .updating } },
    Defect(.domainAcceptsUpdates) { $0.describe { $0.status = .creating } },
    Defect(.domainAcceptsUpdates) { $0.describe { $0.status = .deleting } },
    Defect(.domainAcceptsUpdates) { $0.describe { $0.status = .other("NEW") } },
    Defect(.certificateIsNotAttached) { $0.describe { $0.certificateARN = newOne.arn } },
    Defect(.settingsAreEchoed) {
      $0.describe { $0.settings.topLevel["ManagedLoginVersion"] = "1" }
    },
    Defect(.settingsAreEchoed) {
      $0.update.settings.customDomainConfig = [:]
      if case .submitting(var submission)? = $0.record.rollout?.phase {
        submission.settings = $0.update.settings
        $0.record.rollout?.phase = .submitting(submission)
      }
    },
    Defect(.domainIsThePools) { $0.describe { $0.userPoolID = "eu-west-1_Other" } },
  ]

  private static let suitability = [
    Defect(.certificateWasSeen) { $0.facts.certificates.list(.seen([oldOne])) },
    Defect(.certificateWasSeen) { $0.facts.certificates.details[newOne.arn] = .seen(nil) },
    Defect(.certificateIsEligible) { $0.spoil { $0.status = .revoked } },
    Defect(.certificateIsEligible) { $0.spoil { $0.status = nil } },
    Defect(.certificateIsEligible) { $0.spoil { $0.type = .private } },
    Defect(.certificateIsEligible) { $0.spoil { $0.type = nil } },
    Defect(.certificateIsEligible) { $0.spoil { $0.managedBy = "CLOUDFRONT" } },
    Defect(.certificateIsEligible) {
      $0.spoil {
        $0.names = ["*.auth.example.com"]
        $0.primaryName = nil
      }
    },
    Defect(.certificateIsEligible) { $0.spoil { $0.notBefore = noon + .milliseconds(1) } },
    Defect(.certificateIsEligible) { $0.spoil { $0.notBefore = nil } },
    Defect(.certificateIsEligible) { $0.spoil { $0.notAfter = noon } },
    Defect(.certificateIsEligible) { $0.spoil { $0.notAfter = nil } },
    Defect(.certificateIsEligible) {
      $0.spoil { $0.keyAlgorithm = KeyAlgorithm("EC_secp384r1") }
    },
    Defect(.certificateIsEligible) { $0.spoil { $0.keyAlgorithm = nil } },
    Defect(.certificateIsEligible) {
      var elsewhere = newOne
      elsewhere.arn = arn("new", region: "eu-west-1")
      $0.update.certificate = elsewhere.arn
      $0.facts.certificates.list(.seen([oldOne, elsewhere]))
    },
    Defect(.chainIsTrusted) {
      $0.facts.certificates.evidence[newOne.arn] = .seen(
        evidence(of: newOne, chain: .untrusted("no root")))
    },
    Defect(.chainIsTrusted) {
      $0.facts.certificates.evidence[newOne.arn] = .seen(
        evidence(of: newOne, chain: .selfSigned))
    },
    Defect(.chainIsTrusted) { $0.facts.certificates.evidence = [:] },
    Defect(.chainIsTrusted) {
      $0.facts.certificates.evidence[newOne.arn] = unseen(.throttled)
    },
  ]

  private static let selection = [
    Defect(.certificateIsEligible) { $0.facts.mapping.selector.arn = oldOne.arn },
    Defect(.certificateIsEligible) { $0.facts.mapping.selector.domainName = "*.example.com" },
    Defect(.certificateIsEligible) { $0.facts.mapping.selector.types = [.imported] },
    Defect(.certificateIsEligible) {
      $0.facts.mapping.selector.keyAlgorithms = [KeyAlgorithm("RSA_2048")]
    },
    Defect(.certificateIsEligible) { $0.facts.mapping.selector.tags = ["app": "login"] },
    Defect(.certificateIsEligible) {
      $0.facts.mapping.selector.tags = ["app": "login"]
      $0.facts.certificates.tags = .seen([newOne.arn: ["app": "other"]])
    },
    Defect(.certificateIsEligible) {
      $0.facts.mapping.selector.tags = ["app": "login"]
      $0.facts.certificates.tags = unseen(.throttled)
    },
  ]

  private static let causes = [
    Defect(.replacementIsNewer) { $0.spoil { $0.createdAt = noon - .days(60) } },
    Defect(.replacementIsNewer) { $0.spoil { $0.createdAt = nil } },
    Defect(.replacementIsNewer) { $0.spoil { $0.notBefore = noon - .days(61) } },
    Defect(.replacementIsNewer) { $0.describe { $0.certificateARN = arn("unknown") } },
    Defect(.pinIsObeyed, Scene([oldOne, theirs]) { $0.selector.arn = theirs.arn }) {
      $0.facts.mapping.selector.arn = nil
    },
    Defect(.restoreGoesBack, .drifted()) { $0.facts.record.lastAttached = newOne.arn },
    Defect(.restoreGoesBack, .drifted()) { $0.facts.record.lastAttached = nil },
    Defect(.attachedIsUnusable, Scene([revoked, theirs])) {
      $0.facts.certificates.list(.seen([oldOne, theirs]))
    },
    Defect(.attachedIsUnusable) { $0.begin(cause: .unusable) },
    Defect(.resubmissionIsAsked, failed) { $0.facts.record.retryRequested = false },
    Defect(.resubmissionIsAsked, failed) { $0.describe { $0.status = .active } },
    Defect(.resubmissionIsAsked) { $0.begin(cause: .resubmit) },
    Defect(.rollbackGoesBack, .harmed()) { $0.facts.mapping.rollback = .off },
    Defect(.rollbackGoesBack, .harmed()) { $0.facts.memory.harm = nil },
    Defect(.rollbackGoesBack, .harmed()) { $0.facts.round = round([leaf(newOne.arn)]) },
    Defect(.rollbackGoesBack, .harmed()) { $0.facts.record.rollout?.phase = .superseded(at: noon) },
    Defect(.rollbackGoesBack, .harmed()) { $0.describe { $0.certificateARN = theirs.arn } },
    Defect(.rollbackGoesBack, .harmed()) { $0.record.shunned = [] },
    Defect(.rollbackGoesBack) { $0.begin(cause: .rollback) },
    Defect(.rolledBackIsLeft) { $0.facts.record.rolledBack = newOne.arn },
    Defect(.causeIsKnown) { $0.begin(cause: .other("from_the_future")) },
  ]

  private static let revoked = certificate("old", from: -60, to: 60) { $0.status = .revoked }

  private static var failed: Scene {
    var scene = Scene([oldOne])
    scene.cognito(.failed, oldOne.arn)
    scene.retry()
    return scene
  }
}

@Suite("The review of a planned call")
struct PlanReviewTests {
  @Test(
    "a call that a defect spoilt breaks its rule, and the plan as made breaks none",
    arguments: Defect.all)
  func defects(defect: Defect) {
    var reviewed = Reviewed(defect.scene)
    #expect(reviewed.rules == [])
    defect.spoil(&reviewed)
    #expect(reviewed.rules.contains(defect.rule))
  }

  @Test("every rule is broken by one of the defects, but the one that the cycle itself checks")
  func complete() {
    let broken = Set(Defect.all.map(\.rule))
    #expect(broken == Set(PlanReview.Rule.allCases).subtracting([.surveyEnds]))
    let words = PlanReview.Rule.allCases.map(\.rawValue)
    #expect(Set(words).count == words.count)
  }

  @Test("a plan without a call breaks no rule")
  func noCall() {
    guard let pass = Scene([oldOne]).decide() else { preconditionFailure("no decision") }
    var facts = pass.facts
    facts.description = .empty
    facts.mapping.mode = .observe
    #expect(pass.update == nil && PlanReview.violations(in: pass.plan, of: facts) == [])
  }

  @Test("a violation names the domain and the value that broke the rule")
  func detail() {
    var reviewed = Reviewed(Scene([oldOne, newOne]))
    reviewed.spoil { $0.notAfter = noon }
    reviewed.describe { $0.status = .updating }
    let violations = PlanReview.violations(
      of: reviewed.update, recordedIn: reviewed.record, reviewed.facts)
    #expect(violations.map(\.rule) == [.domainAcceptsUpdates, .certificateIsEligible])
    #expect(violations.allSatisfy { $0.domain == auth })
    #expect(violations.map(\.detail) == ["UPDATING", "ended at \(noon.rfc3339)"])
  }

  @Test("a hold that has ended does not stop a call")
  func endedHold() {
    var reviewed = Reviewed(Scene([oldOne, newOne]))
    reviewed.facts.record.hold = Hold(since: noon - .hours(1), until: noon)
    #expect(reviewed.rules == [])
  }

  @Test("every way for a certificate to be unusable is accepted as such")
  func unusable() {
    let edits: [(inout Certificate) -> Void] = [
      { $0.status = .failed }, { $0.notAfter = noon },
      {
        $0.names = ["other.example.com"]
        $0.primaryName = nil
      },
    ]
    for edit in edits {
      let reviewed = Reviewed(Scene([certificate("old", from: -1, to: 60, edit), theirs]))
      #expect(reviewed.update.certificate == theirs.arn && reviewed.rules == [])
    }
    var deleted = Scene([theirs])
    deleted.cognito(.active, oldOne.arn)
    deleted.record.lastAttached = nil
    #expect(Reviewed(deleted).rules == [])
    var deselected = Scene([certificate("old", from: -1, to: 60) { $0.type = .imported }, theirs])
    deselected.mapping.selector.types = [.amazonIssued]
    #expect(Reviewed(deselected).rules == [])
  }

  @Test("a rollout that takes the place of another may be newer than that one alone")
  func superseding() {
    let revoked = certificate("old", from: -1, to: 60) { $0.status = .revoked }
    var scene = Scene([revoked, certificate("a", from: -90, to: 80)])
    scene.pass()
    scene.answer(.failed(failure(.throttled)))
    scene.list(certificate("b", from: -80, to: 80))
    let reviewed = Reviewed(scene)
    #expect(reviewed.update.certificate == arn("b") && reviewed.rules == [])
  }

  @Test("a call that is made again needs no cause, but an eligible certificate")
  func madeAgain() {
    var scene = Scene([oldOne, newOne])
    scene.pass()
    scene.answer(.failed(failure(.throttled)))
    scene.now = noon + .minutes(1)
    var reviewed = Reviewed(scene)
    reviewed.spoil { $0.createdAt = noon - .days(99) }
    #expect(reviewed.rules == [])
    reviewed.spoil { $0.status = .revoked }
    #expect(reviewed.rules == [.certificateIsEligible])
  }
}

@Suite("Eligibility as the checks and the review read it")
struct EligibilityAgreementTests {
  /// What the review knows of eligibility: urgency loosens the others, and the chain is a rule of
  /// its own.
  static let checks: [Check] = [
    .notIssued, .managedByCloudFront, .wrongRegion, .privateOrSelfSigned, .unsupportedKey,
    .nameNotCovered, .notYetValid, .expired, .notSelected,
  ]

  private func spoil(_ certificate: inout Certificate, _ random: inout Generator) {
    let names = [
      "*", "*.", "", ".", "*.com", "**.example.com", "*.*.com", "*.example.com", "AUTH.example.com",
      "auth.example.com.", "*.EXAMPLE.com", "a.auth.example.com", "*.auth.example.com",
    ]
    if random.chance(3) {
      certificate.names = names.filter { _ in random.chance(6) }
      certificate.primaryName = random.pick(nil, names.randomElement(using: &random.dice))
    }
    if random.chance(6) { certificate.notBefore = random.pick(noon, noon + .milliseconds(1)) }
    if random.chance(6) { certificate.notAfter = random.pick(noon, noon + .milliseconds(1)) }
  }

  private func facts(_ certificates: [Certificate], _ random: inout Generator) -> DomainFacts {
    let arns = certificates.map(\.arn)
    let selector = random.selector(among: arns + [arn("other")])
    var facts = Scene(certificates) { $0.selector = selector }.facts(answering: [.describe, .list])
    facts.certificates.tags = random.pick(
      nil, unseen(.throttled), .seen([:]),
      .seen(Dictionary(arns.map { ($0, ["app": "login"]) }, uniquingKeysWith: { $1 })))
    for certificate in certificates {
      facts.certificates.evidence[certificate.arn] = .seen(evidence(of: certificate))
    }
    return facts
  }

  private func breaks(_ rule: PlanReview.Rule, _ facts: DomainFacts, _ rollout: Rollout) -> Bool {
    let update = DomainUpdate(
      domain: auth, userPoolID: facts.mapping.userPoolID, region: facts.mapping.region,
      identity: facts.mapping.identity, certificate: rollout.certificate,
      settings: EchoedSettings())
    var record = facts.record
    record.rollout = rollout
    return PlanReview.violations(of: update, recordedIn: record, facts)
      .contains { $0.rule == rule }
  }

  private func rollout(to arn: CertificateARN, _ cause: Rollout.Cause) -> Rollout {
    Rollout(
      id: "", certificate: arn, previous: nil, cause: cause, startedAt: noon, attempts: 1,
      phase: RolloutCoreTests.rollout(.submitting).phase)
  }

  @Test("both find the same certificates eligible", arguments: UInt64(0)..<4)
  func candidates(part: UInt64) {
    var eligible = 0
    for seed in part * 1000..<(part + 1) * 1000 {
      var random = Generator(seed: seed)
      var candidate = random.certificate("c")
      spoil(&candidate, &random)
      let facts = facts([candidate], &random)
      let checks = CandidateChecks(
        domain: auth, selector: facts.mapping.selector, facts: facts.certificates, now: noon,
        urgency: nil)
      let passes = EligibilityAgreementTests.checks.allSatisfy {
        checks.result(of: $0, on: candidate) == .passed
      }
      let isRefused = breaks(
        .certificateIsEligible, facts, rollout(to: candidate.arn, .replacement))
      #expect(passes == !isRefused, "seed \(seed): \(candidate)")
      if passes { eligible += 1 }
    }
    #expect(eligible > 50)
  }

  @Test("both find the same attached certificates unusable", arguments: UInt64(0)..<4)
  func attached(part: UInt64) {
    var unusable = 0
    for seed in part * 1000..<(part + 1) * 1000 {
      var random = Generator(seed: seed)
      var attached = random.certificate("c")
      spoil(&attached, &random)
      let facts = facts([attached], &random)
      let chooser = Chooser(
        mapping: facts.mapping, facts: facts.certificates, now: noon, present: attached.arn)
      let isUnusable = chooser.unusability(of: .certificate(attached)) != nil
      let isRefused = breaks(.attachedIsUnusable, facts, rollout(to: arn("other"), .unusable))
      #expect(isUnusable == !isRefused, "seed \(seed): \(attached)")
      if isUnusable { unusable += 1 }
      var reselected = facts
      reselected.record.selectorFingerprint = "another"
      var other = chooser
      other.selectorChanged = true
      if other.unusability(of: .certificate(attached)) != nil {
        #expect(
          !breaks(.attachedIsUnusable, reselected, rollout(to: arn("other"), .unusable)),
          "seed \(seed): \(attached)")
      }
    }
    #expect(unusable > 50)
  }
}
