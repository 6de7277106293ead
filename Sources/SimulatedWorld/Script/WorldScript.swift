import Reconciliation
import RolloutCore
import SimulatedAWS

/// What a seed says about a world: its accounts and domains, its faults, and everything that
/// happens in it.
struct WorldScript: Sendable {
  static let start = Instant(year: 2027, month: 3, day: 1)

  let seed: UInt64
  /// Faults and operators act until then; after it everything must settle.
  var storm = Duration.hours(36)
  /// How long everything has to settle: a refused rollout is tried hourly, a drift put back
  /// once in 24 hours; a step of the clock and backoff come on top.
  var calm = Duration.hours(30)
  /// How long ACM shows a certificate in use after the last edge has let go.
  var inUseLag: Duration { .minutes(Int64(seed % 5) * 20) }
  var accounts: Int
  var pacing: Pacing
  var domains: [DomainPlan]
  var happenings: [Happening]
  var faults: [(fault: Fault, millionths: UInt64)]

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
    var rollsBack = false
  }

  struct Happening: Sendable {
    var at: Duration
    var kind: HappeningKind
  }

  init(seed: UInt64) {
    self.seed = seed
    var dice = WorldDice(seed: seed)
    accounts = 2 + min(dice.below(5), dice.below(5))
    pacing = Pacing(
      pollInterval: .minutes(Int64(25 + dice.below(60))), concurrency: 1 + dice.below(6),
      driftInterval: .hours(Int64(seed % 4)),
      retryMaximum: .minutes(Int64(10 + dice.below(21))),
      checkInterval: .seconds(Int64(30 + dice.below(90))), maxCheckInterval: .minutes(10),
      confirmations: 1 + dice.below(3), resubmits: dice.below(4),
      idleProbeInterval: dice.isOne(in: 4) ? nil : .hours(Int64(1 + dice.below(6))))
    let hasWaves = dice.isOne(in: 3)
    domains = (0..<accounts).flatMap { account in
      (0..<(1 + min(dice.below(3), dice.below(3)))).map { index in
        WorldScript.domain(index, of: account, hasWaves: hasWaves, &dice)
      }
    }
    happenings = WorldScript.happenings(&dice, accounts: accounts, domains: domains.count)
    let intensity = UInt64(dice.below(4))
    faults = WorldScript.faultWeights.map { ($0.fault, $0.weight * intensity * 1000) }
    limitCampaigns()
  }

  /// Limits across the fleet, rollbacks, and certificates that edges refuse. They have dice of their
  /// own, so that a world with none of them is as its seed says.
  private mutating func limitCampaigns() {
    var dice = WorldDice(seed: seed ^ 0xca3b_a19e)
    if dice.isOne(in: 3) { pacing.maxInFlight = 1 + dice.below(3) }
    if dice.isOne(in: 3) { pacing.stopAfterFailures = 1 + dice.below(3) }
    if dice.isOne(in: 3) { pacing.waveSoak = .minutes(Int64(1 + dice.below(120))) }
    for index in domains.indices { domains[index].rollsBack = dice.isOne(in: 2) }
    if !dice.isOne(in: 2) { return }
    for _ in 0...dice.below(3) {
      let at = Duration.seconds(Int64(dice.below(30 * 3600)))
      happenings.append(
        Happening(at: at, kind: .refusedReplacement(domain: dice.below(domains.count))))
    }
    happenings.sort { $0.at < $1.at }
  }

  /// A world of healthy accounts in which nothing happens.
  init(quietFor length: Duration, accounts: Int, domainsInEach: Int) {
    seed = 1
    storm = length
    calm = .zero
    self.accounts = accounts
    pacing = Pacing()
    var dice = WorldDice(seed: 1)
    domains = (0..<accounts).flatMap { account in
      (0..<domainsInEach).map { index in
        var plan = WorldScript.domain(index, of: account, hasWaves: false, &dice)
        plan.isProbed = true
        plan.firstEnds = .days(200)
        return plan
      }
    }
    happenings = []
    faults = []
  }

  private static func domain(
    _ index: Int, of account: Int, hasWaves: Bool, _ dice: inout WorldDice
  ) -> DomainPlan {
    DomainPlan(
      name: "auth\(index).account\(account).example.com", account: account,
      pool: "eu-west-1_Pool\(account)x\(index)", edges: 1 + dice.below(4),
      wave: hasWaves ? dice.below(3) : 0, isProbed: !dice.isOne(in: 6),
      showsNewARN: dice.isOne(in: 2) ? .atOnce : .whenActive,
      whileUpdating: dice.isOne(in: 2) ? .concurrentModification : .invalidParameter,
      activeAfter: .minutes(Int64(1 + dice.below(40))), spread: .minutes(Int64(dice.below(80))),
      firstEnds: dice.isOne(in: 4)
        ? .hours(Int64(4 + dice.below(60))) : .days(Int64(4 + dice.below(60))),
      reportsDrift: dice.isOne(in: 5))
  }

  /// What can go wrong with a request, in thousandths of a percent at the lowest intensity.
  private static let faultWeights: [(fault: Fault, weight: UInt64)] = [
    (.throttled, 8), (.unreachable, 8), (.answerLost, 8), (.requestLost, 4), (.internalError, 4),
    (.internalErrorAfterwards, 4), (.truncated, 3), (.proxyPage, 3), (.proxyUnavailable, 2),
    (.emptyDescription, 2), (.emptyObject, 2), (.missingMembers, 3), (.unknownValues, 2),
    (.endlessPages, 1), (.expiredCredentials, 3), (.wrongSignature, 2), (.accessDenied, 2),
    (.concurrentModification, 4), (.halfAnswer, 3), (.endsFailed, 3), (.staysUpdating, 1),
    (.staleEdges, 1), (.oneStaleEdge, 1), (.oversized, 1), (.unanswered, 2), (.hangs, 2),
  ]
}

/// Draws from the seed of a world.
struct WorldDice: Sendable {
  private var dice: Dice

  init(seed: UInt64) { dice = Dice(seed: seed) }

  /// A number from 0 up to, not including, `bound`.
  mutating func below(_ bound: Int) -> Int { Int(dice.next() % UInt64(bound)) }

  mutating func isOne(in count: Int) -> Bool { below(count) == 0 }
}
