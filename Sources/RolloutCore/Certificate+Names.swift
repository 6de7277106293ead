extension Certificate {
  /// Whether one of the known names covers the domain.
  package func covers(_ domain: DomainName) -> Bool {
    names.contains { DNSName.name($0, covers: domain) }
      || primaryName.map { DNSName.name($0, covers: domain) } ?? false
  }

  /// Whether this certificate replaces a usable one: newer by NotBefore and by origin, so that
  /// two long-lived ARNs that renew in turn do not overtake each other, and not ending earlier.
  /// False when a date is unknown on either side.
  package func replaces(_ attached: Certificate) -> Bool {
    guard isNewer(than: attached), let notAfter, let otherEnd = attached.notAfter else {
      return false
    }
    return notAfter >= otherEnd
  }

  /// Newer both by NotBefore and by creation or import.
  package func isNewer(than other: Certificate) -> Bool {
    guard let notBefore, let origin, let otherStart = other.notBefore,
      let otherOrigin = other.origin
    else { return false }
    return notBefore > otherStart && origin > otherOrigin
  }

  /// The order of choice among eligible ones, best first: latest NotBefore, then latest
  /// creation or import, then latest NotAfter, then ARN.
  package static func isPreferred(_ left: Certificate, to right: Certificate) -> Bool {
    let leftKeys = [left.notBefore, left.origin, left.notAfter]
    let rightKeys = [right.notBefore, right.origin, right.notAfter]
    for (left, right) in zip(leftKeys, rightKeys) where left != right {
      guard let left else { return false }
      guard let right else { return true }
      return left > right
    }
    return left.arn.text < right.arn.text
  }
}
