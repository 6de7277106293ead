/// Runs `work`, and cancels its tasks when the time has passed. It returns when `work` has: a cancelled
/// request or handshake ends at once.
func withTimeLimit(_ limit: Duration, _ work: @escaping @Sendable () async -> Void) async {
  await withTaskGroup(of: Void.self) { group in
    group.addTask { await work() }
    group.addTask { await CallClock().sleep(for: limit) }
    await group.next()
    group.cancelAll()
  }
}

/// Runs `work` for every item, at most `atOnce` concurrently, and returns when all have ended.
func forEach<Item: Sendable>(
  _ items: [Item], atOnce: Int, _ work: @escaping @Sendable (Item) async -> Void
) async {
  await withTaskGroup(of: Void.self) { group in
    for (index, item) in items.enumerated() {
      if index >= atOnce { await group.next() }
      group.addTask { await work(item) }
    }
  }
}
