import RolloutCore

/// Something that happens in a world beside the daemon. A domain or an account is named by its
/// index.
enum HappeningKind: Sendable {
  /// A new certificate for the domain, under a new ARN.
  case replacement(domain: Int, lifetime: Duration)
  /// A new certificate that passes every check, and with which edges refuse the domain.
  case refusedReplacement(domain: Int)
  /// A certificate that can never serve: a key that CloudFront does not take, another name, ….
  case decoy(domain: Int, flaw: Int)
  /// The attached certificate is renewed under its ARN.
  case renewal(domain: Int)
  /// A person attaches an earlier certificate.
  case manualAttachment(domain: Int)
  case revocation(domain: Int)
  /// A colleague changes the domain's settings.
  case changedSettings(domain: Int)

  case powerCut(points: Int)
  case clockStep(Duration, inRequest: Bool)
  case fullDisk(Duration)

  case unreachableEdges(domain: Int, Duration)
  case hangingEdges(domain: Int, Duration)
  case stuckUpdate(domain: Int, Duration)
  case laggingDescription(domain: Int, lag: Duration, Duration)
  case hangingDescription(domain: Int, Duration)
  case hangingAccount(Int, Duration)
  case lostCredentials(account: Int, Duration)
  case lostPermission(account: Int, action: String, Duration)

  /// SIGUSR1.
  case poll
  /// `hold` for a time or, with nil, until `resume`, which comes after the second duration.
  case hold(domain: Int, until: Duration?, resumedAfter: Duration)
  case retry(domain: Int)

  case observeMode(domain: Int, Duration)
  case changedSelector(domain: Int, Duration)
  case pin(domain: Int, Duration)
  case changedWaves(Duration)
  /// The configuration names another account, which has no such domain.
  case wrongAccount(domain: Int, Duration)
}

extension WorldScript {
  /// The names of happenings, and how likely each is.
  private enum Name: CaseIterable {
    case replacement, decoy, renewal, manualAttachment, revocation, changedSettings
    case powerCut, clockStep, fullDisk
    case unreachableEdges, hangingEdges, stuckUpdate, laggingDescription, hangingDescription
    case hangingAccount, lostCredentials, lostPermission
    case poll, hold, retry
    case observeMode, changedSelector, pin, changedWaves, wrongAccount

    var weight: Int {
      switch self {
      case .replacement: 14
      case .decoy: 5
      case .renewal, .manualAttachment, .revocation: 3
      case .changedSettings: 5
      case .powerCut: 5
      case .clockStep: 4
      case .fullDisk: 3
      case .unreachableEdges, .hangingEdges, .stuckUpdate: 2
      case .laggingDescription: 3
      case .hangingDescription: 2
      case .hangingAccount: 5
      case .lostCredentials: 2
      case .lostPermission: 4
      case .poll, .retry: 2
      case .hold: 4
      case .observeMode: 4
      case .changedSelector, .pin, .changedWaves, .wrongAccount: 2
      }
    }
  }

  private static let permissions = [
    "cognito-idp:DescribeUserPoolDomain", "acm:GetCertificate", "acm:ListCertificates",
    "acm:DescribeCertificate", "cognito-idp:UpdateUserPoolDomain",
    "cloudfront:updateDistribution",
  ]

  static func happenings(
    _ dice: inout WorldDice, accounts: Int, domains: Int
  ) -> [Happening] {
    var happenings: [Happening] = []
    for _ in 0..<(5 + dice.below(14)) {
      let at = Duration.seconds(Int64(dice.below(34 * 3600)))
      let name = name(&dice)
      happenings.append(
        Happening(at: at, kind: kind(name, &dice, accounts: accounts, domains: domains)))
    }
    // Every world sees at least one replacement, some at the same time as much else.
    let first = Duration.minutes(Int64(30 + dice.below(600)))
    for domain in 0..<(1 + dice.below(domains)) {
      let at = first + .seconds(Int64(dice.below(1200)))
      happenings.append(
        Happening(at: at, kind: .replacement(domain: domain, lifetime: .days(200))))
    }
    if dice.isOne(in: 10) {
      happenings.append(Happening(at: .zero, kind: .fullDisk(.minutes(Int64(5 + dice.below(90))))))
    }
    return happenings.sorted { $0.at < $1.at }
  }

  private static func name(_ dice: inout WorldDice) -> Name {
    var draw = dice.below(Name.allCases.reduce(0) { $0 + $1.weight })
    for name in Name.allCases {
      if draw < name.weight { return name }
      draw -= name.weight
    }
    return .replacement
  }

  private static func kind(
    _ name: Name, _ dice: inout WorldDice, accounts: Int, domains: Int
  ) -> HappeningKind {
    let domain = dice.below(domains)
    let account = dice.below(accounts)
    let length = Duration.minutes(Int64(5 + dice.below(180)))
    switch name {
    case .replacement:
      return .replacement(domain: domain, lifetime: .days(Int64(20 + dice.below(300))))
    case .decoy: return .decoy(domain: domain, flaw: dice.below(7))
    case .renewal: return .renewal(domain: domain)
    case .manualAttachment: return .manualAttachment(domain: domain)
    case .revocation: return .revocation(domain: domain)
    case .changedSettings: return .changedSettings(domain: domain)
    case .powerCut: return .powerCut(points: dice.below(12))
    case .clockStep:
      return .clockStep(.minutes(Int64(dice.below(360)) - 180), inRequest: dice.isOne(in: 2))
    case .fullDisk: return .fullDisk(length)
    case .unreachableEdges: return .unreachableEdges(domain: domain, length)
    case .hangingEdges: return .hangingEdges(domain: domain, length)
    case .stuckUpdate: return .stuckUpdate(domain: domain, length)
    case .laggingDescription:
      return .laggingDescription(
        domain: domain, lag: .seconds(Int64(1 + dice.below(10))), length * 4)
    case .hangingDescription: return .hangingDescription(domain: domain, length)
    case .hangingAccount: return .hangingAccount(account, length)
    case .lostCredentials: return .lostCredentials(account: account, length)
    case .lostPermission:
      return .lostPermission(
        account: account, action: permissions[dice.below(permissions.count)], length)
    case .poll: return .poll
    case .hold:
      return .hold(
        domain: domain, until: dice.isOne(in: 2) ? length : nil, resumedAfter: length)
    case .retry: return .retry(domain: domain)
    case .observeMode: return .observeMode(domain: domain, length)
    case .changedSelector: return .changedSelector(domain: domain, length)
    case .pin: return .pin(domain: domain, length)
    case .changedWaves: return .changedWaves(length)
    case .wrongAccount: return .wrongAccount(domain: domain, length)
    }
  }
}
