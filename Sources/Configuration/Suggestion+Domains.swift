extension Suggestion {
  /// Names that a message lists at the most.
  static let maximumDomains = 5

  /// The domains that a person may have meant, the nearest first: all of a few, otherwise those that
  /// differ little, or in one label.
  package static func domains(near wrong: String, among known: [String]) -> [String] {
    let compared = known.map { (name: $0, distance: distance(from: wrong, to: $0)) }
    let near = compared.filter { entry in
      known.count <= maximumDomains || entry.distance <= max(2, wrong.utf8.count / 4)
        || entry.name.hasSuffix("." + wrong) || wrong.hasSuffix("." + entry.name)
    }
    return near.sorted { ($0.distance, $0.name) < ($1.distance, $1.name) }
      .prefix(maximumDomains).map(\.name)
  }

  /// Why nothing is shown of a domain, with those that may have been meant.
  package static func unknownDomain(_ wrong: String, among known: [String]) -> String {
    if known.isEmpty { return "\(wrong) is unknown: the state file holds no domain yet" }
    let near = domains(near: wrong, among: known)
    let hint =
      near.isEmpty
      ? "none of the \(known.count) domains in the state file has a similar name"
      : (near.count == 1 ? "the nearest is " : "the nearest are ")
        + near.joined(separator: ", ")
    return "\(wrong) is not among the domains in the state file; \(hint)"
  }

  private static func distance(from wrong: String, to name: String) -> Int {
    // A comparison takes the product of both lengths; a name of DNS has 253 characters at the most.
    guard max(wrong.utf8.count, name.utf8.count) <= 253 else { return .max }
    return distance(from: Array(wrong.utf8), to: Array(name.utf8))
  }
}
