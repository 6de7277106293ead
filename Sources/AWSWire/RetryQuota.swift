import POSIX
import RolloutCore
import Transport

/// How many more repeats an account's service may be asked for, as the SDKs count them: a
/// repeat costs tokens, a call that passed gives some back, and when they are used up the next
/// failure is final. Callers of a service in trouble so stop adding to it.
struct RetryQuota: Sendable {
  /// Who shares a quota. Another account's trouble is not this one's.
  struct Scope: Hashable {
    let service: AWSService
    let region: Region
    let identity: Identity
  }

  static let capacity = 500
  static let costOfRetry = 5
  static let costAfterTimeout = 10
  static let reward = 1

  private let spent = Guarded<[Scope: Int]>([:])

  /// False, and nothing taken, when there are not enough left.
  func take(_ cost: Int, in scope: Scope) -> Bool {
    spent.withLock { spent in
      let total = spent[scope, default: 0] + cost
      if total > RetryQuota.capacity { return false }
      spent[scope] = total
      return true
    }
  }

  /// Gives back what the last repeat cost, or the reward of a call that needed none.
  func passed(returning cost: Int, in scope: Scope) {
    spent.withLock { spent in
      guard let total = spent[scope] else { return }
      let rest = total - max(cost, RetryQuota.reward)
      spent[scope] = rest > 0 ? rest : nil
    }
  }
}
