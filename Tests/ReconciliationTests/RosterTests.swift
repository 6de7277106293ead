import Reconciliation
import RolloutCore
import Testing

@Suite("Whose turn it is")
struct RosterTests {
  /// Accounts `0`, `1`, … and a clock that the conversation moves.
  private struct Desk {
    var roster: Roster
    var now: Duration = .zero

    init(_ count: Int, edit: (inout Pacing) -> Void = { _ in }) {
      var pacing = Pacing(pollInterval: .seconds(60), concurrency: 4)
      edit(&pacing)
      roster = Roster(pacing: pacing)
      roster.adopt((0..<count).map { account("\($0)") }, at: .zero)
    }

    /// The accounts whose cycles begin now, in order.
    mutating func begin() -> [String] {
      roster.begin(at: now).map { $0.identity.profile ?? "" }
    }

    mutating func end(_ names: String..., timedOut: Bool = false, leftOver: [DomainName] = []) {
      for name in names {
        _ = roster.end(
          account(name), at: now, timedOut: timedOut, leftOver: leftOver, chance: .max)
      }
    }

    /// Lets every account have an answered cycle at once, so that only later events count.
    mutating func settle() {
      while case let turns = roster.begin(at: now), !turns.isEmpty {
        for turn in turns { end(turn.identity.profile ?? "") }
      }
    }

    mutating func advance(to time: Duration) { now = time }
  }

  @Test("Every account is polled at once, and from then on the polls are spread over the interval")
  func spread() {
    var desk = Desk(4)
    #expect(desk.begin() == ["0", "1", "2", "3"])
    desk.end("0", "1", "2", "3")
    for (position, time) in [15, 30, 45, 60, 75, 90, 105, 120, 135].enumerated() {
      #expect(desk.roster.nextEvent(after: desk.now) == .seconds(time))
      desk.advance(to: .seconds(time))
      #expect(desk.begin() == ["\(position % 4)"])
      desk.end("\(position % 4)")
    }
  }

  @Test("A requested poll is due at once and leaves the next regular one where it is")
  func requestedPoll() {
    var desk = Desk(2)
    desk.settle()
    desk.advance(to: .seconds(10))
    #expect(desk.begin() == [])
    desk.roster.requestPoll(of: account("1"))
    #expect(desk.begin() == ["1"])
    desk.end("1")
    #expect(desk.begin() == [])
    #expect(desk.roster.nextEvent(after: desk.now) == .seconds(30))
    desk.advance(to: .seconds(60))
    #expect(desk.begin() == ["0", "1"])
  }

  @Test("A shorter poll interval holds from the next poll on")
  func shorterInterval() {
    var desk = Desk(1) { $0.pollInterval = .hours(1) }
    desk.settle()
    desk.advance(to: .seconds(5))
    desk.roster.pacing.pollInterval = .seconds(60)
    desk.roster.requestPolls()
    desk.settle()
    #expect(desk.roster.nextEvent(after: desk.now) == .seconds(65))
  }

  @Test("A poll that is requested while one runs begins after it")
  func requestedDuringPoll() {
    var desk = Desk(1)
    #expect(desk.begin() == ["0"])
    desk.roster.requestPolls()
    #expect(desk.begin() == [])
    desk.end("0")
    #expect(desk.begin() == ["0"])
  }

  @Test("A requested look is due at once, and looks at the domains that were asked for")
  func requestedLook() {
    var desk = Desk(1)
    desk.settle()
    desk.advance(to: .seconds(10))
    desk.roster.requestLook(at: domain("two"), of: account("0"))
    desk.roster.schedule(domain("one"), of: account("0"), at: .seconds(10))
    desk.roster.schedule(domain("three"), of: account("0"), at: .seconds(11))
    let turns = desk.roster.begin(at: desk.now)
    #expect(turns.map(\.domains) == [[domain("one"), domain("two")]])
    #expect(turns.map(\.isPoll) == [false])
    desk.end("0")
    #expect(desk.begin() == [])
    #expect(desk.roster.nextEvent(after: desk.now) == .seconds(11))
  }

