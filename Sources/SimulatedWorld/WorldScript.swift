import RolloutCore
import SimulatedAWS

/// What a seed says about a world: its domains, its faults, and everything that happens in it.
struct WorldScript: Sendable {
  static let start = Instant(year: 2027, month: 3, day: 1)
  /// Faults and operators act until then; after it everything must settle.
  static let storm = Duration.hours(40)
  /// How long everything has to settle: a refused rollout is tried hourly, a drift put back
  /// once in 24 hours, a step of the clock and backoff come on top.
  static let calm = Duration.hours(30)

  let seed: UInt64
  var pacing: Pacing
  var domains: [DomainPlan]
  var happenings: [Happening]
  var probabilities: [(fault: Fault, millionths: UInt64)]

  struct DomainPlan: Sendable {
    var name: String
    var account: Int
    var pool: String
    var edges: Int
    var wave: Int
    var isProbed: Bool
    var showsNewARN: DomainBehaviour.NewARN
    var whileUpdating: DomainBehaviour.UpdatingAnswer
    var activeAfter: Duration
    var spread: Duration
    /// Validity left of the first certificate.
    var firstEnds: Duration
    var reportsDrift: Bool
  }

  struct Happening: Sendable {
    var at: Duration
    var kind: Kind
  }

  enum Kind: Sendable {
    /// A new certificate for the domain, under a new ARN.
    case replace(domain: Int, lifetime: Duration)
    /// One that can never serve: a key that CloudFront does not take, another name, ….
    case decoy(domain: Int, flaw: Int)
    /// The attached certificate is renewed under its ARN.
    case renew(domain: Int)
    /// A person attaches an earlier certificate.
    case meddle(domain: Int)
    case revoke(domain: Int)
    case powerCut(points: Int)
    case clockStep(Duration)
    case diskFull(Duration)
    case unreachableEdges(domain: Int, Duration)
    case stuckUpdating(domain: Int, Duration)
    case credentialsGone(account: Int, Duration)
    case poll
    case hold(domain: Int, Duration)
  }

  init(seed: UInt64) {
    self.seed = seed
    var dice = Dice(seed: seed)
    func upTo(_ bound: UInt64) -> UInt64 { dice.next() % bound }
    pacing = Pacing(
      pollInterval: .minutes(Int64(20 + upTo(50))), concurrency: 1,
      checkInterval: .seconds(Int64(30 + upTo(90))), maxCheckInterval: .minutes(10),
      confirmations: Int(1 + upTo(3)), resubmits: Int(upTo(4)),
      idleProbeInterval: upTo(4) == 0 ? nil : .hours(Int64(1 + upTo(6))))
    let count = Int(1 + upTo(3))
    domains = (0..<count).map { index in
      DomainPlan(
        name: "auth\(index).example.com", account: index % 2, pool: "eu-west-1_Pool\(index)",
        edges: Int(1 + upTo(4)), wave: upTo(3) == 0 ? index : 0, isProbed: upTo(6) != 0,
        showsNewARN: upTo(2) == 0 ? .atOnce : .whenActive,
        whileUpdating: upTo(2) == 0 ? .concurrentModification : .invalidParameter,
        activeAfter: .minutes(Int64(1 + upTo(40))), spread: .minutes(Int64(upTo(80))),
        firstEnds: .days(Int64(1 + upTo(60))), reportsDrift: upTo(5) == 0)
    }
    var happenings: [Happening] = []
    for _ in 0..<Int(3 + upTo(9)) {
      let at = Duration.minutes(Int64(upTo(38 * 60)))
      let domain = Int(upTo(UInt64(count)))
      let minutes = Duration.minutes(Int64(5 + upTo(180)))
      let kind: Kind
      switch upTo(20) {
      case 0...5: kind = .replace(domain: domain, lifetime: .days(Int64(20 + upTo(300))))
      case 6, 7: kind = .decoy(domain: domain, flaw: Int(upTo(7)))
      case 8: kind = .renew(domain: domain)
      case 9: kind = .meddle(domain: domain)
      case 10: kind = .revoke(domain: domain)
      case 11, 12: kind = .powerCut(points: Int(upTo(12)))
      case 13: kind = .clockStep(.minutes(Int64(upTo(360)) - 180))
      case 14: kind = .diskFull(minutes)
      case 15: kind = .unreachableEdges(domain: domain, minutes)
      case 16: kind = .stuckUpdating(domain: domain, minutes)
      case 17: kind = .credentialsGone(account: domain % 2, minutes)
      case 18: kind = .poll
      default: kind = .hold(domain: domain, minutes)
      }
      happenings.append(Happening(at: at, kind: kind))
    }
    // Every world sees at least one replacement.
    happenings.append(
      Happening(
        at: .minutes(Int64(30 + upTo(600))), kind: .replace(domain: 0, lifetime: .days(200))))
    self.happenings = happenings.sorted { $0.at < $1.at }
    let intensity = upTo(4)
    probabilities = WorldScript.faults.map { ($0.fault, $0.weight * intensity * 1000) }
  }

  private static let faults: [(fault: Fault, weight: UInt64)] = [
    (.throttled, 8), (.unreachable, 8), (.answerLost, 8), (.requestLost, 4), (.internalError, 4),
    (.internalErrorAfterwards, 4), (.truncated, 3), (.proxyPage, 3), (.proxyUnavailable, 2),
    (.emptyDescription, 2), (.emptyObject, 2), (.missingMembers, 3), (.unknownValues, 2),
    (.endlessPages, 1), (.expiredCredentials, 3), (.wrongSignature, 2), (.accessDenied, 2),
    (.concurrentModification, 4), (.halfAnswer, 3), (.endsFailed, 3), (.staysUpdating, 1),
    (.staleEdges, 1), (.oneStaleEdge, 1), (.oversized, 1),
  ]
}
