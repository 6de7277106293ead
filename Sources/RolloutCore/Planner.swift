/// Everything one pass does, decided before any of it is done.
package struct PassPlan: Sendable {
  /// In the order of the inputs.
  package var decisions: [DomainDecision]

  package init(decisions: [DomainDecision]) { self.decisions = decisions }
}

/// Decides for many domains at once: what one may do can hang on how others stand.
package enum Planner {
  /// - Parameters:
  ///   - inputs: the domains that were looked at, complete: no decision asks for more.
  ///   - fleet: every mapping, for the order of waves.
  ///   - records: how every domain stood before this pass.
  package static func plan(
    _ inputs: [DomainInput], fleet: Fleet, records: [DomainName: DomainRecord]
  ) -> PassPlan {
    var standing = records
    let looked = Set(inputs.map(\.mapping.domain))
    var decisions: [DomainName: DomainDecision] = [:]
    let ordered = inputs.enumerated().sorted {
      ($0.element.mapping.wave, $0.offset) < ($1.element.mapping.wave, $1.offset)
    }
    for (_, input) in ordered {
      var input = input
      input.waveBlocker = blocker(
        of: input.mapping, fleet: fleet, standing: standing, looked: looked)
      guard case .decided(let decision) = DomainStep.decide(input) else { continue }
      decisions[input.mapping.domain] = decision
      standing[input.mapping.domain] = decision.record
    }
    return PassPlan(decisions: inputs.compactMap { decisions[$0.mapping.domain] })
  }

  /// The first domain of a lower wave that is not proven, and why. One that this pass did not
  /// look at may not know yet of what the higher one is about to begin with.
  private static func blocker(
    of mapping: Mapping, fleet: Fleet, standing: [DomainName: DomainRecord],
    looked: Set<DomainName>
  ) -> String? {
    for other in fleet.mappings where other.wave < mapping.wave {
      guard let record = standing[other.domain] else {
        return "\(other.domain) (wave \(other.wave)) was not looked at yet"
      }
      if !record.isSettled {
        return "\(other.domain) (wave \(other.wave)) is \(record.condition.rawValue)"
      }
      if !looked.contains(other.domain) {
        return "\(other.domain) (wave \(other.wave)) is looked at with the next poll"
      }
    }
    return nil
  }
}
