internal import RolloutCore

/// Merges the mappings of each file with its defaults and checks the rules that concern several
/// keys, mappings or files.
struct FleetAssembly {
  let context: ParseContext
  let files: [FileMappings]

  func mappings() -> [Mapping] {
    let merged = files.flatMap(merged)
    reportDuplicateDomains(in: merged)
    warnOfObservedWaves(in: merged)
    warnOfSharedPools(in: merged)
    return merged.compactMap(\.mapping)
  }

  private func merged(_ file: FileMappings) -> [MappingDraft] {
    let defaults = file.defaults
    reportContradiction(in: defaults.certificate, inherited: nil)
    return file.domains.map { own in
      let merged = own.merged(with: defaults)
      reportMissingKeys(in: own)
      reportContradiction(in: merged.certificate, inherited: defaults.certificate)
      reportParametersWithoutRole(in: merged)
      warnOfUnboundedChoice(in: merged)
      warnOfUncoveredDomain(in: merged)
      warnOfOtherPartition(in: merged)
      warnOfIdleRollback(in: merged)
      return merged
    }
  }

  private func reportMissingKeys(in draft: MappingDraft) {
    if draft.domain.isAbsent {
      context.report(
        at: draft.location.key("domain", at: draft.location.position),
        "this key is missing; write the custom domain, such as auth.example.com")
    }
    if draft.userPoolID.isAbsent {
      context.report(
        at: draft.location.key("user_pool_id", at: draft.location.position),
        "this key is missing; write the id of the domain's user pool, such as eu-west-1_Ab12Cd34E")
    }
  }

  /// Reports `any: true` together with a key that selects certificates. A contradiction within
  /// the defaults is reported only there.
  private func reportContradiction(
    in certificate: CertificateDraft, inherited: CertificateDraft?
  ) {
    guard let anyLocation = certificate.anyLocation else { return }
    let selecting = certificate.selectorLocations.filter { location in
      inherited?.anyLocation != anyLocation
        || inherited?.selectorLocations.contains(location) != true
    }
    guard let selector = selecting.first else { return }
    context.report(
      at: anyLocation == inherited?.anyLocation ? selector : anyLocation,
      """
      any: true (line \(anyLocation.position.line)) allows every certificate, but \
      \(selector.path) (line \(selector.position.line)) selects some; remove one of the two, or \
      write any: false
      """)
  }

  /// Reports an external id or a session name that no role uses, at the entry if they are inherited.
  private func reportParametersWithoutRole(in draft: MappingDraft) {
    guard draft.role.arn.isAbsent else { return }
    for (key, location) in draft.role.parameterLocations {
      let isOwn = location.path.hasPrefix(draft.location.path)
      context.report(
        at: isOwn ? location : draft.location.key(key, at: draft.location.position),
        "\(key) has no effect without role_arn; write the role's ARN, or remove \(key)")
    }
  }

  private func warnOfUnboundedChoice(in draft: MappingDraft) {
    let certificate = draft.certificate
    guard certificate.selectsAll, !certificate.any.isInvalid, certificate.anyLocation == nil else {
      return
    }
    context.report(
      .warning,
      at: certificate.location ?? draft.location.key("certificate", at: draft.location.position),
      """
      no arn, domain_name or tags: the newest eligible certificate that covers the domain is \
      chosen, whoever issued it; write one of them, or any: true if this is intended
      """)
  }

  private func warnOfUncoveredDomain(in draft: MappingDraft) {
    guard let domain = draft.domain.located, let name = draft.certificate.domainName.located,
      !DNSName.name(name.value, covers: domain.value)
    else { return }
    let isOwn = name.location.path.hasPrefix(draft.location.path)
    let location = draft.location.key(
      "certificate", at: isOwn ? name.location.position : domain.location.position)
    context.report(
      .warning, at: location.key("domain_name", at: location.position),
      """
      \(name.shown) does not cover \(domain.shown): only a certificate with an additional name \
      that covers it can be chosen; correct the name unless this is intended
      """)
  }

  /// AWS's other partitions (GovCloud, China, the sovereign ones) have other services.
  private func warnOfOtherPartition(in draft: MappingDraft) {
    guard let region = draft.poolRegion, let pool = draft.userPoolID.located,
      !region.isOfStandardPartition
    else { return }
    let given = draft.region.located
    let isOwn = given?.location.path.hasPrefix(draft.location.path) ?? true
    let written = given?.location ?? pool.location
    let key = given == nil ? "user_pool_id" : "region"
    context.report(
      .warning,
      at: draft.location.key(key, at: isOwn ? written.position : draft.location.position),
      """
      \(given?.shown ?? pool.shown) is outside the partition aws: custom domains of Cognito are not \
      known to exist there; correct the region, or remove the entry
      """)
  }

