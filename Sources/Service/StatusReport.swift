package import LosslessJSON
package import RolloutCore

/// What `status` shows.
package struct StatusReport: Sendable {
  package let records: [DomainRecord]
  package let daemon: DaemonStatus
  package let now: Instant

  package init(records: [DomainRecord], daemon: DaemonStatus, now: Instant) {
    self.records = records
    self.daemon = daemon
    self.now = now
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

extension StatusReport {
  /// The report for people: a line for the daemon, then a paragraph for each domain.
  package var text: String {
    ([daemonLine] + records.map(paragraph)).joined(separator: "\n")
  }

  private var daemonLine: String {
    guard daemon.isRunning else { return "cognito-certd is not running" }
    let pid = daemon.pid.map { " (pid \($0))" } ?? ""
    guard let poll = daemon.lastSuccessfulPoll else {
      return "cognito-certd is running\(pid); no successful poll since it started"
    }
    return "cognito-certd is running\(pid); last successful poll \(ago(poll))"
  }

  private func paragraph(_ record: DomainRecord) -> String {
    let ending = record.isEnding(at: now) ? ", ending" : ""
    var lines = ["", "\(record.domain)  \(record.condition)\(ending)"]
    func add(_ name: String, _ value: String?) {
      guard let value, !value.isEmpty else { return }
      let padding = String(repeating: " ", count: max(1, 14 - name.count))
      lines.append("  \(name)\(padding)\(value)")
    }
    add("reason", record.reason?.description)
    add("pool", "\(record.userPoolID) in \(record.region)")
    add("distribution", record.cloudFrontDomain)
    add("attached", record.attached?.text)
    if record.desired != record.attached { add("desired", record.desired?.text) }
    add("expires", record.attachedNotAfter.map { "\($0.rfc3339) (\(until($0)))" })
    for edge in record.served {
      add(
        "edge",
        "\(edge.address) serves \(edge.matches ? "the right leaf" : "another leaf"), until \(edge.notAfter.rfc3339)"
      )
    }
    if let rollout = record.rollout { add("rollout", describe(rollout)) }
    add("error", record.rollout?.error?.detail)
    return lines.joined(separator: "\n")
  }

  private func describe(_ rollout: Rollout) -> String {
    var text =
      "\(rollout.id) \(rollout.phaseWord), \(rollout.attempts) \(rollout.attempts == 1 ? "call" : "calls")"
    if let completed = rollout.completedAt {
      text += ", ended \(ago(completed))"
      if let proof = rollout.proof { text += ", proven by \(proof.word)" }
    } else if let deadline = rollout.deadline {
      text += ", window \(now < deadline ? "ends" : "ended") \(until(deadline))"
    }
    return text
  }

  private func ago(_ instant: Instant) -> String { "\(rounded(now.since(instant))) ago" }

  private func until(_ instant: Instant) -> String {
    let left = instant.since(now)
    return left < .zero ? "\(rounded(.zero - left)) ago" : "in \(rounded(left))"
  }

  /// Rounded to two units.
  private func rounded(_ duration: Duration) -> String {
    let seconds = max(0, duration.inMilliseconds / 1000)
    let unit: Int64 = seconds >= 86_400 ? 3600 : seconds >= 3600 ? 60 : 1
    return Duration.seconds(seconds / unit * unit).compact
  }
}
