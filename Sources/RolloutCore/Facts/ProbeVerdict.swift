/// What a round of looks at the edges proves about one leaf.
package enum ProbeVerdict: Equatable, Sendable {
  /// At least one edge serves the leaf, and none that answers serves another.
  case passed(edges: Int)
  /// These addresses serve another leaf.
  case stale([String])
  /// No edge serves another leaf, and these addresses refuse the handshake for the name.
  case refused([String])
  /// These addresses serve the leaf, and viewers do not accept it: a round of a mapping that rolls
  /// back.
  case rejected([String])
  /// No edge answered at all, for this reason.
  case silent(String)
  /// What the leaf should be could not be seen, for this reason.
  case incomparable(String)

  /// An address that cannot be reached is reported, not counted against the round, and a
  /// family without a route on this host says nothing.
  package init(_ round: ProbeRound, expecting sha256: String) {
    var serving = 0
    var stale: [String] = []
    var refusing: [String] = []
    var unreachable: [String] = []
    for edge in round.edges {
      switch edge.result {
      case .served(let leaf) where leaf.sha256 == sha256: serving += 1
      case .served: stale.append(edge.address)
      case .refusing: refusing.append(edge.address)
      case .unreachable(let reason): unreachable.append("\(edge.address) \(reason)")
      case .noRoute: break
      }
    }
    if !stale.isEmpty {
      self = .stale(stale)
    } else if !refusing.isEmpty {
      self = .refused(refusing)
    } else if serving > 0 {
      self = .passed(edges: serving)
    } else {
      let reason = round.failure?.message ?? unreachable.joined(separator: "; ")
      self = .silent(reason.isEmpty ? "no address of the domain has a route from here" : reason)
    }
  }
}

extension ProbeVerdict {
  /// The verdict without the numbers of its texts.
  var masked: ProbeVerdict {
    switch self {
    case .passed, .stale, .refused, .rejected: self
    case .silent(let text): .silent(text.maskingDigits)
    case .incomparable(let text): .incomparable(text.maskingDigits)
    }
  }
}

extension ProbeRound {
  /// Whether any edge was reached.
  var hasAnswer: Bool {
    edges.contains { edge in
      switch edge.result {
      case .served, .refusing: true
      case .unreachable, .noRoute: false
      }
    }
  }

  /// Why viewers of the domain see an error at some edge, or will soon; nil when they do not. A leaf
  /// that is to be there ends with its certificate, which is another matter.
  ///
  /// - Parameters:
  ///   - sha256: the leaf of the attached certificate; nil when it could not be seen. Another leaf
  ///     is then one with another end.
  ///   - notAfter: the end of the attached certificate.
  func unservedReason(
    expecting sha256: String?, notAfter: Instant?, at now: Instant
  ) -> Explanation? {
    var refusing: [String] = []
    var uncovered: [String] = []
    var ended: [String] = []
    var ending: [String] = []
    for edge in edges {
      switch edge.result {
      case .unreachable, .noRoute: break
      case .refusing(let reason): refusing.append("\(edge.address) (\(reason))")
      case .served(let leaf) where !leaf.coversDomain: uncovered.append(edge.address)
      case .served(let leaf):
        let isOther = sha256.map { $0 != leaf.sha256 } ?? (notAfter != leaf.notAfter)
        if !isOther || leaf.notAfter.since(now) >= Urgency.threshold { break }
        let served = "\(edge.address) until \(leaf.notAfter.rfc3339)"
        if leaf.notAfter <= now { ended.append(served) } else { ending.append(served) }
      }
    }
    if !refusing.isEmpty {
      return Explanation(
        .edgesRefusing, "the handshake is refused at \(refusing.joined(separator: ", "))")
    }
    if !uncovered.isEmpty {
      return Explanation(
        .nameNotCovered,
        "a leaf that does not cover the domain is served at \(uncovered.joined(separator: ", "))")
    }
    if !ended.isEmpty {
      return Explanation(
        .expired, "an expired leaf is served at \(ended.joined(separator: ", "))")
    }
    return ending.isEmpty
      ? nil
      : Explanation(
        .renewalUnserved, "another leaf is served at \(ending.joined(separator: ", "))")
  }

  /// The edges that could not be reached, with the reason: reported, and not counted.
  package var unreached: [String] {
    edges.compactMap { edge in
      guard case .unreachable(let reason) = edge.result else { return nil }
      return "\(edge.address) (\(reason))"
    }
  }

  /// How many edges are in each state, by the same rule as `served` tells the right leaf.
  package func states(
    expecting sha256: String?, known: [ServedEdge] = [], notAfter: Instant? = nil
  ) -> EdgeStates {
    var states = EdgeStates()
    for edge in served(expecting: sha256, known: known, notAfter: notAfter) {
      if edge.matches { states.serving += 1 } else { states.other += 1 }
    }
    for edge in edges {
      switch edge.result {
      case .refusing: states.refusing += 1
      case .unreachable: states.unreachable += 1
      case .served, .noRoute: break
      }
    }
    return states
  }

  /// The edges that answered, as they are kept in the state file; sorted by address.
  ///
  /// - Parameters:
  ///   - sha256: the leaf that is to be served; nil when it could not be seen.
  ///   - known: what was served before. With the end of the right certificate it tells the right leaf
  ///     where that one could not be seen.
  package func served(
    expecting sha256: String?, known: [ServedEdge] = [], notAfter: Instant? = nil
  ) -> [ServedEdge] {
    let right = Set(known.filter(\.matches).map(\.sha256))
    return edges.compactMap { edge in
      guard case .served(let leaf) = edge.result else { return nil }
      let matches =
        sha256.map { $0 == leaf.sha256 }
        ?? (right.contains(leaf.sha256) || leaf.notAfter == notAfter)
      return ServedEdge(
        address: edge.address, sha256: leaf.sha256, serial: leaf.serial, notAfter: leaf.notAfter,
        matches: matches)
    }.sorted { $0.address < $1.address }
  }
}

/// How many edges of a round were in each state. An address without a route from this host is in none.
package struct EdgeStates: Equatable, Sendable {
  /// They served the wanted leaf.
  package var serving = 0
  /// They served another leaf.
  package var other = 0
  package var refusing = 0
  package var unreachable = 0

  package init(serving: Int = 0, other: Int = 0, refusing: Int = 0, unreachable: Int = 0) {
    self.serving = serving
    self.other = other
    self.refusing = refusing
    self.unreachable = unreachable
  }
}
