/// A line of the log. Its message is constant; the facts are fields.
package struct Event: Equatable, Sendable {
  package var kind: Kind
  package var level: Level
  package var fields: [Field: String]

  package init(_ kind: Kind, level: Level? = nil, _ fields: [Field: String] = [:]) {
    self.kind = kind
    self.level = level ?? kind.level
    self.fields = fields
  }

  package enum Level: String, Sendable, CaseIterable {
    case debug, info, notice, warning, error
  }

  /// The contract's event names.
  package enum Kind: String, Sendable, CaseIterable {
    case daemonStarted = "daemon.started"
    case daemonStopping = "daemon.stopping"
    case configLoaded = "config.loaded"
    case configRejected = "config.rejected"
    case pollCompleted = "poll.completed"
    case pollFailed = "poll.failed"
    case replacementFound = "replacement.found"
    case candidateIneligible = "candidate.ineligible"
    case candidateMissing = "candidate.missing"
    case decisionBlocked = "decision.blocked"
    case certificateExpiring = "certificate.expiring"
    case certificateReleased = "certificate.released"
    case updateSubmitted = "update.submitted"
    case updateAccepted = "update.accepted"
    case updateRetrying = "update.retrying"
    case updateRefused = "update.refused"
    case propagationWaiting = "propagation.waiting"
    case rolloutCompleted = "rollout.completed"
    case rolloutOverdue = "rollout.overdue"
    case rolloutSuperseded = "rollout.superseded"
    case rolloutRolledBack = "rollout.rolled_back"
    case waveStopped = "wave.stopped"
    case waveResumed = "wave.resumed"
    case holdRequested = "hold.requested"
    case resumeRequested = "resume.requested"
    case retryRequested = "retry.requested"
    case settingsChanged = "settings.changed"
    case driftDetected = "drift.detected"
    case renewalUnserved = "renewal.unserved"
    case edgesRefusing = "edges.refusing"
    case credentialsFailed = "credentials.failed"
    case clockStepped = "clock.stepped"
    case clockWrong = "clock.wrong"
    case metricsListening = "metrics.listening"
    case metricsFailed = "metrics.failed"
    case stateFailed = "state.failed"
  }

  /// Field names, as the log shows them.
  package enum Field: String, Sendable, CaseIterable {
    case domain
    case userPoolID = "user_pool_id"
    case certificateARN = "certificate_arn"
    case previousCertificateARN = "previous_certificate_arn"
    case rollout
    case attempt
    case retryIn = "retry_in"
    case deadline
    case error
    case requestID = "request_id"
    case reason
    case cause
    case proof
    case edges
    case confirmations
    case status
    case member
    case before
    case after
    case notAfter = "not_after"
    case identity
    case domains
    case identities
    case version
    case config
    case stateFile = "state_file"
    case pid
    case duration
    case calls
    case failures
    case step
    case difference
    case cloudFrontDomain = "cloudfront_domain"
    case polls
    case wave
    case left
    case user
    case until
    case address
  }
}

extension Event.Kind {
  /// The level of the event where its finding does not say otherwise. notice: something changed;
  /// warning: it will be tried again; error: a person is needed.
  package var level: Event.Level {
    switch self {
    case .pollCompleted: .debug
    case .configLoaded, .propagationWaiting, .metricsListening: .info
    case .daemonStarted, .daemonStopping, .replacementFound, .updateSubmitted, .updateAccepted,
      .rolloutCompleted, .rolloutSuperseded, .waveResumed, .driftDetected, .certificateReleased,
      .holdRequested, .resumeRequested, .retryRequested:
      .notice
    case .pollFailed, .candidateIneligible, .decisionBlocked, .updateRetrying, .renewalUnserved,
      .edgesRefusing, .clockStepped, .clockWrong, .certificateExpiring:
      .warning
    case .configRejected, .candidateMissing, .updateRefused, .rolloutOverdue, .rolloutRolledBack,
      .waveStopped, .settingsChanged, .credentialsFailed, .metricsFailed, .stateFailed:
      .error
    }
  }

  /// The constant message of the log line.
  package var message: String {
    switch self {
    case .daemonStarted: "the daemon has started"
    case .daemonStopping: "the daemon is stopping; open rollouts go on after the next start"
    case .configLoaded: "the configuration is in force"
    case .configRejected: "the configuration is invalid and is not used"
    case .pollCompleted: "an account and its domains were looked at"
    case .pollFailed: "the certificates of an account could not be listed"
    case .replacementFound: "a certificate is to replace the attached one"
    case .candidateIneligible: "a certificate for this domain was not chosen"
    case .candidateMissing: "no certificate can serve this domain any longer"
    case .decisionBlocked: "the domain cannot be decided because something could not be seen"
    case .certificateExpiring: "the certificate ends soon and no newer one is proven"
    case .certificateReleased:
      "the certificate before the rollout is no longer in use, and no edge serves it"
    case .updateSubmitted: "asking Cognito to attach the certificate"
    case .updateAccepted:
      "Cognito accepted the certificate; the edges are checked until they serve it"
    case .updateRetrying: "the update failed and will be tried again"
    case .updateRefused: "the update is refused; a person is needed"
    case .propagationWaiting: "not every edge is proven to serve the new certificate yet"
    case .rolloutCompleted: "the rollout is complete"
    case .rolloutOverdue: "the window has passed without proof of the new certificate"
    case .rolloutSuperseded: "an open rollout ends without proof"
    case .rolloutRolledBack:
      "edges do not serve the new certificate, and the previous one is attached again"
    case .waveStopped: "too many rollouts of the wave have failed, and no further one begins"
    case .waveResumed: "a stopped wave goes on"
    case .holdRequested: "an operator holds the domain, and no call is made for it"
    case .resumeRequested: "an operator ends a hold, or lets a stopped wave go on"
    case .retryRequested: "an operator asks to try the domain again now"
    case .settingsChanged: "a setting of the domain came back different from what was sent"
    case .driftDetected: "someone else attached another certificate"
    case .renewalUnserved: "the certificate was renewed and an edge still serves the old one"
    case .edgesRefusing: "an edge refuses the TLS handshake for the domain"
    case .credentialsFailed: "AWS does not accept the credentials, or there are none"
    case .clockStepped: "this host's clock was stepped; no deadline comes sooner or later for it"
    case .clockWrong: "this host's clock differs from AWS's, which decides"
    case .metricsListening: "the metrics are served"
    case .metricsFailed: "the metrics cannot be served or written"
    case .stateFailed: "a file of the state cannot be read or written"
    }
  }
}