  /// Warns of a rollback that can never be made: nothing shows that edges refuse a certificate, or the
  /// one before it is not selected.
  private func warnOfIdleRollback(in draft: MappingDraft) {
    guard let rollback = draft.rollback.located, rollback.value == .on else { return }
    let reason: String
    if let probe = draft.isProbeEnabled.located, !probe.value {
      reason = "probe.enabled is \(probe.shown), so that no edge is looked at"
    } else if let arn = draft.certificate.arn.located {
      reason = "certificate.arn is \(arn.shown), so that no other certificate may be attached"
    } else {
      return
    }
    let isOwn = rollback.location.path.hasPrefix(draft.location.path)
    context.report(
      .warning,
      at: draft.location.key(
        "rollback", at: isOwn ? rollback.location.position : draft.location.position),
      "rollback \(rollback.shown) has no effect: \(reason); remove one of the two")
  }

  /// Warns of a mapping with mode observe whose wave higher waves do not wait for. Mappings that
  /// inherit their mode from the defaults share one warning, at the defaults' key.
  private func warnOfObservedWaves(in drafts: [MappingDraft]) {
    let applied = drafts.filter { !$0.mode.isInvalid && $0.mode.value(or: .apply) == .apply }
    let waves = applied.filter { !$0.wave.isInvalid }.map(\.wave)
    guard let highest = waves.max(by: { $0.value(or: 0) < $1.value(or: 0) }) else { return }
    let ignored = drafts.filter {
      $0.mode.value(or: .apply) == .observe && !$0.wave.isInvalid
        && $0.wave.value(or: 0) < highest.value(or: 0)
    }
    func shown(_ wave: Setting<Int>) -> String { wave.located?.shown ?? "0 (the default)" }
    let defaults = Set(files.compactMap { $0.defaults.mode.located?.location })
    let sharing = Dictionary(grouping: ignored) { $0.mode.located?.location }
    for draft in ignored {
      guard let mode = draft.mode.located, let sharing = sharing[mode.location] else { continue }
      if draft.location != sharing.first?.location { continue }
      let others = sharing.count > 1 ? " and \(sharing.count - 1) more" : ""
      let isInherited = defaults.contains(mode.location)
      let subject = isInherited ? "\(draft.location.path)\(others)" : "this domain"
      let place = highest.located?.location.place(outside: mode.location.file) ?? ""
      context.report(
        .warning, at: mode.location,
        """
        wave \(shown(highest))\(place) does not wait for \(subject) in wave \(shown(draft.wave)), because a \
        domain with mode \(mode.shown) does not count; write mode: apply if it must wait, \
        otherwise raise the wave to \(shown(highest))
        """)
    }
  }

  private func reportDuplicateDomains(in drafts: [MappingDraft]) {
    var first: [DomainName: Location] = [:]
    for domain in drafts.compactMap(\.domain.located) {
      if let earlier = first[domain.value] {
        context.report(
          at: domain.location,
          """
          \(domain.shown) already has an entry \(earlier.place(from: domain.location.file)); remove \
          one of the two
          """)
      } else {
        first[domain.value] = domain.location
      }
    }
  }

  /// A pool has one custom domain in each region: a replica in another region keeps the pool's id.
  private func warnOfSharedPools(in drafts: [MappingDraft]) {
    struct RegionalPool: Hashable {
      let id: UserPoolID
      let region: Region
    }
    var first: [RegionalPool: (location: Location, domain: DomainName)] = [:]
    for draft in drafts {
      guard let pool = draft.userPoolID.located, let mapping = draft.mapping else { continue }
      let key = RegionalPool(id: mapping.userPoolID, region: mapping.region)
      guard let earlier = first[key] else {
        first[key] = (pool.location, mapping.domain)
        continue
      }
      guard earlier.domain != mapping.domain else { continue }
      context.report(
        .warning, at: pool.location,
        """
        \(pool.shown) is also the pool of the entry \
        \(earlier.location.place(from: pool.location.file)), but a user pool has one custom domain; \
        correct the id of one of the two
        """)
    }
  }
}
