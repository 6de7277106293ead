import Reconciliation
import RolloutCore
import SimulatedAWS

/// A defect of the daemon, put between it and the world: it shows that the invariants of a world
/// can be broken, and that a checker notices.
package enum Sabotage: String, Sendable, CaseIterable {
  /// No request of an operator is ever seen, and no commit is guarded.
  case ignoresHolds
  /// Intents are not written.
  case callsWithoutIntent
  /// Once a domain has another certificate, a call attaches the oldest one that covers it.
  case attachesOldest
  /// Settings are sent that nobody described.
  case changesSettings
  /// A call whose answer was lost is made again at once.
  case repeatsLostCalls
  /// Every domain is in the first wave.
  case ignoresWaves
  /// No limit of a campaign is known.
  case ignoresLimits
  /// What was rolled back is not read from the state file.
  case forgetsRollbacks
  /// A new configuration is never put in force.
  case ignoresReloads
  /// `certificate.expiring` is not logged.
  case concealsExpiry
  /// The certificate before a rollout is said to be released when the call is accepted.
  case releasesEarly
  /// The dispatcher wakes 3 s late.
  case wakesLate

  /// Whether one of the violations is what the defect must bring about.
  package func shows(in violations: [String]) -> Bool {
    violations.contains { violation in words.contains { violation.contains($0) } }
  }

  private var words: [String] {
    switch self {
    case .ignoresHolds: ["which an operator holds"]
    case .callsWithoutIntent: ["without a journalled intent"]
    case .attachesOldest: ["to an older certificate"]
    case .changesSettings: ["changed settings"]
    case .repeatsLostCalls: ["after one whose answer was lost"]
    case .ignoresWaves: ["is unsettled"]
    case .ignoresLimits: ["the limit is", "is stopped", "goes on after", "after the proof of"]
    case .forgetsRollbacks: ["again after a rollback", "was rolled back from"]
    case .ignoresReloads: ["whose mode is observe", "is pinned", "which the mapping does not name"]
    case .concealsExpiry: ["no error was logged before"]
    case .releasesEarly: ["was released, and"]
    case .wakesLate: ["after it was due"]
    }
  }
}

/// The domain port of a daemon with a defect in its calls.
struct SabotagedDomains: DomainPort {
  let inner: any DomainPort
  let world: World

  func describeDomain(
    _ domain: DomainName, in region: Region, as identity: Identity
  ) async -> DomainLook {
    await inner.describeDomain(domain, in: region, as: identity)
  }

  func updateDomain(_ update: DomainUpdate) async -> UpdateOutcome {
    var update = update
    switch world.sabotage {
    case .changesSettings:
      update.settings.customDomainConfig["SecurityPolicy"] = "\"TLS_V1\""
    case .attachesOldest:
      if let oldest = world.oldestCertificate(for: update.domain) { update.certificate = oldest }
    case nil, .ignoresHolds, .callsWithoutIntent, .repeatsLostCalls, .ignoresWaves,
      .ignoresLimits, .forgetsRollbacks, .ignoresReloads, .concealsExpiry, .releasesEarly,
      .wakesLate:
      break
    }
    let outcome = await inner.updateDomain(update)
    if world.sabotage == .repeatsLostCalls, case .failed(let failure) = outcome,
      failure.kind.mayHaveWorked
    {
      return await inner.updateDomain(update)
    }
    return outcome
  }
}

extension World {
  /// nil while it is the attached one.
  fileprivate func oldestCertificate(for domain: DomainName) -> CertificateARN? {
    let now = machine.trueTime
    let oldest = aws.withCloud { cloud -> String? in
      let certificates = cloud.certificates.values.filter { $0.covers(domain.text) }
      let oldest = certificates.min { ($0.createdAt, $0.arn) < ($1.createdAt, $1.arn) }?.arn
      return oldest == cloud.domains[domain.text]?.shownARN(at: now) ? nil : oldest
    }
    return oldest.flatMap { try? CertificateARN(parsing: $0) }
  }
}
