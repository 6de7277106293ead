import Narration
import RolloutCore
import Testing

/// A finding with what its event must say.
struct NarratedFinding: Sendable, CustomTestStringConvertible {
  let finding: Finding
  let kind: Event.Kind
  let level: Event.Level
  let fields: [Event.Field: String]
  var testDescription: String { "\(kind.rawValue) \(level)" }

  init(
    _ finding: Finding, _ kind: Event.Kind, _ level: Event.Level,
    _ fields: [Event.Field: String]
  ) {
    self.finding = finding
    self.kind = kind
    self.level = level
    self.fields = fields
  }

  private static let open = rollout(.propagating)
  private static let rolloutFields: [Event.Field: String] = [
    .rollout: "0123456789abcdef", .certificateARN: arn("new").text,
    .previousCertificateARN: arn("old").text, .attempt: "1",
  ]
  private static let deadline = (noon + .minutes(50)).rfc3339
  private static let refusal = Explanation(.invalidRequest, "no")
  private static let edges = EdgeSummary(
    verdict: .stale(["192.0.2.1:443"]), unreached: ["192.0.2.2:443 (refused)"])
  private static let edgeWords =
    "another leaf at 192.0.2.1:443; no answer from 192.0.2.2:443 (refused)"

  private static func rolloutFields(
    _ more: [Event.Field: String]
  ) -> [Event.Field: String] { rolloutFields.merging(more) { _, new in new } }

