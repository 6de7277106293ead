import RolloutCore
import Testing

/// A plan to be spoilt: one decision, and what it was made from.
struct Reviewed {
  var decision: DomainDecision
  var input: DomainInput
  var more: [DomainDecision] = []
  var now = noon

  init(_ scene: Scene) {
    guard let pass = scene.decide() else { preconditionFailure("no decision") }
    decision = pass.decision
    input = pass.input
  }

  var rules: [String] {
    PlanReview.violations(
      in: PassPlan(decisions: [decision] + more), inputs: [input], now: now
    ).map(\.rule)
  }

  /// Changes what is known of the certificate that the plan attaches.
  mutating func spoil(_ edit: (inout Certificate) -> Void) {
    guard var listed = input.facts.listed.value else { return }
    for index in listed.indices where listed[index].arn == decision.update?.certificate {
      edit(&listed[index])
    }
    input.facts.listed = .seen(listed)
  }

  mutating func describe(_ edit: (inout DomainDescription) -> Void) {
    guard case .described(var description) = input.look else { return }
    edit(&description)
    input.look = .described(description)
  }
}

@Suite("The second reading of a plan")
struct PlanReviewTests {
  private func expect(
    _ rule: String, _ scene: Scene = Scene([oldOne, newOne]),
    sourceLocation: SourceLocation = #_sourceLocation, _ spoil: (inout Reviewed) -> Void
  ) {
    var reviewed = Reviewed(scene)
    #expect(reviewed.rules == [], sourceLocation: sourceLocation)
    #expect(reviewed.decision.update != nil, sourceLocation: sourceLocation)
    spoil(&reviewed)
    #expect(reviewed.rules.contains(rule), sourceLocation: sourceLocation)
  }

  @Test("a plan without a call is safe, whatever it was made from")
  func noCall() {
    var reviewed = Reviewed(Scene([oldOne, newOne]))
    reviewed.decision.update = nil
    reviewed.input.look = .empty
    reviewed.spoil { $0.status = .revoked }
    #expect(reviewed.rules == [])
  }

  @Test("one call a domain, and only for a domain that was looked at")
  func oneCall() {
    expect("one call a domain and pass") { $0.more = [$0.decision] }
    expect("the domain was looked at") { $0.input.mapping = mapping(domain("other.example.com")) }
  }

  @Test("the intent must be in the record that is written first")
  func intent() {
    let rule = "the intent is in the record"
    expect(rule) { $0.decision.record.rollout = nil }
    expect(rule) { $0.decision.record.rollout?.phase = .retrying }
    expect(rule) { $0.decision.record.rollout?.attempts = 0 }
    expect(rule) { $0.decision.record.rollout?.settings = nil }
    expect(rule) { $0.decision.update?.certificate = oldOne.arn }
    expect(rule) {
      let other = DomainRecord(fresh: mapping(domain("other.example.com")))
      let rollout = $0.decision.record.rollout
      $0.decision.record = other
      $0.decision.record.rollout = rollout
    }
  }

  @Test("neither mode observe nor a hold lets a call pass")
  func modeAndHold() {
    expect("mode is apply") { $0.input.mapping.mode = .observe }
    expect("no hold is in force") { $0.input.record.hold = Hold(since: noon, until: nil) }
    expect("no hold is in force") {
      $0.input.record.hold = Hold(since: noon, until: noon + .milliseconds(1))
    }
    var over = Reviewed(Scene([oldOne, newOne]))
    over.input.record.hold = Hold(since: noon - .hours(1), until: noon)
    #expect(over.rules == [])
  }

  @Test("the call is for the mapping's pool, in its region, as its identity")
  func mappings() {
    let rule = "the call is the mapping's"
    expect(rule) { $0.decision.update?.userPoolID = pool("eu-west-1_Other") }
    expect(rule) { $0.decision.update?.region = region("us-east-1") }
    expect(rule) { $0.decision.update?.identity.profile = "other" }
    expect("the domain is the pool's") { $0.describe { $0.userPoolID = "eu-west-1_Other" } }
  }

  @Test("the domain was seen, takes updates and does not show the certificate already")
  func description() {
    let blind: [DomainLook] = [.empty, .unseen(failure(.throttled))]
    for look in blind { expect("the domain was seen") { $0.input.look = look } }
    for status in [DomainStatus.updating, .creating, .deleting, .other("NEW")] {
      expect("the domain takes updates") { $0.describe { $0.status = status } }
    }
    expect("Cognito does not show the certificate already") {
      $0.describe { $0.certificateARN = newOne.arn }
    }
    expect("settings are sent as seen") {
      $0.describe { $0.settings.topLevel["ManagedLoginVersion"] = "1" }
    }
    expect("settings are sent as seen") {
      $0.decision.update?.settings.customDomainConfig = [:]
      $0.decision.record.rollout?.settings = $0.decision.update?.settings
    }
  }

