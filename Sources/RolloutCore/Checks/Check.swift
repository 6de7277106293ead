/// The checks that a candidate must pass.
///
/// To add one: a case here, its place in `chain`, its reason, and its function in
/// `CandidateChecks`; the compiler asks for the last two. `ReviewedEligibility` decides eligibility a
/// second time without this code: add the rule there as well. Then add it to the README's table and
/// to the changelog, and see whether a cause waives it (`Rollout.Cause.waivedChecks`).
package enum Check: Sendable, CaseIterable {
  case notIssued, managedByCloudFront, wrongRegion, privateOrSelfSigned, unsupportedKey
  case nameNotCovered, notYetValid, expired, expiresTooSoon, soaking, notSelected
  case chainUntrusted

  /// In the order in which a failed one is reported.
  package static let chain: [Check] = [
    .notIssued,  // only ISSUED can be attached
    .managedByCloudFront,  // it belongs to another AWS service
    .wrongRegion,  // CloudFront takes certificates from us-east-1 alone
    .privateOrSelfSigned,  // CloudFront needs a public root
    .unsupportedKey,  // CloudFront serves RSA and EC_prime256v1
    .nameNotCovered,  // a wildcard covers exactly one label
    .notYetValid,  // NotBefore is in the future
    .expired,  // NotAfter has passed
    .expiresTooSoon,  // less than min_remaining is left
    .soaking,  // younger than soak
    .notSelected,  // arn, domain_name, tags, types, key_algorithms of the mapping
    .chainUntrusted,  // asked last, because it costs a GetCertificate
  ]

  package var reason: Reason {
    switch self {
    case .notIssued: .notIssued
    case .managedByCloudFront: .managedByCloudFront
    case .wrongRegion: .wrongRegion
    case .privateOrSelfSigned: .privateOrSelfSigned
    case .unsupportedKey: .unsupportedKey
    case .nameNotCovered: .nameNotCovered
    case .notYetValid: .notYetValid
    case .expired: .expired
    case .expiresTooSoon: .expiresTooSoon
    case .soaking: .soaking
    case .notSelected: .notSelected
    case .chainUntrusted: .chainUntrusted
    }
  }
}

/// What one check found.
package enum CheckResult: Equatable, Sendable {
  case passed
  /// With the value that failed, in a few words.
  case failed(String)
  /// It depends on something that was not asked yet.
  case open(Question)
  /// It depends on something that could not be seen.
  case unseen(Failure)
}

/// Every check's result on one certificate.
package struct CandidateVerdict: Sendable {
  package let certificate: Certificate
  package let results: [(check: Check, result: CheckResult)]

  /// The first failed check.
  package var failure: Explanation? {
    for (check, result) in results {
      if case .failed(let detail) = result { return Explanation(check.reason, detail) }
    }
    return nil
  }

  package func failed(_ check: Check) -> Bool {
    results.contains { entry in
      guard entry.check == check, case .failed = entry.result else { return false }
      return true
    }
  }

  /// The combined result of all checks that are not waived.
  package func outcome(waiving waived: Set<Check> = []) -> Outcome {
    var open: [Question] = []
    var unseen: Failure?
    for (check, result) in results where !waived.contains(check) {
      switch result {
      case .passed: break
      case .failed(let detail): return .ineligible(Explanation(check.reason, detail))
      case .open(let question): open.append(question)
      case .unseen(let failure): unseen = unseen ?? failure
      }
    }
    if let unseen { return .unseen(unseen) }
    if open.isEmpty { return .eligible }
    // The chain costs a call of its own: it is asked last, when all else holds.
    let cheap = open.filter { if case .evidence = $0 { false } else { true } }
    return .open(cheap.isEmpty ? open : cheap)
  }

  package enum Outcome: Equatable, Sendable {
    case eligible
    case ineligible(Explanation)
    case open([Question])
    case unseen(Failure)
  }
}
