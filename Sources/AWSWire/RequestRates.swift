import POSIX
import RolloutCore

/// Keeps every operation of an account below its published quota, and further below it after a
/// throttled request. Identities of one account share its rates.
struct RequestRates: Sendable {
  private struct Scope: Hashable {
    /// An account's number, or an identity whose account is not known.
    let owner: String
    let region: Region
    let operation: String
  }

  private struct Rate {
    /// Uptime from which on the next request fits into the rate.
    var nextAt: Duration
    /// What was left of the rate when it was last throttled.
    var factor = 1.0
    /// Uptime of that moment.
    var throttledAt = Duration.zero

    /// The part of the rate that is used now: the whole again some time after the last refusal.
    func factor(at now: Duration) -> Double {
      min(1, factor + (now - throttledAt) / RequestRates.recovery)
    }
  }

  private let accounts: AccountNumbers
  private let rates = Guarded<[Scope: Rate]>([:])

  init(accounts: AccountNumbers) { self.accounts = accounts }

  /// In any second no more than `perSecond + burst` requests are sent.
  private struct Limit {
    let perSecond: Double
    /// Requests that may be sent at once.
    let burst: Double
  }

  /// Operations that are not here have no published quota, or a much higher one.
  private static let limits: [String: Limit] = [
    // AWS allows 8; it was 1 earlier, and what is throttled is slowed down further.
    "ListCertificates": Limit(perSecond: 6, burst: 2),
    // AWS allows 10.
    "DescribeCertificate": Limit(perSecond: 7, burst: 2),
    "GetCertificate": Limit(perSecond: 7, burst: 2),
    // AWS allows 20.
    "DescribeUserPoolDomain": Limit(perSecond: 14, burst: 5),
    // AWS allows 15 of both together.
    "ListUserPools": Limit(perSecond: 3, burst: 1),
    "DescribeUserPool": Limit(perSecond: 9, burst: 2),
    // Not published.
    "GetResources": Limit(perSecond: 5, burst: 2),
  ]

  private static let lowestFactor = 1.0 / 16
  /// How long it takes from nothing to the whole rate.
  private static let recovery = Duration.minutes(1)

  /// Takes the place of one request, and returns how long it must wait for it.
  func reserve(_ call: WireCall, at now: Duration) -> Duration {
    guard let limit = RequestRates.limits[call.operation] else { return .zero }
    return rates.withLock { rates in
      let scope = scope(of: call)
      var rate = rates[scope] ?? Rate(nextAt: .zero - .seconds(1))
      let interval = Duration.seconds(1) * (1 / (limit.perSecond * rate.factor(at: now)))
      let begin = max(rate.nextAt, now - interval * (limit.burst - 1))
      rate.nextAt = begin + interval
      rates[scope] = rate
      return max(.zero, begin - now)
    }
  }

  /// The request was throttled: the next ones of its operation are sent at half the rate.
  func slowDown(_ call: WireCall, at now: Duration) {
    guard RequestRates.limits[call.operation] != nil else { return }
    rates.withLock { rates in
      guard var rate = rates[scope(of: call)] else { return }
      rate.factor = max(rate.factor(at: now) / 2, RequestRates.lowestFactor)
      rate.throttledAt = now
      rates[scope(of: call)] = rate
    }
  }

  private func scope(of call: WireCall) -> Scope {
    Scope(
      owner: accounts.number(of: call.identity) ?? call.identity.description, region: call.region,
      operation: call.operation)
  }
}
