extension Certificate {
  /// Whether one of the known names covers the domain: equal without regard to case, or a
  /// wildcard in the place of exactly one label (RFC 6125, 6.4.3).
  package func covers(_ domain: DomainName) -> Bool {
    names.contains { Certificate.name($0, covers: domain) }
      || primaryName.map { Certificate.name($0, covers: domain) } ?? false
  }

  package static func name(_ name: String, covers domain: DomainName) -> Bool {
    let name = name.lowercased()
    guard name.hasPrefix("*.") else { return name == domain.text }
    guard let dot = domain.text.firstIndex(of: ".") else { return false }
    return domain.text[domain.text.index(after: dot)...] == name.dropFirst(2)
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
