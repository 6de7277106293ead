package import RolloutCore

/// Why a text is not the kind of value that a setting takes.
package struct Malformed: Error, Equatable, Sendable {
  /// What it should have been: `a duration`.
  package let kind: String
  /// What is wrong and what would be right; it may quote parts of the text.
  package let problem: String

  package init(_ kind: String, _ problem: String) {
    self.kind = kind
    self.problem = problem
  }

  package init(_ identifier: MalformedIdentifier) {
    self.init(identifier.kind, identifier.problem)
  }
}
