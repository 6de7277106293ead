/// The domain's own DNS leads to addresses that are not of its distribution, while the distribution
/// serves the right leaf: a proxy in front, a private zone, a CNAME that still points elsewhere.
package struct Detour: Equatable, Sendable {
  package var domain: DomainName
  /// The name of the distribution.
  package var distribution: String
  /// Addresses that do not serve the leaf and are not of the distribution; empty when the domain does
  /// not resolve.
  package var addresses: [String]
}

extension Detour {
  /// Compares a round at the domain's own addresses with one at the distribution's; nil when the
  /// distribution does not serve the leaf either, or has one of the domain's addresses. A name of
  /// CloudFront has other addresses at each look, so that a single one which is missing says nothing.
  init?(
    of domain: DomainName, _ round: ProbeRound, distribution: String, _ other: ProbeRound,
    expecting sha256: String
  ) {
    guard case .passed = ProbeVerdict(other, expecting: sha256) else { return nil }
    let known = Set(other.edges.map(\.address))
    if round.edges.contains(where: { known.contains($0.address) }) { return nil }
    var addresses: [String] = []
    for edge in round.edges {
      switch edge.result {
      case .served(let leaf) where leaf.sha256 == sha256: break
      case .served, .refusing, .unreachable: addresses.append(edge.hostAddress)
      case .noRoute: break
      }
    }
    if addresses.isEmpty && !round.edges.isEmpty { return nil }
    self.init(domain: domain, distribution: distribution, addresses: addresses)
  }

  package var explanation: Explanation { Explanation(.resolvesElsewhere, description) }
}

extension Detour: CustomStringConvertible {
  package var description: String {
    let serves = "the distribution \(distribution) serves the new certificate; \(domain)"
    switch addresses.count {
    case 0: return "\(serves) does not resolve here"
    case 1: return "\(serves) resolves to \(addresses[0]), which does not belong to it"
    default:
      let list = addresses.joined(separator: ", ")
      return "\(serves) resolves to \(list), which do not belong to it"
    }
  }
}

extension EdgeLook {
  /// The address without its port.
  fileprivate var hostAddress: String {
    guard let colon = address.lastIndex(of: ":") else { return address }
    let host = address[..<colon]
    return String(host.hasPrefix("[") ? host.dropFirst().dropLast() : host)
  }
}
