import RolloutCore

/// The latest list of certificates of each AWS account. Identities that turn out to be of one
/// account list it once.
actor SharedLists {
  private struct Entry {
    let list: [Certificate]
    let identity: Identity
    /// Uptime.
    let begunAt: Duration
  }

  private var entries: [String: Entry] = [:]
  private var underWay: [String: [CheckedContinuation<Void, Never>]] = [:]

  /// The list of the account, from memory when another identity's request for it began at `since` or
  /// later, otherwise by `request`. An identity never gets its own earlier list. A failure is not shared: the next identity may have the
  /// permission.
  func list(
    of account: String, for identity: Identity, since: Duration, uptime: @Sendable () -> Duration,
    request: @Sendable () async -> Look<[Certificate]>
  ) async -> Look<[Certificate]> {
    while underWay[account] != nil {
      await withCheckedContinuation { underWay[account]?.append($0) }
    }
    if let entry = entries[account], entry.identity != identity, entry.begunAt >= since {
      return .seen(entry.list)
    }
    underWay[account] = []
    let begunAt = uptime()
    let look = await request()
    if let list = look.value {
      entries[account] = Entry(list: list, identity: identity, begunAt: begunAt)
    }
    for waiter in underWay.removeValue(forKey: account) ?? [] { waiter.resume() }
    return look
  }

  /// Someone asks for a look at everything as it is now.
  func forget() { entries = [:] }
}
