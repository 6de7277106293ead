package import RolloutCore

/// The name of a custom domain as a person writes it.
package enum CustomDomain {
  static let kind = "a custom domain"

  /// A name with characters beyond ASCII is refused with its ASCII form.
  package static func parse(_ text: String) throws(MalformedIdentifier) -> DomainName {
    if let advice = InternationalName.advice(for: text) {
      throw MalformedIdentifier(kind, text, advice)
    }
    return try DomainName(parsing: text)
  }
}
