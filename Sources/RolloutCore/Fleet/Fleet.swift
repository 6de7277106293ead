/// What the operator wants: the parsed and checked configuration file.
package struct Fleet: Equatable, Sendable {
  package var mappings: [Mapping]
  package var pacing: Pacing

  package init(mappings: [Mapping], pacing: Pacing = Pacing()) {
    self.mappings = mappings
    self.pacing = pacing
  }

  /// Every way to get credentials that the mappings name, each once, in order of appearance.
  package var identities: [Identity] {
    var seen: Set<Identity> = []
    return mappings.map(\.identity).filter { seen.insert($0).inserted }
  }
}

/// One way to get credentials. What it reaches is listed once a pass, however many mappings
/// share it.
package struct Identity: Hashable, Sendable, CustomStringConvertible {
  /// A profile of the shared AWS files; nil for the default chain.
  package var profile: String?
  package var roleARN: String?
  package var externalID: String?
  /// The name of the role's session in CloudTrail; nil: `defaultSessionName`.
  package var roleSessionName: String?

  package init(
    profile: String? = nil, roleARN: String? = nil, externalID: String? = nil,
    roleSessionName: String? = nil
  ) {
    self.profile = profile
    self.roleARN = roleARN
    self.externalID = externalID
    self.roleSessionName = roleSessionName
  }

  /// How a log names it. Of the external id only its presence is shown: some treat it as a secret.
  package var description: String {
    let source = profile.map { "profile \($0)" } ?? "default credentials"
    guard let roleARN else { return source }
    let session = roleSessionName.map { " as \($0)" } ?? ""
    let external = externalID == nil ? "" : " with an external id"
    return "\(roleARN)\(session)\(external) by \(source)"
  }

  package static let defaultSessionName = "cognito-certd"
}

/// A domain, its user pool, and the rule that picks its certificate.
package struct Mapping: Equatable, Sendable {
  package var domain: DomainName
  package var userPoolID: UserPoolID
  package var region: Region
  package var identity: Identity
  package var selector: CertificateSelector
  package var mode: Mode
  package var onDrift: DriftPolicy
  package var wave: Int
  package var rollback: Rollback
  /// A PEM file of roots for the chain check and the probe; nil: the system's.
  package var caFile: String?
  package var probe: ProbeTarget

  package init(
    domain: DomainName, userPoolID: UserPoolID, region: Region, identity: Identity = Identity(),
    selector: CertificateSelector = CertificateSelector(), mode: Mode = .apply,
    onDrift: DriftPolicy = .restore, wave: Int = 0, rollback: Rollback = .off,
    caFile: String? = nil, probe: ProbeTarget = ProbeTarget()
  ) {
    self.domain = domain
    self.userPoolID = userPoolID
    self.region = region
    self.identity = identity
    self.selector = selector
    self.mode = mode
    self.onDrift = onDrift
    self.wave = wave
    self.rollback = rollback
    self.caFile = caFile
    self.probe = probe
  }

  package enum Mode: String, Sendable, CaseIterable { case apply, observe }
  package enum DriftPolicy: String, Sendable, CaseIterable { case restore, report }
  /// Whether the previous certificate is attached again when edges do not serve the new one.
  package enum Rollback: String, Sendable, CaseIterable { case off, on }
}

/// Which certificates may serve a domain; all given parts must hold.
package struct CertificateSelector: Equatable, Sendable {
  /// Pinned: the only candidate.
  package var arn: CertificateARN?
  /// ACM's primary name must equal this, without regard to case.
  package var domainName: String?
  package var tags: [String: String]
  package var types: Set<CertificateType>
  package var keyAlgorithms: Set<KeyAlgorithm>
  /// Validity that a candidate must have left.
  package var minRemaining: Duration
  /// Age since issue or import before a candidate may be chosen.
  package var soak: Duration

  package init(
    arn: CertificateARN? = nil, domainName: String? = nil, tags: [String: String] = [:],
    types: Set<CertificateType> = [.amazonIssued, .imported],
    keyAlgorithms: Set<KeyAlgorithm> = Set(KeyAlgorithm.servedByCloudFront),
    minRemaining: Duration = .days(7), soak: Duration = .zero
  ) {
    self.arn = arn
    self.domainName = domainName
    self.tags = tags
    self.types = types
    self.keyAlgorithms = keyAlgorithms
    self.minRemaining = minRemaining
    self.soak = soak
  }

  /// The selecting parts as one text, equal for equal selectors: kept in the state file to
  /// tell a changed selector. `min_remaining` and `soak` select nothing and are left out.
  package var fingerprint: String {
    let tags = tags.sorted { $0.key < $1.key }.map { key, value in
      "\(key.debugDescription)=\(value.debugDescription)"
    }
    return [
      "arn=\(arn?.text ?? "")", "domain_name=\(domainName ?? "")",
      "tags=\(tags.joined(separator: ","))",
      "types=\(types.map(\.description).sorted().joined(separator: ","))",
      "key_algorithms=\(keyAlgorithms.map(\.name).sorted().joined(separator: ","))",
    ].joined(separator: ";")
  }
}

