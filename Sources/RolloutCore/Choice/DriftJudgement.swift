/// What it means that Cognito shows another certificate than the one this daemon attached last.
package enum DriftJudgement: Equatable, Sendable {
  case none
  /// The shown certificate is right: it takes the place of the former one in the memory.
  case adopt(former: CertificateARN, Adoption)
  /// The former certificate is put back.
  case restore(Certificate)
  /// A person is asked. What replaces the shown one must be newer than the former one, too.
  case report(former: Certificate)
  /// It depends on something that could not be seen.
  case blocked(Failure)

  package enum Adoption: Sendable {
    /// It is newer and passes every check.
    case newer
    case formerDeleted
    /// It is of another account, so that it cannot be attached here.
    case formerOfAnotherAccount
    case formerIneligible
    /// Edges did not serve the former one.
    case formerRolledBack
    /// The former one ends within 72 hours, and before the shown one.
    case formerEndsSoon
    /// The shown one was deleted since: the choice leaves it for the best there is.
    case shownDeleted
  }

  /// How often a drift is undone for a domain.
  package static let restoreInterval = Duration.hours(24)
}

/// Judges a drift. Used only where no rollout is open: one under way makes its call again
/// instead.
struct DriftJudge {
  let facts: DomainFacts
  let shown: CertificateARN
  /// The certificate that this daemon attached last.
  let former: CertificateARN?

  func judge() -> Answerable<DriftJudgement> {
    guard let former, former != shown else { return .known(.none) }
    if former == facts.record.rolledBack {
      return .known(.adopt(former: former, .formerRolledBack))
    }
    if case .certificate = facts.certificates.known(shown), former.account != shown.account {
      return .known(.adopt(former: former, .formerOfAnotherAccount))
    }
    switch (facts.certificates.known(shown), facts.certificates.known(former)) {
    case (.open(let question), _), (_, .open(let question)): return .open([question])
    case (.unseen(let failure), _), (_, .unseen(let failure)): return .known(.blocked(failure))
    case (.deleted, _): return .known(.adopt(former: former, .shownDeleted))
    case (.certificate, .deleted): return .known(.adopt(former: former, .formerDeleted))
    case (.certificate(let shown), .certificate(let former)): return judge(shown, former)
    }
  }

  private func judge(
    _ shown: Certificate, _ former: Certificate
  ) -> Answerable<DriftJudgement> {
    let chooser = facts.chooser(present: former.arn)
    let checks = chooser.checks(chooser.urgency)
    if shown.isNewer(than: former) {
      switch checks.verdict(on: shown).outcome() {
      case .open(let questions): return .open(questions)
      case .unseen(let failure): return .known(.blocked(failure))
      case .eligible: return .known(.adopt(former: former.arn, .newer))
      case .ineligible: break
      }
    }
    let shownIsUsable =
      facts.chooser(present: shown.arn).unusability(of: .certificate(shown)) == nil
    if shownIsUsable, endsSoon(former, before: shown) {
      return .known(.adopt(former: former.arn, .formerEndsSoon))
    }
    switch checks.verdict(on: former).outcome(waiving: Rollout.Cause.restore.waivedChecks) {
    case .open(let questions): return .open(questions)
    case .unseen(let failure): return .known(.blocked(failure))
    case .ineligible: return .known(.adopt(former: former.arn, .formerIneligible))
    case .eligible: return .known(mayRestore ? .restore(former) : .report(former: former))
    }
  }

  private func endsSoon(_ former: Certificate, before shown: Certificate) -> Bool {
    guard let end = former.notAfter, let otherEnd = shown.notAfter else { return false }
    return end.since(facts.now) < Urgency.threshold && end < otherEnd
  }

  /// At most once in 24 hours, unless an operator asks for it. In mode observe there is nothing to
  /// ask for.
  private var mayRestore: Bool {
    if facts.record.retryRequested, facts.mapping.mode == .apply { return true }
    switch facts.mapping.onDrift {
    case .report: return false
    case .restore:
      if facts.record.driftedTo == shown { return false }
      return facts.record.lastRestoredAt.map {
        facts.now.since($0) >= DriftJudgement.restoreInterval
      } ?? true
    }
  }
}

extension Rollout.Cause {
  /// Checks that a certificate need not pass again once it was chosen. One that is put back or
  /// sent again is no candidate either.
  package var waivedChecks: Set<Check> {
    switch self {
    case .replacement, .pinned, .unusable, .other: [.soaking]
    case .restore, .resubmit, .rollback: [.soaking, .expiresTooSoon]
    }
  }
}
