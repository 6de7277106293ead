package import LosslessJSON
package import RolloutCore

/// What `status` shows.
package struct StatusReport: Sendable {
  package let records: [DomainRecord]
  package let daemon: DaemonStatus
  package let now: Instant
  /// The waves in which no further rollout begins.
  package let stops: [WaveStop]
  /// Whether operators' requests wait to be carried out.
  package let hasRequests: Bool

  package init(
    records: [DomainRecord], daemon: DaemonStatus, now: Instant, stops: [WaveStop] = [],
    hasRequests: Bool = false
  ) {
    self.records = records
    self.daemon = daemon
    self.now = now
    self.stops = stops
    self.hasRequests = hasRequests
  }

  package var needsPerson: Bool {
    daemon.problem(at: now) != nil
      || records.contains { $0.condition.needsPerson || $0.isEnding(at: now) }
  }

  package var json: JSONValue {
    [
      "version": 1,
      "generated_at": .string(now.rfc3339),
      "daemon": [
        "running": .bool(daemon.isRunning),
        "pid": JSONValue(daemon.pid.map(Int.init)),
        "last_successful_poll_at": JSONValue(daemon.lastSuccessfulPoll?.rfc3339),
      ],
      "domains": .array(records.map(json)),
    ]
  }

  private func json(_ record: DomainRecord) -> JSONValue {
    [
      "domain": .string(record.domain.text),
      "user_pool_id": .string(record.userPoolID.text),
      "region": .string(record.region.text),
      "condition": .string(record.condition.word),
      "reason": JSONValue(record.reason?.description),
      "ending": .bool(record.isEnding(at: now)),
      "next_step_at": JSONValue(record.nextStepAt?.rfc3339),
      "cloudfront_domain": JSONValue(record.cloudFrontDomain),
      "attached_certificate_arn": JSONValue(record.attached?.text),
      "desired_certificate_arn": JSONValue(record.desired?.text),
      "served": .array(record.served.map(StatusReport.json)),
      "not_after": JSONValue(record.attachedNotAfter?.rfc3339),
      "rollout": record.rollout.map(StatusReport.json) ?? .null,
    ]
  }

  private static func json(_ edge: ServedEdge) -> JSONValue {
    [
      "address": .string(edge.address),
      "sha256": .string(edge.sha256),
      "serial": .string(edge.serial),
      "not_after": .string(edge.notAfter.rfc3339),
      "matches": .bool(edge.matches),
    ]
  }

  private static func json(_ rollout: Rollout) -> JSONValue {
    [
      "id": .string(rollout.id),
      "certificate_arn": .string(rollout.certificate.text),
      "previous_certificate_arn": JSONValue(rollout.previous?.text),
      "phase": .string(rollout.phaseWord),
      "started_at": .string(rollout.startedAt.rfc3339),
      "submitted_at": JSONValue(rollout.submittedAt?.rfc3339),
      "deadline": JSONValue(rollout.deadline?.rfc3339),
      "completed_at": JSONValue(rollout.completedAt?.rfc3339),
      "proof": JSONValue(rollout.proof?.word),
      "released_at": JSONValue(rollout.releasedAt?.rfc3339),
      "attempts": JSONValue(rollout.attempts),
      "last_error": JSONValue(rollout.error?.detail),
    ]
  }
}
