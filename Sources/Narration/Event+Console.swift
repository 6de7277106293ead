/// How the console shows an event: in few words, and with the facts that a person who watches needs.
/// The other formats have the constant message and every field.
extension Event.Kind {
  /// What happened, in at most 40 characters.
  package var headline: String {
    switch self {
    case .daemonStarted: "started"
    case .daemonStopping: "stopping"
    case .configLoaded: "configuration in force"
    case .configRejected: "configuration rejected"
    case .pollCompleted: "account looked at"
    case .pollFailed: "cannot list the certificates"
    case .replacementFound: "replacement found"
    case .candidateIneligible: "certificate not chosen"
    case .candidateMissing: "no certificate can serve this domain"
    case .decisionBlocked: "cannot decide"
    case .certificateExpiring: "certificate ends soon"
    case .certificateReleased: "nothing uses the former one any more"
    case .updateSubmitted: "asking Cognito to attach"
    case .updateAccepted: "Cognito accepted"
    case .updateRetrying: "update failed"
    case .updateRefused: "update refused"
    case .propagationWaiting: "not proven on every edge yet"
    case .rolloutCompleted: "rollout complete"
    case .rolloutOverdue: "window passed without proof"
    case .rolloutSuperseded: "rollout ended without proof"
    case .rolloutRolledBack: "rolled back"
    case .waveStopped: "wave stopped"
    case .waveResumed: "wave goes on"
    case .holdRequested: "held by an operator"
    case .resumeRequested: "hold ended by an operator"
    case .retryRequested: "retry asked for by an operator"
    case .settingsChanged: "setting came back different"
    case .driftDetected: "someone else attached"
    case .renewalUnserved: "edges serve an old certificate"
    case .edgesRefusing: "an edge refuses the handshake"
    case .credentialsFailed: "no valid credentials"
    case .clockStepped: "this host's clock was stepped"
    case .clockWrong: "this host's clock is wrong"
    case .metricsListening: "serving metrics"
    case .metricsFailed: "metrics cannot be served or written"
    case .stateFailed: "state cannot be read or written"
    }
  }

  /// The facts that the console shows behind it, in their order. What an event does not have is left
  /// out; the last one is the first to be cut.
  package var mainFacts: [Event.Field] {
    switch self {
    case .daemonStarted: [.version, .pid, .stateFile]
    case .daemonStopping: [.pid]
    case .configLoaded: [.domains, .identities, .config, .error]
    case .configRejected: [.error]
    case .pollCompleted: [.identity, .domains, .calls, .failures, .duration]
    case .pollFailed, .credentialsFailed: [.retryIn, .identity, .error]
    case .replacementFound: [.certificateARN, .previousCertificateARN, .notAfter, .cause]
    case .candidateIneligible, .candidateMissing: [.certificateARN, .reason, .error]
    case .decisionBlocked: [.polls, .reason, .error]
    case .certificateExpiring: [.certificateARN, .left, .notAfter]
    case .certificateReleased: [.certificateARN]
    case .updateSubmitted: [.certificateARN, .previousCertificateARN, .attempt]
    case .updateAccepted: [.certificateARN, .deadline]
    case .updateRetrying: [.certificateARN, .retryIn, .reason, .error]
    case .updateRefused: [.certificateARN, .reason, .error]
    case .propagationWaiting: [.certificateARN, .deadline, .confirmations, .edges]
    case .rolloutCompleted: [.certificateARN, .duration, .proof, .edges]
    case .rolloutOverdue: [.certificateARN, .deadline, .error]
    case .rolloutSuperseded: [.certificateARN, .reason]
    case .rolloutRolledBack: [.certificateARN, .previousCertificateARN, .reason, .error]
    case .waveStopped: [.wave, .failures, .domains]
    case .waveResumed: [.wave, .reason]
    case .holdRequested: [.user, .until]
    case .resumeRequested: [.wave, .user]
    case .retryRequested: [.user]
    case .settingsChanged: [.member, .before, .after]
    case .driftDetected: [.certificateARN, .previousCertificateARN, .reason]
    case .renewalUnserved: [.certificateARN, .reason, .error, .edges]
    case .edgesRefusing: [.certificateARN, .edges]
    case .clockStepped: [.step]
    case .clockWrong: [.error]
    case .metricsListening: [.address]
    case .metricsFailed: [.error]
    case .stateFailed: [.error]
    }
  }
}
