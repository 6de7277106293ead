internal import RolloutCore

/// What one entry of `domains`, or `defaults`, says, before the two are merged.
struct MappingDraft {
  let place: Place
  var domain: Setting<DomainName> = .absent
  var userPoolID: Setting<UserPoolID> = .absent
  var region: Setting<Region> = .absent
  var profile: Setting<String> = .absent
  var certificate = CertificateDraft()
  var mode: Setting<Mapping.Mode> = .absent
  var onDrift: Setting<Mapping.DriftPolicy> = .absent
  var wave: Setting<Int> = .absent
  var caFile: Setting<String> = .absent
  var isProbeEnabled: Setting<Bool> = .absent
  var connectTo: Setting<[ProbeTarget.Endpoint]> = .absent

  /// Nothing said.
  init(at place: Place) {
    self.place = place
  }

  init(_ section: Section) {
    place = section.place
    if section.hasValue("domain") {
      domain = section.identifier("domain", as: "a custom domain", DomainName.init(parsing:))
    }
    if section.hasValue("user_pool_id") {
      userPoolID = section.identifier(
        "user_pool_id", as: "the id of a user pool", UserPoolID.init(parsing:))
    }
    region = section.identifier("region", as: "an AWS region", Region.init(parsing:))
    profile = section.value("profile", as: "the name of a profile", MappingDraft.profileName)
    certificate = CertificateDraft(section.section("certificate", .certificate))
    mode = section.word("mode")
    onDrift = section.word("on_drift")
    wave = section.integer("wave", in: MappingDraft.waves)
    caFile = section.readableFile("ca_file")
    if let probe = section.section("probe", .probe).located?.value {
      isProbeEnabled = probe.flag("enabled")
      connectTo = probe.list(
        "connect_to", of: ProbeTarget.Endpoint.kind, takesSingle: true,
        ProbeTarget.Endpoint.init(parsing:))
    }
    section.checkUnsupportedIdentity()
  }

  static let waves = 0...1000

  /// Key by key: the defaults hold where this one says nothing.
  func merged(with defaults: MappingDraft) -> MappingDraft {
    var merged = self
    merged.region = region.orElse(defaults.region)
    merged.profile = profile.orElse(defaults.profile)
    merged.certificate = certificate.merged(with: defaults.certificate)
    merged.mode = mode.orElse(defaults.mode)
    merged.onDrift = onDrift.orElse(defaults.onDrift)
    merged.wave = wave.orElse(defaults.wave)
    merged.caFile = caFile.orElse(defaults.caFile)
    merged.isProbeEnabled = isProbeEnabled.orElse(defaults.isProbeEnabled)
    merged.connectTo = connectTo.orElse(defaults.connectTo)
    return merged
  }

  /// The mapping, or nil when what it cannot be without is missing, which was reported.
  var mapping: Mapping? {
    guard let domain = domain.located?.value, let pool = userPoolID.located?.value,
      let region = poolRegion
    else { return nil }
    var mapping = Mapping(domain: domain, userPoolID: pool, region: region)
    mapping.identity.profile = profile.located?.value
    mapping.selector = certificate.selector
    mapping.mode = mode.or(mapping.mode)
    mapping.onDrift = onDrift.or(mapping.onDrift)
    mapping.wave = wave.or(mapping.wave)
    mapping.caFile = caFile.located?.value
    mapping.probe.isEnabled = isProbeEnabled.or(mapping.probe.isEnabled)
    mapping.probe.connectTo = connectTo.or(mapping.probe.connectTo)
    return mapping
  }

  /// The region that was written, or the one that the pool's id begins with.
  private var poolRegion: Region? {
    if let region = region.located?.value { return region }
    guard let pool = userPoolID.located?.value else { return nil }
    do throws(MalformedIdentifier) {
      return try Region(parsing: pool.regionPrefix)
    } catch {
      // Whoever parsed the id held its prefix against the same rule.
      return nil
    }
  }

  private static func profileName(_ text: String) throws(Malformed) -> String {
    let kind = "the name of a profile"
    if text.isEmpty { throw Malformed(kind, "it is empty; write the name, or remove the key") }
    if text.contains("[") || text.contains("]") {
      throw Malformed(kind, "brackets cannot stand in it; write the name alone")
    }
    return text
  }
}

extension Section {
  /// Reports a role or an external id whose form is wrong, beside the report that this version
  /// does not support them, so that the file is right once it does.
  fileprivate func checkUnsupportedIdentity() {
    _ = value("role_arn", as: "the ARN of an IAM role") { text throws(Malformed) in
      let parts = text.split(separator: ":", maxSplits: 5, omittingEmptySubsequences: false)
      let isRole =
        parts.count == 6 && parts[0] == "arn" && parts[1].hasPrefix("aws") && parts[2] == "iam"
        && parts[3].isEmpty && parts[4].utf8.count == 12
        && parts[4].utf8.allSatisfy { (0x30...0x39).contains($0) }
        && parts[5].hasPrefix("role/") && parts[5].utf8.count > 5
      if !isRole {
        throw Malformed("the ARN of an IAM role", "write arn:aws:iam::ACCOUNT:role/NAME")
      }
    }
    guard let node = node("external_id") else { return }
    let place = place(of: "external_id")
    guard let text = reading.text(of: node, at: place, as: "an external id") else { return }
    // Some treat it as a secret: its value is never shown.
    if !(2...1224).contains(text.text.utf8.count) {
      reading.report(at: place, "an external id has 2 to 1224 characters; correct it")
    }
  }
}