  @Test("Accounts that time out use at most half of the slots", arguments: [1, 2, 4, 5, 16])
  func halfOfTheSlots(slots: Int) {
    var desk = Desk(40) {
      $0.concurrency = slots
      $0.retryMaximum = .seconds(1)
    }
    var begun: [String] = []
    while case let turns = desk.begin(), !turns.isEmpty {
      begun += turns
      desk.advance(to: desk.now + Roster.patience)
    }
    #expect(begun.count == 40)
    for name in begun { desk.end(name, timedOut: true) }
    desk.advance(to: desk.now + .seconds(2))
    #expect(desk.begin().count == max(1, slots / 2))
    // However long they hang: a slot that is lent does not let another one in.
    desk.advance(to: desk.now + .seconds(30))
    #expect(desk.begin() == [])
  }

  @Test("Accounts that time out leave the other half of the slots to those that answer")
  func otherHalf() {
    var desk = Desk(12) { $0.retryMaximum = .seconds(1) }
    for _ in 0..<3 {
      _ = desk.begin()
      desk.advance(to: desk.now + Roster.patience)
    }
    for name in 0..<8 { desk.end("\(name)", timedOut: true) }
    for name in 8..<12 { desk.end("\(name)") }
    desk.advance(to: .seconds(10))
    #expect(desk.begin().count == 2)
    desk.roster.requestPolls()
    let others = desk.begin()
    #expect(others == ["8", "9"])
  }

  @Test("An account that times out is tried again after pauses that grow up to retry.maximum")
  func backoff() {
    var desk = Desk(1) {
      $0.retryInitial = .seconds(30)
      $0.retryMaximum = .minutes(5)
    }
    var pauses: [Int64] = []
    for _ in 0..<6 {
      #expect(desk.begin() == ["0"])
      desk.advance(to: desk.now + .seconds(60))
      desk.end("0", timedOut: true)
      let next = desk.roster.nextEvent(after: desk.now) ?? .zero
      pauses.append((next - desk.now).inMilliseconds / 1000)
      desk.advance(to: next)
    }
    #expect(pauses == [29, 59, 119, 239, 299, 299])
    #expect(desk.begin() == ["0"])
    desk.end("0")
    #expect(desk.roster.nextEvent(after: desk.now) == desk.now + .seconds(60))
  }

  @Test("A requested poll does not wait for the pause, also when it was asked for during the cycle")
  func requestEndsPause() {
    var desk = Desk(1) { $0.retryInitial = .minutes(10) }
    _ = desk.begin()
    desk.advance(to: .seconds(60))
    desk.end("0", timedOut: true)
    #expect(desk.begin() == [])
    desk.roster.requestPolls()
    #expect(desk.begin() == ["0"])
    desk.advance(to: .seconds(90))
    desk.roster.requestPolls()
    desk.advance(to: .seconds(120))
    desk.end("0", timedOut: true)
    #expect(desk.begin() == ["0"])
  }

  @Test("An account that falls due between the last cycles and the sleep is due now")
  func dueBeforeSleep() {
    var desk = Desk(1)
    #expect(desk.begin() == ["0"])
    desk.end("0")
    desk.advance(to: .seconds(60) - .milliseconds(1))
    #expect(desk.begin() == [])
    desk.advance(to: .seconds(60))
    #expect(desk.roster.nextEvent(after: desk.now) == desk.now)
    desk.advance(to: .seconds(61))
    #expect(desk.roster.nextEvent(after: desk.now) == desk.now)
    #expect(desk.begin() == ["0"])
  }

  @Test("A slot that is lent between the last cycles and the sleep is used now")
  func lentBeforeSleep() {
    var desk = Desk(2) { $0.concurrency = 1 }
    #expect(desk.begin() == ["0"])
    desk.advance(to: Roster.patience)
    #expect(desk.roster.nextEvent(after: desk.now) == desk.now)
    #expect(desk.begin() == ["1"])
  }

