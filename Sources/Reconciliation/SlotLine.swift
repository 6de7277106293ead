import RolloutCore

/// The domains that wait for a slot of `max_in_flight`. A free slot is offered to the first of them,
/// and a look at it takes the slot; one whose account does not answer lets the next one pass.
struct SlotLine: Sendable {
  /// How long a slot is kept for the domain that it is offered to: no account holds up another for
  /// longer than a second.
  static let offerLength = Duration.seconds(1)

  private(set) var waiting: Set<DomainName> = []
  /// Until when, by uptime, slots are kept for domains.
  private(set) var offered: [DomainName: Duration] = [:]

  /// A look has shown that the domain waits for a slot; it has its place again.
  mutating func join(_ domain: DomainName) {
    waiting.insert(domain)
    offered[domain] = nil
  }

  mutating func leave(_ domain: DomainName) {
    waiting.remove(domain)
    offered[domain] = nil
  }

  /// Those that come before others: all but those that let an offer lapse.
  func takers(at now: Duration) -> Set<DomainName> {
    offered.isEmpty ? waiting : waiting.filter { offered[$0].map { $0 > now } ?? true }
  }

  /// Offers the slots to the first of those that wait; the domains that have no offer yet.
  mutating func offer(_ slots: Int, to ordered: [DomainName], at now: Duration) -> [DomainName] {
    let fresh = ordered.prefix(max(0, slots)).filter { offered[$0] == nil }
    for domain in fresh { offered[domain] = now + SlotLine.offerLength }
    return fresh
  }

  /// When the next offer lapses; nil: none is open.
  func nextLapse(after now: Duration) -> Duration? {
    offered.values.filter { $0 > now }.min()
  }
}
