/// What a round of looks at the edges proves about one leaf.
package enum ProbeVerdict: Equatable, Sendable {
  /// At least one edge serves the leaf, and none that answers serves another.
  case passed(edges: Int)
  /// These addresses serve another leaf.
  case stale([String])
  /// No edge serves another leaf, and these addresses refuse the handshake for the name.
  case refused([String])
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
    case .passed, .stale, .refused: self
    case .silent(let text): .silent(text.maskingDigits)
    case .incomparable(let text): .incomparable(text.maskingDigits)
    }
  }
}

extension ProbeRound {
  /// The edges that could not be reached, with the reason: reported, and not counted.
  package var unreached: [String] {
    edges.compactMap { edge in
      guard case .unreachable(let reason) = edge.result else { return nil }
      return "\(edge.address) (\(reason))"
    }
  }

  /// The edges that answered, as they are kept in the state file; sorted by address.
  package func served(expecting sha256: String?) -> [ServedEdge] {
    edges.compactMap { edge in
      guard case .served(let leaf) = edge.result else { return nil }
      return ServedEdge(
        address: edge.address, sha256: leaf.sha256, serial: leaf.serial, notAfter: leaf.notAfter,
        matches: leaf.sha256 == sha256)
    }.sorted { $0.address < $1.address }
  }
}
