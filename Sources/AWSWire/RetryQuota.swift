import POSIX
import RolloutCore

/// Limits retries as the SDKs do: a retry costs tokens, and a success returns some. When they are used
/// up, the next failure is final. So retries do not add load to a service that fails.
struct RetryQuota: Sendable {
  /// What shares a quota. Failures of one account do not affect another.
  struct Scope: Hashable {
    let service: AWSService
    let region: Region
    let identity: Identity
  }

  static let capacity = 500
  static let costOfRetry = 5
  static let reward = 1

  private let spent = Guarded<[Scope: Int]>([:])

  /// Takes the tokens of a retry. Returns false, and takes none, when there are not enough.
  func spend(_ cost: Int, in scope: Scope) -> Bool {
    spent.withLock { spent in
      let total = spent[scope, default: 0] + cost
      if total > RetryQuota.capacity { return false }
      spent[scope] = total
      return true
    }
  }

  /// Returns the cost of the last retry, or the reward for a request that needed none.
  func recordSuccess(afterRetryCosting cost: Int, in scope: Scope) {
    spent.withLock { spent in
      guard let total = spent[scope] else { return }
      let remaining = total - max(cost, RetryQuota.reward)
      spent[scope] = remaining > 0 ? remaining : nil
    }
  }
}
