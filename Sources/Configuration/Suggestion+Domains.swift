extension Suggestion {
  /// Names that a message lists at the most.
  private static let maximumDomains = 5

  /// `; the nearest is auth.example.com`: the domains that a person may have meant by one that is not
  /// known, the nearest first. All of a few are named, otherwise those that differ little, or in labels.
  package static func nearestDomains(to wrong: String, among known: [String]) -> String {
    if known.isEmpty { return "; there is none yet" }
    let near = known.map { (name: $0, distance: distance(from: wrong, to: $0)) }.filter { entry in
      known.count <= maximumDomains || entry.distance <= max(2, wrong.utf8.count / 4)
        || entry.name.hasSuffix("." + wrong) || wrong.hasSuffix("." + entry.name)
    }
    if near.isEmpty { return "; none of the \(known.count) has a similar name" }
    let names = near.sorted { ($0.distance, $0.name) < ($1.distance, $1.name) }
      .prefix(maximumDomains).map(\.name)
    return "; the nearest \(names.count == 1 ? "is" : "are") \(names.joined(separator: ", "))"
  }

  private static func distance(from wrong: String, to name: String) -> Int {
    // A comparison takes the product of both lengths; a name of DNS has 253 characters at the most.
    guard max(wrong.utf8.count, name.utf8.count) <= 253 else { return .max }
    return distance(from: Array(wrong.utf8), to: Array(name.utf8))
  }
}
