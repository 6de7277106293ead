import RolloutCore

/// A choice with all that it may ask for at hand. The first certificate is the attached one.
struct Choosing {
  var mapping = RolloutCoreTests.mapping()
  var now = noon
  var listed: Look<[Certificate]>
  var present: CertificateARN
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
    present = certificates.first?.arn ?? arn("gone")
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
      mapping: mapping, facts: facts, now: now, present: present,
      servedNotAfter: servedNotAfter,
      selectorChanged: fingerprint.map { $0 != mapping.selector.fingerprint } ?? false,
      shunned: shunned,
      floor: floor)
  }

  private func answer(_ question: Question, in facts: inout CertificateFacts) {
    switch question {
    case .describe, .probe, .probeDistribution, .use: break
    case .list: facts.list(listed)
    case .tags: facts.tags = tags
    case .details(let arn):
      let own = listed.value?.first { $0.arn == arn }
      facts.details[arn] = details[arn] ?? .seen(own.map(described))
    case .evidence(let arn):
      let own = facts.certificates.first { $0.arn == arn } ?? Certificate(arn: arn)
      facts.evidence[arn] = evidence[arn] ?? .seen(RolloutCoreTests.evidence(of: own))
    }
  }

  static let maximumRounds = 40

  /// The choice, and the batches of questions on the way to it. No choice when something is asked
  /// twice.
  func run() -> (choice: Choice?, batches: [[Question]]) {
    let (choice, batches, _) = ask()
    return (choice, batches)
  }

  private func ask() -> (Choice?, [[Question]], CertificateFacts) {
    var facts = CertificateFacts(listed: listed)
    var batches: [[Question]] = []
    for _ in 0..<Choosing.maximumRounds {
      switch chooser(facts).choose() {
      case .known(let choice): return (choice, batches, facts)
      case .open(let questions):
        if questions.contains(where: { question in batches.contains { $0.contains(question) } }) {
          return (nil, batches, facts)
        }
        for question in questions { answer(question, in: &facts) }
        batches.append(questions)
      }
    }
    return (nil, batches, facts)
  }

  /// The certificates that the choice passed over.
  var passedOver: [PassedOver] {
    let (choice, _, facts) = ask()
    return choice.flatMap { chooser(facts).passedOver(for: $0) } ?? []
  }

  var choice: Choice? { run().choice }
  var batches: [[Question]] { run().batches }
  var asked: [Question] { batches.flatMap { $0 } }

  /// What the choice comes to, in a few words: `replace new`, `keep`, `missing expired`.
  var summary: String {
    switch choice {
    case .keep: "keep"
    case .replace(let replacement):
      "\(replacement.isUrgent ? "urgent " : "")\(replacement.cause) \(replacement.certificate.arn.name)"
    case .wait(let certificate, let explanation, _):
      "wait \(certificate.arn.name) \(explanation.code)"
    case .missing(let explanation): "missing \(explanation.code)"
    case .blocked(let failure): "blocked \(failure.kind.reason)"
    case nil: "asks for the same twice"
    }
  }
}

extension CertificateARN {
  /// What the tests call it.
  var name: String { String(text.split(separator: "/").last ?? "") }
}
