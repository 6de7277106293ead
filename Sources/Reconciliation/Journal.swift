/// Commits changes to the state file in groups: what comes while a commit is under way is written
/// by the next one together.
actor Journal {
  private let state: any StatePort
  private var isCommitting = false
  private var waiting: [Waiter] = []
  /// History that could not be written when its record changed: it goes with the next commit.
  private var backlog: [HistoryEntry] = []
  /// Transactions that were committed.
  private(set) var writes = 0

  private struct Waiter {
    let change: StateChange
    let continuation: CheckedContinuation<Signal, Never>
  }

  /// What ends the wait of a change.
  private enum Signal: Sendable {
    case done(StateFailure?)
    /// It commits for itself and those that wait behind it.
    case lead
  }

  init(state: any StatePort) { self.state = state }

  /// Keeps history for the next commit.
  func keep(_ entries: [HistoryEntry]) {
    backlog += entries
    // A disk that is full for weeks does not fill the memory.
    if backlog.count > Journal.maximumBacklog {
      backlog.removeFirst(backlog.count - Journal.maximumBacklog)
    }
  }

  static let maximumBacklog = 10_000

  /// Writes the change in one durable transaction, perhaps with others. The failure when nothing
  /// of it was written.
  func commit(_ change: StateChange) async -> StateFailure? {
    if isCommitting {
      let turn = await withCheckedContinuation { continuation in
        waiting.append(Waiter(change: change, continuation: continuation))
      }
      if case .done(let failure) = turn { return failure }
    }
    isCommitting = true
    // A guarded change stands alone: what its guard refuses is refused to it only.
    var group: [Waiter] = []
    if change.guarding == nil {
      group = waiting.filter { $0.change.guarding == nil }
      waiting.removeAll { $0.change.guarding == nil }
    }
    let failure = await write(group.reduce(change) { $0.joined(with: $1.change) })
    for waiter in group { waiter.continuation.resume(returning: .done(failure)) }
    if waiting.isEmpty {
      isCommitting = false
    } else {
      waiting.removeFirst().continuation.resume(returning: .lead)
    }
    return failure
  }

  private func write(_ change: StateChange) async -> StateFailure? {
    var change = change
    let kept = backlog
    change.history = kept + change.history
    do throws(StateFailure) {
      try await state.commit(change)
    } catch {
      return error
    }
    writes += 1
    backlog.removeFirst(kept.count)
    return nil
  }
}

extension StateChange {
  fileprivate func joined(with other: StateChange) -> StateChange {
    StateChange(
      records: records + other.records, ended: ended + other.ended,
      history: history + other.history,
      firstImports: firstImports.merging(other.firstImports) { min($0, $1) },
      stops: stops + other.stops, resumedWaves: resumedWaves + other.resumedWaves,
      handled: handled + other.handled, guarding: guarding)
  }
}
