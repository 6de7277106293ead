/// Until when the decision about a domain in order is the same, as long as its account's list is.
///
/// A poll that brings an unchanged list then costs nothing for the domain.
package struct QuietPeriod: Equatable, Sendable {
  /// The list that the decision was made from.
  package let listGeneration: Int
  package let end: Instant
  /// When the domain is due again before the next poll.
  package let nextLookAt: Instant?
}

extension DomainPlan {
  /// nil where the domain is not in order, or where the decision depends on anything but the list,
  /// the record and these times.
  func quietPeriod(_ assessment: Assessment) -> QuietPeriod? {
    guard case .described(let domain) = assessment, domain.course == .keep, update == nil,
      domain.standing == .none, domain.drift == .none, condition == .inSync, reason == nil,
      record.hold == nil, !record.retryRequested, !record.hasStaleEdges, record.rolledBack == nil,
      memory.obstruction == nil, memory.unserved == nil, let described = memory.described,
      let listed = facts.certificates.listed?.value, facts.certificates.details.isEmpty,
      hasOnlyOlderCandidates(domain, listed)
    else { return nil }
    let descriptionDue = pacing.nextDescription(after: described.at)
    guard described.at <= now, descriptionDue > now else { return nil }
    var ends = [descriptionDue]
    if let releaseLookAt {
      guard releaseLookAt > now else { return nil }
      ends.append(releaseLookAt)
    }
    if let nextLookAt { ends.append(nextLookAt) }
    if let end = record.earliestEnd {
      ends += (pacing.expiryWarnings + [.zero, Urgency.threshold]).map { end + (.zero - $0) }
    }
    for certificate in listed {
      ends += [certificate.notBefore, certificate.notAfter].compactMap { $0 }
      if let issue = certificate.issue { ends.append(issue + mapping.selector.soak) }
    }
    guard let end = ends.filter({ $0 > now }).min() else { return nil }
    return QuietPeriod(listGeneration: facts.listGeneration, end: end, nextLookAt: nextLookAt)
  }

  /// Whether every other certificate was passed over for being older, which only another list can
  /// change. One that fails a check, such as the one of its chain or tags, may pass it later.
  private func hasOnlyOlderCandidates(
    _ domain: DescribedDomain, _ listed: [Certificate]
  ) -> Bool {
    guard let passedOver = domain.passedOver else { return false }
    let areOlder = passedOver.allSatisfy { $0.explanation.reason == .notNewer }
    return areOlder && (mapping.selector.tags.isEmpty || listed.count == 1)
  }
}
