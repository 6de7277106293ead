extension Certificate {
  /// Whether one of the known names covers the domain.
  package func covers(_ domain: DomainName) -> Bool {
    names.contains { DNSName.name($0, covers: domain) }
      || primaryName.map { DNSName.name($0, covers: domain) } ?? false
  }

  /// Whether this certificate may take the place of a usable one: created strictly later, so
  /// that two long-lived ARNs that renew in turn do not overtake each other, and not beginning
  /// earlier. ACM's certificates begin at midnight, so two of one day begin together. It may end
  /// earlier, because maximum lifetimes shrink.
  ///
  /// False when a date is unknown on either side.
  package func isNewer(than other: Certificate) -> Bool {
    guard let notBefore, let creation, let otherStart = other.notBefore,
      let otherCreation = other.creation
    else { return false }
    return creation > otherCreation && notBefore >= otherStart
  }

  /// The order of choice among eligible certificates, best first: latest creation, then latest
  /// NotBefore, then latest NotAfter, then ARN.
  package static func isPreferred(_ left: Certificate, to right: Certificate) -> Bool {
    let leftKeys = [left.creation, left.notBefore, left.notAfter]
    let rightKeys = [right.creation, right.notBefore, right.notAfter]
    for (left, right) in zip(leftKeys, rightKeys) where left != right {
      guard let left else { return false }
      guard let right else { return true }
      return left > right
    }
    return left.arn.text < right.arn.text
  }
}
