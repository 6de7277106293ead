/// Something that did not come about in time.
package struct TooLate: Error, CustomStringConvertible {
  package let what: String
  package let limit: Duration
  /// What may tell why, such as a log.
  package let evidence: String

  package init(what: String, limit: Duration, evidence: String = "") {
    self.what = what
    self.limit = limit
    self.evidence = evidence
  }

  package var description: String { "not within \(limit): \(what)\n\(evidence)" }
}

/// Asks again and again until there is an answer.
package func eventually<Answer>(
  _ what: String, within limit: Duration = .seconds(30),
  _ question: () async throws -> Answer?
) async throws -> Answer {
  let end = ContinuousClock.now + limit
  while true {
    if let answer = try await question() { return answer }
    if ContinuousClock.now > end { throw TooLate(what: what, limit: limit) }
    try await Task.sleep(for: .milliseconds(10))
  }
}
