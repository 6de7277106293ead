package import RolloutCore

/// A text that is not the kind of value that a setting needs.
package struct Malformed: Error, Equatable, Sendable {
  /// What the text should be: `a duration`.
  package let kind: String
  /// What is wrong, and what to write instead.
  package let problem: String
  /// Whether `problem` may quote the text. A text from the environment is secret.
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
