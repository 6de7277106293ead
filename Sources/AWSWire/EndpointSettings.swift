import RolloutCore

/// Where one identity sends its requests.
///
/// The URL of a service is the first of these: its own variable, `AWS_ENDPOINT_URL`, the profile's
/// `[services]` section, the profile's `endpoint_url`, AWS's host.
struct EndpointSettings {
  private var configured: [AWSService: EndpointURL] = [:]
  private let usesFIPS: Bool
  private let usesDualStack: Bool
  /// A PEM file of roots for every request, instead of the system's.
  let caBundle: String?

  init(environment: Variables, profile: EndpointProfile) throws(MalformedEndpoint) {
    func flag(_ key: String) throws(MalformedEndpoint) -> ProfileSetting? {
      let variable = "AWS_\(key.uppercased())"
      let found =
        environment[variable].map { ProfileSetting(text: $0, place: variable) }
        ?? profile[key]
      switch found?.text.lowercased() {
      case nil, "false": return nil
      case "true": return found
      case .some:
        throw MalformedEndpoint(setting: found?.place ?? key, problem: "write true or false")
      }
    }
    let fips = try flag("use_fips_endpoint")
    let dualStack = try flag("use_dualstack_endpoint")
    usesFIPS = fips != nil
    usesDualStack = dualStack != nil
    caBundle = environment["AWS_CA_BUNDLE"] ?? profile["ca_bundle"]?.text
    if try flag("ignore_configured_endpoint_urls") != nil { return }
    for service in AWSService.allCases {
      let variable = [service.endpointVariable, "AWS_ENDPOINT_URL"].lazy.compactMap { name in
        environment[name].map { ProfileSetting(text: $0, place: name) }
      }.first
      guard let url = variable ?? profile.endpoint(of: service) else { continue }
      // The endpoint rules of the SDKs refuse both together, because the setting has no effect.
      if let setting = fips ?? dualStack {
        throw MalformedEndpoint(
          setting: setting.place,
          problem: "it has no effect on the URL in \(url.place): remove one of them")
      }
      configured[service] = try EndpointURL(parsing: url.text, setting: url.place)
    }
  }

  /// The URL to post to.
  func url(of service: AWSService, in region: Region) throws(MalformedEndpoint) -> String {
    if let url = configured[service] { return url.text }
    let partition = Partition(of: region)
    if service.isGlobal {
      return partition.globalURL(service.hostPrefix, in: region, fips: usesFIPS)
    }
    let isDualStack =
      usesDualStack && (service.hasCommercialDualStack || !partition.isCommercial)
    guard let suffix = isDualStack ? partition.dualStackSuffix : partition.suffix else {
      throw MalformedEndpoint(
        setting: "use_dualstack_endpoint",
        problem: "AWS has no dual-stack endpoints in \(region.text): set it to false")
    }
    let isPlain =
      !isDualStack && service.hasPlainFIPSNameInGovCloud && region.text.hasPrefix("us-gov-")
    let prefix = service.hostPrefix + (usesFIPS && !isPlain ? "-fips" : "")
    return "https://\(prefix).\(region.text).\(suffix)/"
  }
}

/// The domains of the hosts in a group of AWS regions.
private struct Partition {
  let suffix: String
  /// nil where there are no dual-stack hosts.
  let dualStackSuffix: String?
  /// Whether it is the one of the public regions, not GovCloud's.
  let isCommercial: Bool

  init(of region: Region) {
    let other = Partition.others.first { region.text.hasPrefix($0.prefix) }
    suffix = other?.suffix ?? "amazonaws.com"
    dualStackSuffix = other.map(\.dualStackSuffix) ?? "api.aws"
    isCommercial = other == nil && !region.text.hasPrefix("us-gov-")
  }

  /// The URL of a service with one endpoint for the partition. Dual-stack hosts are not used.
  func globalURL(_ service: String, in region: Region, fips: Bool) -> String {
    if region.text.hasPrefix("us-gov-") { return "https://\(service).us-gov.\(suffix)/" }
    if isCommercial { return "https://\(service)\(fips ? "-fips" : "").\(suffix)/" }
    return "https://\(service).\(region.text).\(suffix)/"
  }

  private static let others: [(prefix: String, suffix: String, dualStackSuffix: String?)] = [
    ("cn-", "amazonaws.com.cn", "api.amazonwebservices.com.cn"),
    ("eusc-", "amazonaws.eu", "api.amazonwebservices.eu"),
    ("us-iso-", "c2s.ic.gov", "api.aws.ic.gov"),
    ("us-isob-", "sc2s.sgov.gov", "api.aws.scloud"),
    ("eu-isoe-", "cloud.adc-e.uk", nil),
    ("us-isof-", "csp.hci.ic.gov", nil),
  ]
}
