import RolloutCore

@testable import Service

/// Domains in every condition, at one moment.
struct StatusFleet {
  static let now = Instant(year: 2026, month: 11, day: 23, hour: 14, minute: 4, second: 30)

  static func arn(_ letter: Character) throws -> CertificateARN {
    let tail = String(repeating: letter, count: 12)
    return try CertificateARN(
      parsing: "arn:aws:acm:us-east-1:123456789012:certificate/0f1e2d3c-0000-4000-8000-\(tail)")
  }

  static func record(
    _ name: String, _ condition: Condition, reason: Explanation? = nil,
    phase: Rollout.Phase? = nil
  ) throws -> DomainRecord {
    var record = DomainRecord(
      domain: try DomainName(parsing: name),
      userPoolID: try UserPoolID(parsing: "eu-west-1_Ab12Cd34E"),
      region: try Region(parsing: "eu-west-1"), condition: condition, reason: reason,
      attached: try arn("a"), attachedNotAfter: now + .days(80), desired: try arn("a"))
    if let phase {
      record.desired = try arn("b")
      record.rollout = Rollout(
        id: "0123456789abcdef", certificate: try arn("b"), previous: try arn("a"),
        cause: .replacement, startedAt: now - .minutes(30), attempts: 1, phase: phase)
    }
    return record
  }

  static func propagation(_ part: Int64, next: Duration = .seconds(40)) -> Rollout.Propagation {
    Rollout.Propagation(
      acceptedAt: now - .minutes(part), deadline: now + .minutes(60 - part), nextCheckAt: now + next
    )
  }

  static func edge(_ number: Int, matches: Bool) -> ServedEdge {
    ServedEdge(
      address: "192.0.2.\(number):443", sha256: "00", serial: "01", notAfter: now + .days(80),
      matches: matches)
  }

  static func every() throws -> [DomainRecord] {
    let denied = Explanation(
      .accessDenied,
      "UpdateUserPoolDomain login.example.org: AccessDeniedException: cloudfront:updateDistribution\nis not allowed"
    )
    var propagating = try record(
      "auth.example.com", .propagating, phase: .propagating(propagation(15)))
    propagating.served = [
      edge(1, matches: true), edge(2, matches: false), edge(3, matches: true),
      edge(4, matches: false),
    ]
    var ending = try record("ending.example.com", .inSync)
    ending.attachedNotAfter = now + .hours(30)
    var held = try record("held.example.com", .held, reason: Explanation(.held))
    held.hold = Hold(since: now - .hours(1), until: now + .hours(1))
    return [
      propagating, ending, held,
      try record("in-sync.example.com", .inSync),
      try record(
        "a-very-long-name-of-a-login-page.customers.eu-west-1.example.com", .refused,
        reason: denied,
        phase: .refused(
          Rollout.Refusal(error: denied, nextAttemptAt: now + .minutes(58), mapping: "m"))),
      try record(
        "overdue.example.com", .overdue, reason: Explanation(.renewalUnserved, "192.0.2.9:443"),
        phase: .overdue(
          Rollout.Propagation(
            acceptedAt: now - .minutes(70), deadline: now - .minutes(10),
            nextCheckAt: now - .seconds(1)))),
      try record(
        "pending.example.com", .pending, reason: Explanation(.waitsForWave, "wave 0 has 1 left")),
      try record(
        "retrying.example.com", .retrying, reason: Explanation(.throttled, "Rate exceeded"),
        phase: .retrying(
          Rollout.Retry(
            dueAt: now + .seconds(90), failures: 1, error: Explanation(.throttled, "Rate exceeded"))
        )),
      try record(
        "submitting.example.com", .submitting,
        phase: .submitting(
          Rollout.Submission(intendedAt: now, settings: EchoedSettings(), mapping: "m"))),
      try record("zz.example.com", .other("dancing"), reason: Explanation(.other("odd"), "x")),
      try record("unserved.example.com", .unserved, reason: Explanation(.edgesRefusing)),
    ]
  }

  static func report(
    _ records: [DomainRecord], stops: [WaveStop] = [], isRunning: Bool = true,
    hasRequests: Bool = false, at now: Instant = now
  ) -> StatusReport {
    StatusReport(
      records: records,
      daemon: DaemonStatus(
        isRunning: isRunning, pid: isRunning ? 4711 : nil,
        lastSuccessfulPoll: isRunning ? now - .seconds(12) : nil, pollInterval: .minutes(5)),
      now: now, stops: stops, hasRequests: hasRequests)
  }
}