  static let all: [NarratedFinding] = [
    NarratedFinding(
      .replacementFound(newOne, .replacement, attached: oldOne.arn), .replacementFound, .notice,
      [
        .certificateARN: newOne.arn.text, .previousCertificateARN: oldOne.arn.text,
        .cause: "replacement", .notAfter: (noon + .days(89)).rfc3339,
      ]),
    NarratedFinding(
      .passedOver(
        PassedOver(
          certificate: newOne.arn, explanation: Explanation(.chainUntrusted, "no root"),
          isExpected: false)), .candidateIneligible, .warning,
      [.certificateARN: newOne.arn.text, .reason: "chain_untrusted", .error: "no root"]),
    NarratedFinding(
      .passedOver(
        PassedOver(
          certificate: newOne.arn, explanation: Explanation(.notNewer), isExpected: true)),
      .candidateIneligible, .info,
      [
        .certificateARN: newOne.arn.text, .reason: "not_newer",
        .error: Reason.notNewer.sentence,
      ]),
    NarratedFinding(
      .candidateMissing(attached: oldOne.arn, Explanation(.expired, "ended")), .candidateMissing,
      .error, [.certificateARN: oldOne.arn.text, .reason: "expired", .error: "ended"]),
    NarratedFinding(
      .expiring(oldOne.arn, notAfter: noon + .days(14), left: .days(14)), .certificateExpiring,
      .warning,
      [
        .certificateARN: oldOne.arn.text, .notAfter: (noon + .days(14)).rfc3339, .left: "14d",
      ]),
    NarratedFinding(
      .expiring(oldOne.arn, notAfter: noon + .days(7), left: .days(7)), .certificateExpiring,
      .error,
      [.certificateARN: oldOne.arn.text, .notAfter: (noon + .days(7)).rfc3339, .left: "7d"]),
    NarratedFinding(
      .expiring(oldOne.arn, notAfter: noon, left: .seconds(-3)), .certificateExpiring, .error,
      [.certificateARN: oldOne.arn.text, .notAfter: noon.rfc3339, .left: "0s"]),
    NarratedFinding(
      .certificateReleased(oldOne.arn, rollout(.completed)), .certificateReleased, .notice,
      [.certificateARN: oldOne.arn.text, .rollout: "0123456789abcdef"]),
    NarratedFinding(
      .holdRequested(by: OperatorName(escaping: "alice"), until: noon), .holdRequested, .notice,
      [.user: "alice", .until: noon.rfc3339]),
    NarratedFinding(
      .holdRequested(by: OperatorName(escaping: "alice"), until: nil), .holdRequested, .notice,
      [.user: "alice"]),
    NarratedFinding(
      .resumeRequested(by: OperatorName(escaping: "alice")), .resumeRequested, .notice,
      [.user: "alice"]),
    NarratedFinding(
      .retryRequested(by: OperatorName(escaping: "alice")), .retryRequested, .notice,
      [.user: "alice"]),
    NarratedFinding(
      .updateSubmitted(open), .updateSubmitted, .notice, rolloutFields([.cause: "replacement"])),
    NarratedFinding(
      .updateAccepted(open, requestID: "request-1"), .updateAccepted, .notice,
      rolloutFields([.requestID: "request-1", .deadline: deadline])),
    NarratedFinding(
      .updateShown(open, .updating), .updateAccepted, .notice,
      rolloutFields([.status: "UPDATING", .deadline: deadline])),
    NarratedFinding(
      .updateRetrying(open, refusal, in: .seconds(90), requestID: "request-1"), .updateRetrying,
      .warning,
      rolloutFields([
        .reason: "invalid_request", .error: "no", .retryIn: "1m30s", .requestID: "request-1",
      ])),
    NarratedFinding(
      .updateRefused(open, refusal, requestID: "request-1"), .updateRefused, .error,
      rolloutFields([.reason: "invalid_request", .error: "no", .requestID: "request-1"])),
    NarratedFinding(
      .updateRefused(nil, refusal, requestID: nil), .updateRefused, .error,
      [.reason: "invalid_request", .error: "no"]),
    NarratedFinding(
      .credentialsRefused(open, Identity(profile: "prod"), failure(.credentials)),
      .credentialsFailed, .error,
      rolloutFields([
        .identity: "profile prod", .error: failure(.credentials).description,
        .requestID: "request-9",
      ])),
    NarratedFinding(
      .propagationWaiting(open, .updating, edges, isNews: true), .propagationWaiting, .info,
      rolloutFields([
        .status: "UPDATING", .edges: edgeWords, .confirmations: "0", .deadline: deadline,
      ])),
    NarratedFinding(
      .propagationWaiting(open, .active, edges, isNews: false), .propagationWaiting, .debug,
      rolloutFields([
        .status: "ACTIVE", .edges: edgeWords, .confirmations: "0", .deadline: deadline,
      ])),
    NarratedFinding(
      .rolloutCompleted(
        rollout(.completed), EdgeSummary(verdict: .passed(edges: 4)), after: .minutes(9),
        isUnproven: false), .rolloutCompleted, .notice,
      rolloutFields([
        .proof: "edge", .edges: "all 4 that answer serve the new leaf", .duration: "9m",
      ])),
    NarratedFinding(
      .rolloutCompleted(
        rollout(.completed), EdgeSummary(verdict: .silent("refused")), after: .hours(1),
        isUnproven: true), .rolloutCompleted, .warning,
      rolloutFields([.proof: "edge", .edges: "none answers: refused", .duration: "1h"])),
    NarratedFinding(
      .rolloutOverdue(open, edges, .active), .rolloutOverdue, .error,
      rolloutFields([.deadline: deadline, .status: "ACTIVE", .error: edgeWords])),
    NarratedFinding(
      .rolloutOverdue(open, EdgeSummary(verdict: nil), nil), .rolloutOverdue, .error,
      rolloutFields([.deadline: deadline, .error: "Cognito does not show ACTIVE"])),
    NarratedFinding(
      .rolloutSuperseded(open, by: newerOne.arn, .replacement), .rolloutSuperseded, .notice,
      rolloutFields([.reason: "superseded by \(newerOne.arn)", .cause: "replacement"])),
    NarratedFinding(
      .rolledBack(open, to: oldOne.arn, Explanation(.edgesRefusing, "refused")),
      .rolloutRolledBack, .error,
      rolloutFields([.reason: "edges_refusing", .error: "refused"])),
    NarratedFinding(
      .rolloutAbandoned(open, Explanation(.notIssued, "REVOKED")), .rolloutSuperseded, .warning,
      rolloutFields([.reason: "not_issued: REVOKED"])),
    NarratedFinding(
      .rolloutOvertaken(open, by: newerOne.arn), .rolloutSuperseded, .warning,
      rolloutFields([.reason: "someone else attached \(newerOne.arn)"])),
    NarratedFinding(
      .settingChanged(open, member: "Routing", sent: "{}", shown: "{\"a\":1}"), .settingsChanged,
      .error, rolloutFields([.member: "Routing", .before: "{}", .after: "{\"a\":1}"])),
    NarratedFinding(
      .settingChanged(open, member: "Routing", sent: "{}", shown: nil), .settingsChanged, .error,
      rolloutFields([.member: "Routing", .before: "{}", .after: "absent"])),
    NarratedFinding(
      .driftAdopted(shown: newOne.arn, former: oldOne.arn, .newer), .driftDetected, .notice,
      [
        .certificateARN: newOne.arn.text, .previousCertificateARN: oldOne.arn.text,
        .reason: "adopted: it is newer and eligible",
      ]),
    NarratedFinding(
      .driftRestored(shown: theirs.arn, former: oldOne.arn), .driftDetected, .warning,
      [
        .certificateARN: theirs.arn.text, .previousCertificateARN: oldOne.arn.text,
        .reason: "the former certificate is put back",
      ]),
    NarratedFinding(
      .driftReported(shown: theirs.arn, former: oldOne.arn, .report), .driftDetected, .error,
      [
        .certificateARN: theirs.arn.text, .previousCertificateARN: oldOne.arn.text,
        .reason: "on_drift is report",
      ]),
    NarratedFinding(
      .renewalUnserved(oldOne.arn, edges), .renewalUnserved, .warning,
      [.certificateARN: oldOne.arn.text, .edges: edgeWords]),
    NarratedFinding(
      .unserved(oldOne.arn, Explanation(.expired, "an expired leaf"), edges), .renewalUnserved,
      .error,
      [
        .certificateARN: oldOne.arn.text, .edges: edgeWords, .reason: "expired",
        .error: "an expired leaf",
      ]),
    NarratedFinding(
      .edgesRefusing(oldOne.arn, edges, isLasting: false), .edgesRefusing, .warning,
      [.certificateARN: oldOne.arn.text, .edges: edgeWords]),
    NarratedFinding(
      .edgesRefusing(oldOne.arn, edges, isLasting: true), .edgesRefusing, .error,
      [.certificateARN: oldOne.arn.text, .edges: edgeWords]),
    NarratedFinding(
      .distributionChanged(before: "d1.cloudfront.net", after: "d2.cloudfront.net"),
      .settingsChanged, .notice,
      [
        .member: "CloudFrontDomain", .before: "d1.cloudfront.net", .after: "d2.cloudfront.net",
      ]),
    NarratedFinding(
      .permissionMissing(failure(.accessDenied)), .decisionBlocked, .warning,
      [
        .reason: "access_denied", .error: failure(.accessDenied).description,
        .requestID: "request-9",
      ]),
    NarratedFinding(
      .decisionBlocked(Explanation(.throttled, "slow"), polls: 1, isLasting: false),
      .decisionBlocked, .warning, [.reason: "throttled", .error: "slow", .polls: "1"]),
    NarratedFinding(
      .decisionBlocked(Explanation(.emptyDescription), polls: 3, isLasting: true),
      .decisionBlocked, .error,
      [.reason: "empty_description", .error: Reason.emptyDescription.sentence, .polls: "3"]),
    NarratedFinding(
      .reviewObjected(
        PlanReview.Violation(domain: auth, rule: .modeIsApply, detail: "observe")),
      .updateRefused, .error,
      [
        .reason: "plan_review",
        .error:
          "a planned call broke the rule \"the mode is apply\" (observe) and was not made; this is a defect of cognito-certd, please report it",
      ]),
  ]
}

