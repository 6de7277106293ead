package import RolloutCore

/// Whose turn it is: a pure record of when each account is due, and of the cycles that run.
///
/// All times are uptime, which nobody sets. A cycle that waits for an answer for longer than
/// `patience` lends its slot to others, so that an account that hangs delays none of them. An
/// account whose requests timed out is tried again with growing pauses, and all such accounts
/// together use at most half of the slots.
package struct Roster: Sendable {
  private var entries: [Identity: Entry] = [:]
  private var order: [Identity] = []
  /// When accounts are due. A place that is outdated is passed over when its time comes: whatever
  /// changes the due time of an account adds a new one.
  private var times = Heap<Place>()
  /// Those that are due and wait for a slot.
  private var ready = Heap<Place>()
  private var running: Set<Identity> = []
  package var pacing: Pacing

  /// How long a cycle may wait for an answer before its slot is lent.
  package static let patience = Duration.milliseconds(250)

  private struct Entry: Sendable {
    var position: Int
    /// False once the account has left the configuration; it is kept while its cycle runs.
    var isMapped = true
    var nextPollAt: Duration
    /// When a domain is due before the next poll.
    var nextLooks: [DomainName: Duration] = [:]
    /// Domains that an operator, a signal or another domain asked to look at.
    var requested: Set<DomainName> = []
    var pollIsRequested = false
    var hasPolled = false
    /// Set when a cycle ran out of its budget: it goes behind the other accounts.
    var isLeftOver = false
    /// Cycles in a row whose requests timed out.
    var timeOuts = 0
    var notBefore: Duration?
    var running: Running?
    /// The time of its latest place, while that is in `times` or `ready`.
    var placedAt: Duration?
  }

  private struct Place: Comparable, Sendable {
    let rank: Int
    let time: Duration
    let position: Int
    let identity: Identity

    static func < (left: Place, right: Place) -> Bool {
      (left.rank, left.time, left.position) < (right.rank, right.time, right.position)
    }

    static func == (left: Place, right: Place) -> Bool {
      (left.rank, left.time, left.position) == (right.rank, right.time, right.position)
    }
  }

  private struct Running: Sendable {
    var lastAnswerAt: Duration
  }

  package init(pacing: Pacing) { self.pacing = pacing }

  // MARK: Accounts

  /// Takes the accounts of a configuration. Known ones keep their times; new ones are due now,
  /// and every poll after that is spread over the interval.
  package mutating func adopt(_ identities: [Identity], at now: Duration) {
    let known = entries
    order = identities
    entries = [:]
    for (position, identity) in identities.enumerated() {
      var entry = known[identity] ?? Entry(position: position, nextPollAt: now)
      entry.position = position
      entry.isMapped = true
      entries[identity] = entry
    }
    // An account that has left is kept until its cycle ends: it may return before that, and no
    // two cycles of one account may run side by side.
    for (identity, entry) in known where entry.running != nil && entries[identity] == nil {
      entries[identity] = entry
      entries[identity]?.isMapped = false
    }
    times = Heap()
    ready = Heap()
    for identity in order {
      entries[identity]?.placedAt = nil
      place(identity)
    }
  }

  /// Adds the account's due time, unless it is there already.
  private mutating func place(_ identity: Identity) {
    guard let entry = entries[identity], let time = dueTime(of: identity), entry.placedAt != time
    else { return }
    entries[identity]?.placedAt = time
    times.insert(Place(rank: 0, time: time, position: entry.position, identity: identity))
  }

  /// The account's part of the interval, so that a fleet does not call in the same second. Accounts
  /// of a large fleet are polled a few at a time, which wakes the program less often.
  private func phase(of position: Int) -> Duration {
    let count = max(1, order.count)
    let slots = max(1, pacing.concurrency)
    let groups = max(min(count, Roster.groups), (count + slots - 1) / slots)
    return pacing.pollInterval * (position * groups / count + 1) / groups
  }

  /// Times in an interval at which accounts are polled, unless there are fewer accounts, or more than
  /// fit into the slots.
  private static let groups = 60

  package mutating func requestPoll(of identity: Identity) {
    entries[identity]?.pollIsRequested = true
    entries[identity]?.notBefore = nil
    place(identity)
  }

  package mutating func requestPolls() {
    for identity in order { requestPoll(of: identity) }
  }

  package mutating func requestLook(at domain: DomainName, of identity: Identity) {
    entries[identity]?.requested.insert(domain)
    place(identity)
  }

  /// When the domain is due before the next poll; nil: with the next poll.
  package mutating func schedule(
    _ domain: DomainName, of identity: Identity, at time: Duration?
  ) {
    entries[identity]?.nextLooks[domain] = time
    place(identity)
  }

  /// Has the account polled when `other` is, which is of the same AWS account.
  package mutating func align(_ identity: Identity, with other: Identity) {
    guard let leader = entries[other], leader.timeOuts == 0, entries[identity]?.timeOuts == 0 else {
      return
    }
    entries[identity]?.nextPollAt = leader.nextPollAt
    place(identity)
  }

  // MARK: Turns

  /// The cycles that begin now, in order: first those whose last cycle was answered, then those
  /// that were left over, then those that time out; without those that are done for good.
  package mutating func begin(
    at now: Duration, leavingOut isDone: (Identity) -> Bool = { _ in false }
  ) -> [Turn] {
    collectDue(at: now)
    var use = slotUse(at: now)
    var turns: [Turn] = []
    while let place = ready.first {
      let isTimingOut = place.rank == Roster.rankOfTimeOuts
      // Those that time out come last: where one is not admitted, no later one is.
      guard use.admits(isTimingOut: isTimingOut) else { break }
      _ = ready.removeFirst()
      guard isCurrent(place, at: now) else { continue }
      if isDone(place.identity) { continue }
      use.add(isTimingOut: isTimingOut)
      turns.append(turn(of: place.identity, at: now))
    }
    return turns
  }

  /// Moves the accounts whose time has come to those that wait for a slot.
  private mutating func collectDue(at now: Duration) {
    while let place = times.first, place.time <= now {
      _ = times.removeFirst()
      guard isCurrent(place, at: now) else { continue }
      ready.insert(
        Place(
          rank: rank(place.identity), time: place.time, position: place.position,
          identity: place.identity))
    }
  }

  /// Whether the account is due by this place; an account that is due at another time has, or gets,
  /// another place.
  private mutating func isCurrent(_ place: Place, at now: Duration) -> Bool {
    guard entries[place.identity]?.placedAt == place.time else { return false }
    if let time = dueTime(of: place.identity), time <= now { return true }
    entries[place.identity]?.placedAt = nil
    self.place(place.identity)
    return false
  }

  private static let rankOfTimeOuts = 2

  private func rank(_ identity: Identity) -> Int {
    guard let entry = entries[identity] else { return 0 }
    return entry.timeOuts > 0 ? Roster.rankOfTimeOuts : entry.isLeftOver ? 1 : 0
  }

  private func dueTime(of identity: Identity) -> Duration? {
    guard let entry = entries[identity], entry.running == nil else { return nil }
    let asked = entry.pollIsRequested || !entry.requested.isEmpty || entry.isLeftOver
    let looks = entry.nextLooks.values.min()
    let due = asked ? .zero : min(entry.nextPollAt, looks ?? entry.nextPollAt)
    return max(due, entry.notBefore ?? .zero)
  }

  private func slotUse(at now: Duration) -> SlotUse {
    var use = SlotUse(slots: max(1, pacing.concurrency))
    for identity in running {
      guard let entry = entries[identity], let running = entry.running else { continue }
      let isTimingOut = entry.timeOuts > 0
      // A slot is lent while its cycle waits for an answer.
      if isTimingOut || now - running.lastAnswerAt < Roster.patience {
        use.add(isTimingOut: isTimingOut)
      }
    }
    return use
  }

  /// The slots that are taken.
  private struct SlotUse {
    let slots: Int
    var answering = 0
    var timingOut = 0

    /// One account that times out may run even where there is one slot only; it then takes none.
    func admits(isTimingOut: Bool) -> Bool {
      let half = slots / 2
      if isTimingOut && timingOut >= max(1, half) { return false }
      return answering + min(timingOut, half) < slots
    }

    mutating func add(isTimingOut: Bool) {
      if isTimingOut { timingOut += 1 } else { answering += 1 }
    }
  }

  private mutating func turn(of identity: Identity, at now: Duration) -> Turn {
    guard var entry = entries[identity] else {
      return Turn(identity: identity, isPoll: false, domains: [], isLeftOver: false)
    }
    let isPoll = entry.pollIsRequested || entry.nextPollAt <= now
    if isPoll {
      entry.nextPollAt = nextPoll(after: entry, now: now)
      entry.hasPolled = true
    }
    let looks = entry.nextLooks.filter { $0.value <= now }.map(\.key)
    let domains = isPoll ? [] : Array(entry.requested.union(looks)).sorted()
    if isPoll {
      entry.nextLooks = [:]
    } else {
      for domain in looks { entry.nextLooks[domain] = nil }
    }
    let turn = Turn(
      identity: identity, isPoll: isPoll, domains: domains, isLeftOver: entry.isLeftOver)
    entry.requested = []
    entry.pollIsRequested = false
    entry.isLeftOver = false
    entry.running = Running(lastAnswerAt: now)
    entry.placedAt = nil
    entries[identity] = entry
    running.insert(identity)
    return turn
  }

  private func nextPoll(after entry: Entry, now: Duration) -> Duration {
    // A requested poll leaves the next regular one where it is, unless the interval was shortened.
    if entry.nextPollAt > now { return min(entry.nextPollAt, now + pacing.pollInterval) }
    // The first poll, and one that came late, find their place in the interval.
    let next = entry.nextPollAt + pacing.pollInterval
    return entry.hasPolled && next > now ? next : now + phase(of: entry.position)
  }

  package mutating func noteAnswer(of identity: Identity, at now: Duration) {
    entries[identity]?.running?.lastAnswerAt = now
  }

  /// A cycle ended.
  ///
  /// - Parameters:
  ///   - timedOut: whether its requests timed out and none was answered.
  ///   - leftOver: domains for which its budget did not suffice.
  /// - Returns: the pause before an account that times out is tried again.
  package mutating func end(
    _ identity: Identity, at now: Duration, timedOut: Bool, leftOver: [DomainName], chance: UInt64
  ) -> Duration? {
    running.remove(identity)
    guard var entry = entries[identity] else { return nil }
    defer {
      entries[identity] = entry.isMapped ? entry : nil
      place(identity)
    }
    entry.running = nil
    entry.requested.formUnion(leftOver)
    entry.isLeftOver = !leftOver.isEmpty
    guard timedOut else {
      entry.timeOuts = 0
      entry.notBefore = nil
      return nil
    }
    entry.timeOuts += 1
    let pause = Backoff.delay(
      failures: entry.timeOuts, initial: pacing.retryInitial, maximum: pacing.retryMaximum,
      chance: chance)
    // A poll that was requested during the cycle is a reason to try again at once.
    entry.notBefore = entry.pollIsRequested ? nil : now + pause
    entry.nextPollAt = now + pause
    return pause
  }

  /// When the dispatcher has something to do again; nil: only when a cycle ends or something
  /// wakes it.
  package mutating func nextEvent(after now: Duration) -> Duration? {
    collectDue(at: now)
    // It fell due since the last cycles began.
    if let place = ready.first,
      slotUse(at: now).admits(isTimingOut: place.rank == Roster.rankOfTimeOuts)
    {
      return now
    }
    while let place = times.first, !isCurrent(place, at: place.time) { _ = times.removeFirst() }
    var next = times.first?.time
    if !ready.isEmpty {
      // Someone waits for a slot: one that is lent may come free.
      for identity in running {
        guard let time = entries[identity]?.running.map({ $0.lastAnswerAt + Roster.patience }),
          time > now
        else { continue }
        next = min(next ?? time, time)
      }
    }
    return next
  }

  /// Whether an account is due and waits for a slot.
  package var hasWaiting: Bool { !ready.isEmpty }

  /// Whether something is to be looked at that is not due by time.
  package var hasRequests: Bool {
    entries.values.contains { $0.pollIsRequested || !$0.requested.isEmpty || $0.isLeftOver }
  }

  package var isIdle: Bool { running.isEmpty }
}

/// One cycle that is to run.
package struct Turn: Equatable, Sendable {
  package let identity: Identity
  /// Whether every domain of the account is looked at.
  package let isPoll: Bool
  /// The domains to look at, where it is no poll.
  package let domains: [DomainName]
  /// Whether the account's last cycle ran out of its budget.
  package let isLeftOver: Bool
}
