internal import RolloutCore

/// Merges the mappings with the defaults and checks what no single key shows.
struct FleetAssembly {
  let reading: Reading
  let defaults: MappingDraft

  func mappings(of own: [MappingDraft]) -> [Mapping] {
    reportContradiction(in: defaults.certificate, inherited: nil)
    let merged = own.map { $0.merged(with: defaults) }
    for (own, merged) in zip(own, merged) {
      reportMissingKeys(in: own)
      reportContradiction(in: merged.certificate, inherited: defaults.certificate)
      warnOfUnboundedChoice(in: merged)
      warnOfUncoveredDomain(in: merged)
    }
    reportDoubleDomains(in: merged)
    warnOfDoublePools(in: merged)
    return merged.compactMap(\.mapping)
  }

  private func reportMissingKeys(in draft: MappingDraft) {
    if draft.domain.isAbsent {
      reading.report(
        at: draft.place.key("domain", at: draft.place.position),
        "it is missing; write the custom domain, such as auth.example.com")
    }
    if draft.userPoolID.isAbsent {
      reading.report(
        at: draft.place.key("user_pool_id", at: draft.place.position),
        "it is missing; write the id of the domain's user pool, such as eu-west-1_Ab12Cd34E")
    }
  }

  /// `any: true` beside a selector. What the defaults contradict by themselves is reported
  /// there alone.
  private func reportContradiction(
    in certificate: CertificateDraft, inherited: CertificateDraft?
  ) {
    guard let anyPlace = certificate.anyPlace else { return }
    let selecting = certificate.selectingPlaces.filter { place in
      inherited?.anyPlace != anyPlace || inherited?.selectingPlaces.contains(place) != true
    }
    guard let selector = selecting.first else { return }
    reading.report(
      at: anyPlace == inherited?.anyPlace ? selector : anyPlace,
      """
      any: true (line \(anyPlace.position.line)) says that every certificate will do, and \
      \(selector.path) (line \(selector.position.line)) selects some; remove one, or write \
      any: false
      """)
  }

  private func warnOfUnboundedChoice(in draft: MappingDraft) {
    let certificate = draft.certificate
    guard certificate.selectsAll, !certificate.any.isInvalid, certificate.anyPlace == nil else {
      return
    }
    reading.report(
      .warning, at: certificate.place ?? draft.place.key("certificate", at: draft.place.position),
      """
      no arn, domain_name or tags: the newest eligible certificate that covers the domain is \
      taken, whoever issued it; write one of them, or any: true if this is meant
      """)
  }

  private func warnOfUncoveredDomain(in draft: MappingDraft) {
    guard let domain = draft.domain.located, let name = draft.certificate.domainName.located,
      !DNSName.name(name.value, covers: domain.value)
    else { return }
    let isOwn = name.place.path.hasPrefix(draft.place.path)
    let place = draft.place.key(
      "certificate", at: isOwn ? name.place.position : domain.place.position)
    reading.report(
      .warning, at: place.key("domain_name", at: place.position),
      """
      \(name.shown) does not cover \(domain.shown); only a certificate with a further name that \
      does can be chosen; correct the name unless this is meant
      """)
  }

  private func reportDoubleDomains(in drafts: [MappingDraft]) {
    var first: [DomainName: Place] = [:]
    for domain in drafts.compactMap(\.domain.located) {
      if let earlier = first[domain.value] {
        reading.report(
          at: domain.place,
          "\(domain.shown) is mapped already, in line \(earlier.position.line); remove one of the two"
        )
      } else {
        first[domain.value] = domain.place
      }
    }
  }

  /// A pool has one custom domain; the same id may stand in another region, for a replica.
  private func warnOfDoublePools(in drafts: [MappingDraft]) {
    struct RegionalPool: Hashable {
      let id: UserPoolID
      let region: Region
    }
    var first: [RegionalPool: (line: Int, domain: DomainName)] = [:]
    for draft in drafts {
      guard let pool = draft.userPoolID.located, let mapping = draft.mapping else { continue }
      let key = RegionalPool(id: mapping.userPoolID, region: mapping.region)
      guard let earlier = first[key] else {
        first[key] = (pool.place.position.line, mapping.domain)
        continue
      }
      guard earlier.domain != mapping.domain else { continue }
      reading.report(
        .warning, at: pool.place,
        """
        \(pool.shown) is the pool of another mapping too, in line \(earlier.line); a user pool \
        has one custom domain, so look whether one of the two is a copy
        """)
    }
  }
}