@Suite("Findings as events")
struct NarrationTests {
  @Test("a finding has its kind, level and fields, and no others", arguments: NarratedFinding.all)
  func narrated(narrated: NarratedFinding) {
    let event = Narration.event(for: narrated.finding, of: mapping())
    #expect(event.kind == narrated.kind && event.level == narrated.level)
    var fields = narrated.fields
    fields[.domain] = "auth.example.com"
    fields[.userPoolID] = "eu-west-1_Ab12Cd34E"
    #expect(event.fields == fields)
    for (field, value) in event.fields { #expect(!value.isEmpty, "\(field)") }
  }

  @Test("every kind of event about a domain is among the tested ones")
  func complete() {
    let service: Set<Event.Kind> = [
      .daemonStarted, .daemonStopping, .configLoaded, .configRejected, .pollCompleted,
      .pollFailed, .waveStopped, .waveResumed, .clockStepped, .clockWrong, .metricsListening,
      .metricsFailed, .stateFailed,
    ]
    let narrated = Set(NarratedFinding.all.map(\.kind))
    #expect(narrated == Set(Event.Kind.allCases).subtracting(service))
  }

  @Test("every way to adopt a drift has words of its own")
  func adoptions() {
    let adoptions: [DriftJudgement.Adoption] = [
      .newer, .formerDeleted, .formerOfAnotherAccount, .formerIneligible, .formerEndsSoon,
      .shownDeleted,
    ]
    let words = adoptions.compactMap { adoption in
      Narration.event(
        for: Finding.driftAdopted(shown: arn("a"), former: arn("b"), adoption), of: mapping()
      ).fields[.reason]
    }
    #expect(Set(words).count == adoptions.count)
  }

  @Test("what the edges came to is told apart in words")
  func edges() {
    #expect(EdgeSummary(verdict: nil).description == "not probed")
    #expect(
      EdgeSummary(verdict: .incomparable("no leaf")).description
        == "cannot be compared: no leaf")
    #expect(
      EdgeSummary(verdict: .passed(edges: 2), unreached: ["a (x)", "b (y)"]).description
        == "all 2 that answer serve the new leaf; no answer from a (x), b (y)")
  }

  @Test("the time left is rounded down to days, hours or minutes")
  func left() {
    let texts: [(Duration, String)] = [
      (.days(13) + .hours(23), "13d"), (.hours(47), "1d23h"), (.hours(48), "2d"),
      (.minutes(119), "1h59m"), (.hours(2), "2h"), (.seconds(59), "59s"),
    ]
    for (left, text) in texts {
      let finding = Finding.expiring(arn("a"), notAfter: noon + left, left: left)
      #expect(Narration.event(for: finding, of: mapping()).fields[.left] == text)
    }
  }

  @Test("the names of events and fields are the documented ones")
  func names() {
    #expect(
      Event.Kind.allCases.map(\.rawValue) == [
        "daemon.started", "daemon.stopping", "config.loaded", "config.rejected",
        "poll.completed", "poll.failed", "replacement.found", "candidate.ineligible",
        "candidate.missing", "decision.blocked", "certificate.expiring", "certificate.released",
        "update.submitted", "update.accepted", "update.retrying", "update.refused",
        "propagation.waiting",
        "rollout.completed", "rollout.overdue", "rollout.superseded", "rollout.rolled_back",
        "wave.stopped", "wave.resumed", "hold.requested", "resume.requested", "retry.requested",
        "settings.changed",
        "drift.detected", "renewal.unserved", "edges.refusing", "credentials.failed",
        "clock.stepped", "clock.wrong", "metrics.listening", "metrics.failed", "state.failed",
      ])
    #expect(Set(Event.Kind.allCases.map(\.message)).count == Event.Kind.allCases.count)
    #expect(Event.Kind.allCases.allSatisfy { !$0.message.isEmpty })
    let documented: Set<String> = [
      "wave",
      "domain", "user_pool_id", "certificate_arn", "previous_certificate_arn", "rollout",
      "attempt", "retry_in", "deadline", "error", "request_id",
    ]
    #expect(documented.isSubset(of: Event.Field.allCases.map(\.rawValue)))
  }
}

