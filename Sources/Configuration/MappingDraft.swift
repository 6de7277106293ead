internal import RolloutCore

/// One entry of `domains`, or `defaults`, before the two are merged.
struct MappingDraft {
  let location: Location
  var domain: Setting<DomainName> = .absent
  var userPoolID: Setting<UserPoolID> = .absent
  var region: Setting<Region> = .absent
  var profile: Setting<String> = .absent
  var role = RoleDraft()
  var certificate = CertificateDraft()
  var mode: Setting<Mapping.Mode> = .absent
  var onDrift: Setting<Mapping.DriftPolicy> = .absent
  var wave: Setting<Int> = .absent
  var rollback: Setting<Mapping.Rollback> = .absent
  var caFile: Setting<String> = .absent
  var isProbeEnabled: Setting<Bool> = .absent
  var connectTo: Setting<[ProbeConnection]> = .absent

  /// Without any key.
  init(at location: Location) {
    self.location = location
  }

  init(_ section: Section) {
    location = section.location
    if section.hasValue("domain") {
      domain = section.identifier(
        "domain", as: CustomDomain.kind, CustomDomain.parse)
    }
    if section.hasValue("user_pool_id") {
      userPoolID = section.identifier(
        "user_pool_id", as: "the id of a user pool", UserPoolID.init(parsing:))
    }
    region = section.identifier("region", as: "an AWS region", Region.init(parsing:))
    profile = section.value("profile", as: ProfileName.kind, ProfileName.parse)
    certificate = CertificateDraft(section.section("certificate", .certificate))
    mode = section.word("mode")
    onDrift = section.word("on_drift")
    wave = section.integer("wave", in: MappingDraft.waves)
    rollback = section.word("rollback")
    caFile = section.readableFile("ca_file")
    if let probe = section.section("probe", .probe).located?.value {
      isProbeEnabled = probe.flag("enabled")
      connectTo = probe.list(
        "connect_to", of: ProbeConnection.kind, options: .allowsSingleValue,
        ProbeConnection.init(parsing:))
    }
    role = RoleDraft(section)
  }

  static let waves = 0...1000

  /// Key by key: the defaults apply where this draft has no value.
  func merged(with defaults: MappingDraft) -> MappingDraft {
    var merged = self
    merged.region = region.inheriting(defaults.region)
    merged.profile = profile.inheriting(defaults.profile)
    merged.role = role.merged(with: defaults.role)
    merged.certificate = certificate.merged(with: defaults.certificate)
    merged.mode = mode.inheriting(defaults.mode)
    merged.onDrift = onDrift.inheriting(defaults.onDrift)
    merged.wave = wave.inheriting(defaults.wave)
    merged.rollback = rollback.inheriting(defaults.rollback)
    merged.caFile = caFile.inheriting(defaults.caFile)
    merged.isProbeEnabled = isProbeEnabled.inheriting(defaults.isProbeEnabled)
    merged.connectTo = connectTo.inheriting(defaults.connectTo)
    return merged
  }

  /// nil when a required key is missing or invalid, which is reported.
  var mapping: Mapping? {
    guard let domain = domain.located?.value, let pool = userPoolID.located?.value,
      let region = poolRegion
    else { return nil }
    var mapping = Mapping(domain: domain, userPoolID: pool, region: region)
    mapping.identity.profile = profile.located?.value
    role.complete(&mapping.identity)
    mapping.selector = certificate.selector
    mapping.mode = mode.value(or: mapping.mode)
    mapping.onDrift = onDrift.value(or: mapping.onDrift)
    mapping.wave = wave.value(or: mapping.wave)
    mapping.rollback = rollback.value(or: mapping.rollback)
    mapping.caFile = caFile.located?.value
    mapping.probe.isEnabled = isProbeEnabled.value(or: mapping.probe.isEnabled)
    let connections = connectTo.value(or: [])
    mapping.probe.connectTo = connections.endpoints
    mapping.probe.distributionPorts = connections.distributionPorts
    return mapping
  }

  /// The value of `region`, or the region that the pool's id begins with.
  var poolRegion: Region? {
    if let region = region.located?.value { return region }
    guard let pool = userPoolID.located?.value else { return nil }
    do throws(MalformedIdentifier) {
      return try Region(parsing: pool.regionPrefix)
    } catch {
      // Not reached: the prefix was checked by the same rule when the id was parsed.
      return nil
    }
  }
}

extension Region {
  /// Whether it is of the partition `aws`, whose regions have three words such as eu-west-1. Those of
  /// other partitions have more, such as us-gov-west-1, us-iso-east-1 and eusc-de-east-1, or are in
  /// China.
  var isOfStandardPartition: Bool {
    text.split(separator: "-").count == 3 && !text.hasPrefix("cn-")
  }
}
