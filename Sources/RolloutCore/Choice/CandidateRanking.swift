/// Every certificate of the account as one domain's decision judges it, the best first: what
/// `explain` shows.
///
/// Nothing is decided here. The checks are the chooser's own, and the order is the one in which it
/// prefers certificates.
package struct CandidateRanking: Sendable {
  /// The eligible ones first, then those that could not be judged, then the others.
  package let candidates: [Candidate]

  package struct Candidate: Sendable {
    package let certificate: Certificate
    package let isAttached: Bool
    package let isChosen: Bool
    package let verdict: Verdict
    package let results: [(check: Check, result: CheckResult)]
    package let isEligible: Bool
  }

  package enum Verdict: Equatable, Sendable {
    case chosen
    case attached
    case passedOver(Explanation)
  }

  /// - Parameters:
  ///   - chooser: with everything that was seen of the certificates.
  ///   - chosen: the certificate that the domain is to have; nil when there is none.
  ///   - undecided: why nothing is chosen.
  package init(
    _ chooser: Chooser, attached: CertificateARN, chosen: CertificateARN?,
    undecided: Explanation? = nil
  ) {
    let judge = VerdictJudge(
      chooser: chooser, attached: attached, chosen: chosen, undecided: undecided)
    let checks = chooser.checks(chooser.urgency)
    let judged = chooser.facts.certificates.map { certificate in
      let verdict = checks.verdict(on: certificate)
      return (rank: verdict.outcome().rank, candidate: judge.candidate(verdict))
    }
    candidates =
      judged.sorted { left, right in
        if left.rank != right.rank { return left.rank < right.rank }
        return Certificate.isPreferred(
          left.candidate.certificate, to: right.candidate.certificate)
      }.map(\.candidate)
  }

  /// What AWS can still be asked to judge every certificate. A certificate that fails a check
  /// already is not asked about: the answer would change nothing.
  ///
  /// - Parameter limit: the most questions, the best certificates first; each is a request.
  package static func openQuestions(_ chooser: Chooser, limit: Int) -> [Question] {
    let checks = chooser.checks(chooser.urgency)
    let ordered = chooser.facts.certificates.sorted { Certificate.isPreferred($0, to: $1) }
    var questions: [Question] = []
    for certificate in ordered where questions.count < limit {
      let outcome = checks.verdict(on: certificate)
        .outcome(waiving: [.soaking, .expiresTooSoon])
      if case .open(let open) = outcome { questions += open }
    }
    return Array(questions.withoutRepetitions.prefix(limit))
  }
}

extension CandidateVerdict.Outcome {
  fileprivate var rank: Int {
    switch self {
    case .eligible: 0
    case .open, .unseen: 1
    case .ineligible: 2
    }
  }
}

/// Says of one certificate why it was not chosen.
private struct VerdictJudge {
  let chooser: Chooser
  let attached: CertificateARN
  let chosen: CertificateARN?
  let undecided: Explanation?

  func candidate(_ verdict: CandidateVerdict) -> CandidateRanking.Candidate {
    let arn = verdict.certificate.arn
    return CandidateRanking.Candidate(
      certificate: verdict.certificate, isAttached: arn == attached, isChosen: arn == chosen,
      verdict: judge(verdict), results: verdict.results,
      isEligible: verdict.outcome() == .eligible)
  }

  private func judge(_ verdict: CandidateVerdict) -> CandidateRanking.Verdict {
    let certificate = verdict.certificate
    if certificate.arn == attached { return .attached }
    if certificate.arn == chosen { return .chosen }
    if certificate.arn == chooser.rolledBack {
      return .passedOver(
        Explanation(.rolledBack, "edges did not serve it; 'retry' allows it again"))
    }
    if let failure = verdict.failure { return .passedOver(failure) }
    if chooser.shunned.contains(certificate.arn) {
      return .passedOver(
        Explanation(
          .setAside,
          "someone attached another certificate in its place; 'retry' allows it again"))
    }
    switch verdict.outcome() {
    case .ineligible(let explanation): return .passedOver(explanation)
    case .unseen(let failure): return .passedOver(Explanation(failure))
    case .open: return .passedOver(Explanation(.notAsked))
    case .eligible: return .passedOver(reasonAgainst(eligible: certificate))
    }
  }

  private func reasonAgainst(eligible certificate: Certificate) -> Explanation {
    let known = chooser.facts.known(chooser.present)
    if case .certificate(let present) = known, chooser.unusability(of: known) == nil {
      for (other, name) in [(present, "the present one"), (chooser.floor, "the former one")] {
        if let other, !certificate.isNewer(than: other) {
          return Explanation(.notNewer, certificate.reasonNotNewer(than: other, called: name))
        }
      }
      if let leaf = chooser.facts.evidence[certificate.arn]?.value,
        leaf.sha256 == chooser.facts.evidence[present.arn]?.value?.sha256
      {
        return Explanation(.sameLeaf, "both have the leaf \(leaf.sha256.prefix(16))")
      }
    }
    if let undecided { return undecided }
    return Explanation(.notPreferred, chosen.map { "\($0) is preferred" } ?? "")
  }
}

extension Certificate {
  /// Why `isNewer` is false.
  fileprivate func reasonNotNewer(than other: Certificate, called name: String) -> String {
    guard let creation, let notBefore, let otherCreation = other.creation,
      let otherNotBefore = other.notBefore
    else { return "ACM does not tell all dates of it and of \(name)" }
    return creation <= otherCreation
      ? "created \(creation.rfc3339), \(name) \(otherCreation.rfc3339)"
      : "NotBefore is \(notBefore.rfc3339), of \(name) \(otherNotBefore.rfc3339)"
  }
}