/// Where the edges that serve a domain are looked for.
package struct ProbeTarget: Equatable, Sendable {
  package var isEnabled: Bool
  /// Every address that a host resolves to is an edge. With no `distributionPorts` either, empty
  /// means the domain itself, port 443.
  package var connectTo: [Endpoint]
  /// The ports on which the domain's CloudFront distribution is connected to, by the name that
  /// Cognito gives it: the word `cloudfront` in the configuration.
  package var distributionPorts: [Int]

  package init(
    isEnabled: Bool = true, connectTo: [Endpoint] = [], distributionPorts: [Int] = []
  ) {
    self.isEnabled = isEnabled
    self.connectTo = connectTo
    self.distributionPorts = distributionPorts
  }

  /// Whether the edges are the addresses that the domain itself resolves to.
  package var isOfDomainItself: Bool { connectTo.isEmpty && distributionPorts.isEmpty }

  package struct Endpoint: Hashable, Sendable, CustomStringConvertible {
    /// A host name, an IPv4 address, or an IPv6 address without brackets.
    package var host: String
    package var port: Int

    package init(host: String, port: Int) {
      self.host = host
      self.port = port
    }

    package var description: String {
      host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
    }
  }
}

/// How often things are looked at and tried again. The defaults are the product's.
package struct Pacing: Equatable, Sendable {
  package var pollInterval: Duration
  package var concurrency: Int
  /// How often a domain at rest is described; zero: at every poll.
  package var driftInterval: Duration
  /// Rollouts that submit or propagate at once, without urgent ones; 0: no limit.
  package var maxInFlight: Int
  /// Failed rollouts of a wave after which no further one of it begins; 0: never.
  package var stopAfterFailures: Int
  /// How long the last domain of a wave must have been proven before the next wave begins.
  package var waveSoak: Duration
  package var retryInitial: Duration
  /// Bounds every delay but the hourly look at a refused domain.
  package var retryMaximum: Duration
  /// What Cognito asks for to distribute a certificate.
  package var window: Duration
  package var checkInterval: Duration
  package var maxCheckInterval: Duration
  package var confirmations: Int
  package var resubmits: Int
  /// How often an in-sync domain's edges are looked at; nil: never.
  package var idleProbeInterval: Duration?
  /// Time left at which `certificate.expiring` is logged; the end itself always is.
  package var expiryWarnings: [Duration]

  /// When a domain that was described at `instant` and is at rest is described again. The nearest poll
  /// counts: answers take a moment, and an interval of a few polls should not become one more.
  package func nextDescription(after instant: Instant) -> Instant {
    instant + (driftInterval + (.zero - pollInterval / 2))
  }

  package init(
    pollInterval: Duration = .minutes(5), concurrency: Int = 16,
    driftInterval: Duration = .hours(1), maxInFlight: Int = 0, stopAfterFailures: Int = 0,
    waveSoak: Duration = .zero,
    retryInitial: Duration = .seconds(30), retryMaximum: Duration = .minutes(30),
    window: Duration = .hours(1), checkInterval: Duration = .seconds(30),
    maxCheckInterval: Duration = .minutes(5), confirmations: Int = 3, resubmits: Int = 3,
    idleProbeInterval: Duration? = .hours(1),
    expiryWarnings: [Duration] = [.days(30), .days(14), .days(7), .days(3), .days(1)]
  ) {
    self.pollInterval = pollInterval
    self.concurrency = concurrency
    self.driftInterval = driftInterval
    self.maxInFlight = maxInFlight
    self.stopAfterFailures = stopAfterFailures
    self.waveSoak = waveSoak
    self.retryInitial = retryInitial
    self.retryMaximum = retryMaximum
    self.window = window
    self.checkInterval = checkInterval
    self.maxCheckInterval = maxCheckInterval
    self.confirmations = confirmations
    self.resubmits = resubmits
    self.idleProbeInterval = idleProbeInterval
    self.expiryWarnings = expiryWarnings
  }
}
