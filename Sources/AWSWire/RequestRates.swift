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
    /// What is left of the rate after throttled requests.
    var factor = 1.0
  }

  private let accounts: AccountNumbers
  private let rates = Guarded<[Scope: Rate]>([:])

  init(accounts: AccountNumbers) { self.accounts = accounts }

  /// Requests a second. Those that are not here have no published quota, or a much higher one.
  private static let perSecond: [String: Double] = [
    // AWS allows 8; it was 1 earlier, and what is throttled is slowed down further.
    "ListCertificates": 7,
    // AWS allows 10.
    "DescribeCertificate": 8, "GetCertificate": 8,
    // AWS allows 20.
    "DescribeUserPoolDomain": 15,
    // Not published.
    "GetResources": 5,
  ]

  private static let lowestFactor = 1.0 / 16
  private static let recovery = 1.0 / 16

  /// Takes the place of one request, and returns how long it must wait for it. Requests of one second
  /// may be sent at once.
  func reserve(_ call: WireCall, at now: Duration) -> Duration {
    guard let perSecond = RequestRates.perSecond[call.operation] else { return .zero }
    return rates.withLock { rates in
      var rate = rates[scope(of: call)] ?? Rate(nextAt: now - .seconds(1))
      let interval = Duration.seconds(1) * (1 / (perSecond * rate.factor))
      let begin = max(rate.nextAt, now - .seconds(1) + interval)
      rate.nextAt = begin + interval
      rates[scope(of: call)] = rate
      return max(.zero, begin - now)
    }
  }

  /// Slows an operation down when it was throttled, and lets it recover with each answer.
  func note(isThrottled: Bool, _ call: WireCall) {
    guard RequestRates.perSecond[call.operation] != nil else { return }
    rates.withLock { rates in
      guard var rate = rates[scope(of: call)], isThrottled || rate.factor < 1 else { return }
      rate.factor =
        isThrottled
        ? max(rate.factor / 2, RequestRates.lowestFactor)
        : min(rate.factor + RequestRates.recovery, 1)
      rates[scope(of: call)] = rate
    }
  }

  private func scope(of call: WireCall) -> Scope {
    Scope(
      owner: accounts.number(of: call.identity) ?? call.identity.description, region: call.region,
      operation: call.operation)
  }
}