@Suite("Findings about the daemon and its accounts as events")
struct ServiceNarrationTests {
  private static let stop = WaveStop(wave: 1, at: noon, failures: 2, domains: [auth])

  static let all: [(ServiceFinding, Event)] = [
    (
      .started(version: "1.2", pid: 7, stateFile: "/s"),
      Event(.daemonStarted, level: .notice, [.version: "1.2", .pid: "7", .stateFile: "/s"])
    ),
    (.stopping(pid: 7), Event(.daemonStopping, level: .notice, [.pid: "7"])),
    (
      .configurationLoaded(path: "/c", domains: 3, identities: 2),
      Event(.configLoaded, level: .info, [.config: "/c", .domains: "3", .identities: "2"])
    ),
    (
      .configurationWarning(path: "/c", "careful"),
      Event(.configLoaded, level: .warning, [.config: "/c", .error: "careful"])
    ),
    (
      .configurationRejected(path: "/c", "wrong"),
      Event(.configRejected, level: .error, [.config: "/c", .error: "wrong"])
    ),
    (
      .configurationRejected(path: nil, "wrong"),
      Event(.configRejected, level: .error, [.error: "wrong"])
    ),
    (
      .pollCompleted(Identity(), domains: 3, calls: 1, failures: 0, took: .seconds(2)),
      Event(
        .pollCompleted, level: .debug,
        [
          .identity: "default credentials", .domains: "3", .calls: "1", .failures: "0",
          .duration: "2s",
        ])
    ),
    (
      .accountUnseen(Identity(), failure(.accessDenied)),
      Event(
        .pollFailed, level: .warning,
        [
          .identity: "default credentials", .error: failure(.accessDenied).description,
          .requestID: "request-9",
        ])
    ),
    (
      .accountHangs(Identity(), failure(.answerLost), retryIn: .minutes(2)),
      Event(
        .pollFailed, level: .warning,
        [
          .identity: "default credentials", .error: failure(.answerLost).description,
          .requestID: "request-9", .retryIn: "2m",
        ])
    ),
    (
      .credentialsRefused(Identity(), failure(.credentials)),
      Event(
        .credentialsFailed, level: .error,
        [
          .identity: "default credentials", .error: failure(.credentials).description,
          .requestID: "request-9",
        ])
    ),
    (
      .waveStopped(stop),
      Event(
        .waveStopped, level: .error,
        [
          .wave: "1", .failures: "2", .domains: "auth.example.com",
          .error: "2 failed in wave 1: auth.example.com; 'resume --wave 1' goes on",
        ])
    ),
    (
      .waveResumed(stop, .restart),
      Event(
        .waveResumed, level: .notice,
        [.wave: "1", .failures: "2", .domains: "auth.example.com", .reason: "restart"])
    ),
    (
      .waveResumeRequested(wave: 1, by: OperatorName(escaping: "alice")),
      Event(.resumeRequested, level: .notice, [.wave: "1", .user: "alice"])
    ),
    (.clockStepped(.hours(2)), Event(.clockStepped, level: .warning, [.step: "2h"])),
    (
      .clockWrong(hostError: .days(40)),
      Event(
        .clockWrong, level: .warning,
        [
          .difference: "40d", .error: "this host's clock is 40d ahead of AWS's; correct it",
        ])
    ),
    (
      .clockWrong(hostError: .zero - .minutes(6)),
      Event(
        .clockWrong, level: .warning,
        [.difference: "-6m", .error: "this host's clock is 6m behind AWS's; correct it"])
    ),
    (
      .metricsListening("[::1]:9464"),
      Event(.metricsListening, level: .info, [.address: "[::1]:9464"])
    ),
    (.metricsFailed("in use"), Event(.metricsFailed, level: .error, [.error: "in use"])),
    (
      .stateFailed(path: "/s", "full"),
      Event(.stateFailed, level: .error, [.stateFile: "/s", .error: "full"])
    ),
    (
      .stateWarning(path: "/s", "slow"),
      Event(.stateFailed, level: .warning, [.stateFile: "/s", .error: "slow"])
    ),
  ]

  @Test("a finding about the service has its kind, level and fields")
  func narrated() {
    for (finding, event) in ServiceNarrationTests.all {
      #expect(Narration.event(for: finding) == event)
    }
  }
}
