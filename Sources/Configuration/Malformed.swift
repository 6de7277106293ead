package import RolloutCore

/// Why a text is not the kind of value that a setting takes.
package struct Malformed: Error, Equatable, Sendable {
  /// What it should have been: `a duration`.
  package let kind: String
  /// What is wrong and what would be right.
  package let problem: String
  /// Whether `problem` may hold parts of the text, so that it is as secret as the text.
  package let quotesText: Bool

  package init(_ kind: String, _ problem: String, quotesText: Bool = true) {
    self.kind = kind
    self.problem = problem
    self.quotesText = quotesText
  }

  package init(_ identifier: MalformedIdentifier) {
    self.init(identifier.kind, identifier.problem)
  }
}
