package import AWSWire
package import RolloutCore

/// What is counted as it happens.
package struct Counters: Equatable, Sendable {
  package private(set) var requests: [Request: UInt64] = [:]
  package private(set) var requestDurations: [Operation: Histogram] = [:]
  package private(set) var rolloutDurations = Histogram(bounds: Counters.rolloutBounds)
  package private(set) var lastReloadSucceeded = true
  package private(set) var reloadSucceededAt: Instant

  package init(loadedAt: Instant) { reloadSucceededAt = loadedAt }

  package struct Operation: Hashable, Sendable {
    package let service: String
    package let name: String
  }

  package struct Request: Hashable, Sendable {
    package let operation: Operation
    package let outcome: String
  }

  /// From an answer on the same continent to the time limit of an update, 90 seconds.
  private static let requestBounds: [Duration] = [
    .milliseconds(25), .milliseconds(50), .milliseconds(100), .milliseconds(250),
    .milliseconds(500), .seconds(1), .milliseconds(2500), .seconds(5), .seconds(10), .seconds(30),
    .seconds(90),
  ]
  /// Around the hour that Cognito asks for, up to rollouts that a person had to help.
  private static let rolloutBounds: [Duration] = [
    .minutes(1), .minutes(2), .minutes(5), .minutes(10), .minutes(20), .minutes(30), .minutes(45),
    .hours(1), .minutes(90), .hours(2), .hours(4), .hours(24),
  ]

  package mutating func note(_ result: RequestResult) {
    let operation = Operation(service: result.service, name: result.operation)
    requests[Request(operation: operation, outcome: result.outcome), default: 0] += 1
    requestDurations[operation, default: Histogram(bounds: Counters.requestBounds)]
      .observe(result.duration)
  }

  package mutating func noteProof(after duration: Duration) { rolloutDurations.observe(duration) }

  /// - Parameter succeededAt: nil: the configuration was rejected.
  package mutating func noteReload(succeededAt: Instant?) {
    lastReloadSucceeded = succeededAt != nil
    if let succeededAt { reloadSucceededAt = succeededAt }
  }
}
