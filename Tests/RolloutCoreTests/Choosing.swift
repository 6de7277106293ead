import RolloutCore

/// A choice with all that it may ask for at hand. The first certificate is the attached one.
struct Choosing {
  var mapping = RolloutCoreTests.mapping()
  var now = noon
  var listed: Look<[Certificate]>
  var baseline: CertificateARN
  var details: [CertificateARN: Look<Certificate?>] = [:]
  var tags: Look<[CertificateARN: [String: String]]> = .seen([:])
  var evidence: [CertificateARN: Look<LeafEvidence>] = [:]
  var servedNotAfter: Instant?
  /// nil: the domain is seen for the first time.
  var fingerprint: String?
  var shunned: Set<CertificateARN> = []
  var floor: Certificate?

  init(_ certificates: [Certificate], _ edit: (inout Choosing) -> Void = { _ in }) {
    listed = .seen(certificates)
    baseline = certificates.first?.arn ?? arn("gone")
    fingerprint = mapping.selector.fingerprint
    edit(&self)
  }

  /// Changes the rule without it counting as a change of the rule.
  mutating func select(_ edit: (inout CertificateSelector) -> Void) {
    edit(&mapping.selector)
    fingerprint = mapping.selector.fingerprint
  }

  func chooser(_ facts: CertificateFacts) -> Chooser {
    Chooser(
      mapping: mapping, facts: facts, now: now, baseline: baseline,
      servedNotAfter: servedNotAfter, selectorFingerprint: fingerprint, shunned: shunned,
      floor: floor)
  }

  private func answer(_ question: Question, in facts: inout CertificateFacts) {
    switch question {
    case .tags: facts.tags = tags
    case .details(let arn):
      let own = listed.value?.first { $0.arn == arn }
      facts.details[arn] = details[arn] ?? .seen(own.map(described))
    case .evidence(let arn):
      let own = facts.certificates.first { $0.arn == arn } ?? certificate("gone")
      facts.evidence[arn] = evidence[arn] ?? .seen(RolloutCoreTests.evidence(of: own))
    }
  }

  static let maximumRounds = 40

  /// The choice, and everything that was asked for on the way to it. `ask` only when the same
  /// is asked for again and again.
  func run() -> (choice: Choice, asked: [Question]) {
    var facts = CertificateFacts(listed: listed)
    var asked: [Question] = []
    for _ in 0..<Choosing.maximumRounds {
      guard case .ask(let questions) = chooser(facts).choose() else { break }
      for question in questions { answer(question, in: &facts) }
      asked += questions
    }
    return (chooser(facts).choose(), asked)
  }

  var choice: Choice { run().choice }
  var asked: [Question] { run().asked }

  /// What the choice comes to, in a few words: `replace new`, `keep`, `missing expired`.
  var summary: String {
    switch choice {
    case .keep: "keep"
    case .replace(let certificate, let cause, let isUrgent):
      "\(isUrgent ? "urgent " : "")\(cause) \(certificate.arn.name)"
    case .wait(let certificate, let reason, _): "wait \(certificate.arn.name) \(reason.code)"
    case .missing(let reason): "missing \(reason.code)"
    case .undetermined(let failure): "undetermined \(failure.kind.code)"
    case .ask(let questions): "ask \(questions)"
    }
  }
}

extension CertificateARN {
  /// What the tests call it.
  var name: String { String(text.split(separator: "/").last ?? "") }
}