  @Test("no unsuitable certificate passes")
  func unsuitable() {
    expect("ACM has the certificate") { $0.input.facts.listed = .seen([oldOne]) }
    expect("the certificate is issued") { $0.spoil { $0.status = .revoked } }
    expect("the certificate is issued") { $0.spoil { $0.status = nil } }
    expect("the certificate is public") { $0.spoil { $0.type = .private } }
    expect("the certificate is not managed by another service") {
      $0.spoil { $0.managedBy = "CLOUDFRONT" }
    }
    expect("the certificate covers the domain") {
      $0.spoil {
        $0.names = ["*.auth.example.com"]
        $0.primaryName = nil
      }
    }
    expect("the certificate is valid already") {
      $0.spoil { $0.notBefore = noon + .milliseconds(1) }
    }
    expect("the certificate is valid already") { $0.spoil { $0.notBefore = nil } }
    expect("the certificate is valid still") { $0.spoil { $0.notAfter = noon } }
    expect("the certificate is valid still") { $0.spoil { $0.notAfter = nil } }
    expect("the certificate is in us-east-1") {
      let elsewhere = Certificate(arn: arn("new", region: "eu-west-1"))
      $0.decision.update?.certificate = elsewhere.arn
      $0.input.facts.listed = .seen([oldOne, elsewhere])
    }
  }

  @Test("the chain was checked, and is trusted")
  func chain() {
    expect("the chain is trusted") {
      $0.input.facts.evidence[newOne.arn] = .seen(evidence(of: newOne, chain: .untrusted("")))
    }
    expect("the chain is trusted") {
      $0.input.facts.evidence[newOne.arn] = .seen(evidence(of: newOne, chain: .selfSigned))
    }
    expect("the chain was checked") { $0.input.facts.evidence = [:] }
    expect("the chain was checked") { $0.input.facts.evidence[newOne.arn] = unseen(.throttled) }
  }

  @Test("CloudFront serves the certificate's key")
  func key() {
    let rule = "CloudFront serves the key"
    expect(rule) { $0.spoil { $0.keyAlgorithm = KeyAlgorithm("EC_secp384r1") } }
    expect(rule) { $0.spoil { $0.keyAlgorithm = nil } }
  }

  @Test("the selector selects the certificate")
  func selection() {
    let rule = "the selector selects the certificate"
    expect(rule) { $0.input.mapping.selector.arn = oldOne.arn }
    expect(rule) { $0.input.mapping.selector.domainName = "*.example.com" }
    expect(rule) { $0.input.mapping.selector.types = [.imported] }
    expect(rule) { $0.input.mapping.selector.keyAlgorithms = [KeyAlgorithm("RSA_2048")] }
    expect(rule) { $0.input.mapping.selector.tags = ["app": "login"] }
    expect(rule) {
      $0.input.mapping.selector.tags = ["app": "login"]
      $0.input.facts.tags = .seen([newOne.arn: ["app": "other"]])
    }
    expect(rule) {
      $0.input.mapping.selector.tags = ["app": "login"]
      $0.input.facts.tags = unseen(.throttled)
    }
  }

  @Test("a replacement is newer than what it takes the place of")
  func replacement() {
    let rule = "a replacement is newer"
    expect(rule) { $0.spoil { $0.createdAt = noon - .days(99) } }
    expect(rule) { $0.spoil { $0.notBefore = noon - .days(99) } }
    expect(rule) { $0.describe { $0.certificateARN = arn("unknown") } }
  }

  @Test("an older one is attached only when pinned, put back, or the attached one is unusable")
  func causes() {
    let revoked = certificate("old", from: -1, to: 60) { $0.status = .revoked }
    let unusable = Scene([revoked, theirs])
    expect("the attached certificate is unusable", unusable) { reviewed in
      reviewed.input.facts.listed = .seen([oldOne, theirs])
    }
    let pinned = Scene([oldOne, theirs]) { $0.selector.arn = theirs.arn }
    expect("the certificate is pinned", pinned) { $0.input.mapping.selector.arn = nil }
    expect("it was attached before", Scene.drifted()) { $0.input.record.lastAttached = newOne.arn }
    expect("it was attached before", Scene.drifted()) { $0.input.record.lastAttached = nil }
  }

  @Test("every way for a certificate to be unusable is seen as such")
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
      #expect(reviewed.decision.update?.certificate == theirs.arn && reviewed.rules == [])
    }
    var deleted = Scene([theirs])
    deleted.cognito(.active, oldOne.arn)
    deleted.record.lastAttached = nil
    #expect(Reviewed(deleted).decision.update != nil && Reviewed(deleted).rules == [])
    var unselected = Scene([certificate("old", from: -1, to: 60) { $0.type = .imported }, theirs])
    unselected.mapping.selector.types = [.amazonIssued]
    #expect(Reviewed(unselected).decision.update != nil && Reviewed(unselected).rules == [])
    unselected.list(
      certificate("old", from: -1, to: 60) {
        $0.type = .imported
        $0.keyAlgorithm = nil
      })
    #expect(Reviewed(unselected).decision.update != nil && Reviewed(unselected).rules == [])
  }

  @Test("a rollout that takes the place of another may be newer than that one alone")
  func superseding() {
    let revoked = certificate("old", from: -1, to: 60) { $0.status = .revoked }
    var scene = Scene([revoked, certificate("a", from: -90, to: 80)])
    scene.pass()
    scene.answer(.failed(failure(.throttled)))
    scene.list(certificate("b", from: -80, to: 80))
    let reviewed = Reviewed(scene)
    #expect(reviewed.decision.update?.certificate == arn("b") && reviewed.rules == [])
  }
}