  @Test("A cycle that waits for an answer for longer than the patience lends its slot")
  func lending() {
    var desk = Desk(3) { $0.concurrency = 1 }
    #expect(desk.begin() == ["0"])
    #expect(desk.roster.nextEvent(after: desk.now) == Roster.patience)
    desk.advance(to: Roster.patience - .milliseconds(1))
    #expect(desk.begin() == [])
    desk.advance(to: Roster.patience)
    #expect(desk.begin() == ["1"])
    // An answer takes the slot back.
    desk.advance(to: Roster.patience * 2)
    desk.roster.noteAnswer(of: account("1"), at: desk.now)
    #expect(desk.begin() == [])
    desk.end("1")
    #expect(desk.begin() == ["2"])
  }

  @Test("One slot is enough for every account, one after the other")
  func oneSlot() {
    var desk = Desk(3) { $0.concurrency = 1 }
    for name in ["0", "1", "2"] {
      #expect(desk.begin() == [name])
      #expect(desk.begin() == [])
      desk.end(name)
    }
  }

  @Test("Those that answer come first, then those left over, then those that time out")
  func order() {
    var desk = Desk(3) { $0.retryMaximum = .seconds(1) }
    #expect(desk.begin() == ["0", "1", "2"])
    desk.end("0", timedOut: true)
    desk.end("1", leftOver: [domain("one")])
    desk.end("2")
    desk.advance(to: .seconds(10))
    desk.roster.requestPolls()
    #expect(desk.begin() == ["2", "1", "0"])
  }

  @Test("What a cycle left over is due at once, those domains alone")
  func leftOver() {
    var desk = Desk(2)
    #expect(desk.begin() == ["0", "1"])
    desk.end("0", leftOver: [domain("two"), domain("one")])
    let turns = desk.roster.begin(at: desk.now)
    #expect(turns.map(\.domains) == [[domain("one"), domain("two")]])
    #expect(turns.map(\.isPoll) == [false])
    desk.end("0")
    #expect(desk.begin() == [])
  }

  @Test("A configuration keeps the times of the accounts that it shares with the former one")
  func adoption() {
    var desk = Desk(2)
    desk.settle()
    desk.advance(to: .seconds(10))
    desk.roster.adopt([account("1"), account("5")], at: desk.now)
    #expect(desk.begin() == ["5"])
    desk.end("5")
    #expect(desk.roster.nextEvent(after: desk.now) == .seconds(60))
  }

  @Test("An account that leaves and returns during its cycle does not begin a second one beside it")
  func returning() {
    var desk = Desk(2)
    #expect(desk.begin() == ["0", "1"])
    desk.roster.adopt([account("1")], at: desk.now)
    #expect(!desk.roster.isIdle)
    desk.roster.adopt([account("0"), account("1")], at: desk.now)
    desk.roster.requestPolls()
    #expect(desk.begin() == [])
    desk.end("0", "1")
    #expect(desk.begin() == ["0", "1"])
    desk.roster.adopt([account("1")], at: desk.now)
    desk.end("0", "1")
    #expect(desk.roster.isIdle)
  }

  @Test("The next event is never past, and never missing while nothing runs", arguments: 0..<50)
  func nextEvent(seed: UInt64) {
    var dice = Dice(seed: seed)
    var desk = Desk(6) { $0.concurrency = Int.random(in: 1...4, using: &dice) }
    var running: [String] = []
    for _ in 0..<300 {
      running += desk.begin()
      let next = desk.roster.nextEvent(after: desk.now)
      if let next {
        #expect(next > desk.now)
      } else {
        #expect(!running.isEmpty)
      }
      switch Int.random(in: 0..<6, using: &dice) {
      case 0, 1:
        guard let name = running.randomElement(using: &dice) else { continue }
        running.removeAll { $0 == name }
        desk.end(
          name, timedOut: Bool.random(using: &dice),
          leftOver: Int.random(in: 0..<4, using: &dice) == 0 ? [domain("one")] : [])
      case 2:
        let name = "\(Int.random(in: 0..<6, using: &dice))"
        desk.roster.noteAnswer(of: account(name), at: desk.now)
      case 3:
        let name = "\(Int.random(in: 0..<6, using: &dice))"
        desk.roster.requestLook(at: domain("two"), of: account(name))
        desk.roster.schedule(
          domain("three"), of: account(name),
          at: desk.now + .seconds(Int.random(in: -5...90, using: &dice)))
      default:
        desk.advance(to: next ?? desk.now + .seconds(1))
      }
    }
  }
}
