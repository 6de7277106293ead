package import RolloutCore

/// Something about the daemon or one of its accounts, rather than about a domain.
package enum ServiceFinding: Equatable, Sendable {
  case started(version: String, pid: Int32, stateFile: String)
  case stopping(pid: Int32)
  case configurationLoaded(path: String, domains: Int, identities: Int)
  case configurationWarning(path: String, String)
  case configurationRejected(path: String?, String)
  /// An account's domains were looked at.
  case pollCompleted(Identity, domains: Int, calls: Int, failures: Int, took: Duration)
  /// An account's certificates could not be listed.
  case accountUnseen(Identity, Failure)
  /// An account's requests time out: it is looked at less often until one answers.
  case accountHangs(Identity, Failure, retryIn: Duration)
  case credentialsRefused(Identity, Failure)
  /// Too many rollouts of a wave have failed.
  case waveStopped(WaveStop)
  case waveResumed(WaveStop, WaveRelease)
  /// An operator's `resume --wave`.
  case waveResumeRequested(wave: Int, by: OperatorName)
  case clockStepped(Duration)
  /// This host's clock is ahead of AWS's, or behind it by a negative duration.
  case clockWrong(hostError: Duration)
  /// The metrics are served on this address.
  case metricsListening(String)
  case metricsFailed(String)
  case stateFailed(path: String, String)
  /// A trouble with a file of state that does not keep updates from being made.
  case stateWarning(path: String, String)
}

/// What lets a stopped wave go on.
package enum WaveRelease: String, Sendable, CaseIterable {
  case resume, restart
  /// The configuration no longer stops it.
  case reload
}

extension Narration {
  package static func event(for finding: ServiceFinding) -> Event {
    switch finding {
    case .started(let version, let pid, let stateFile):
      return Event(
        .daemonStarted,
        [.version: version, .pid: String(pid), .stateFile: stateFile])
    case .stopping(let pid): return Event(.daemonStopping, [.pid: String(pid)])
    case .configurationLoaded(let path, let domains, let identities):
      return Event(
        .configLoaded,
        [.config: path, .domains: String(domains), .identities: String(identities)])
    case .configurationWarning(let path, let warning):
      return Event(.configLoaded, level: .warning, [.config: path, .error: warning])
    case .configurationRejected(let path, let problem):
      var fields: [Event.Field: String] = [.error: problem]
      fields[.config] = path
      return Event(.configRejected, fields)
    case .pollCompleted(let identity, let domains, let calls, let failures, let duration):
      return Event(
        .pollCompleted,
        [
          .identity: identity.description, .domains: String(domains), .calls: String(calls),
          .failures: String(failures), .duration: duration.compact,
        ])
    case .accountUnseen(let identity, let failure):
      return failed(.pollFailed, identity, failure)
    case .accountHangs(let identity, let failure, let delay):
      var event = failed(.pollFailed, identity, failure)
      event.fields[.retryIn] = delay.compact
      return event
    case .credentialsRefused(let identity, let failure):
      return failed(.credentialsFailed, identity, failure)
    case .waveStopped(let stop):
      return Event(
        .waveStopped,
        naming(stop).merging([.error: stop.explanation.detail]) { $1 })
    case .waveResumed(let stop, let release):
      return Event(.waveResumed, naming(stop).merging([.reason: release.rawValue]) { $1 })
    case .waveResumeRequested(let wave, let user):
      return requested(.resumeRequested, by: user, [.wave: String(wave)])
    case .clockStepped(let step): return Event(.clockStepped, [.step: step.compact])
    case .clockWrong(let error):
      let isAhead = error > .zero
      let size = (isAhead ? error : .zero - error).inWholeUnits
      return Event(
        .clockWrong,
        [
          .difference: isAhead ? size : "-\(size)",
          .error:
            "this host's clock is \(size) \(isAhead ? "ahead of" : "behind") AWS's; correct it",
        ])
    case .metricsListening(let address):
      return Event(.metricsListening, [.address: address])
    case .metricsFailed(let message): return Event(.metricsFailed, [.error: message])
    case .stateFailed(let path, let message):
      return Event(.stateFailed, [.error: message, .stateFile: path])
    case .stateWarning(let path, let message):
      return Event(.stateFailed, level: .warning, [.error: message, .stateFile: path])
    }
  }

  private static func naming(_ stop: WaveStop) -> [Event.Field: String] {
    [
      .wave: String(stop.wave), .failures: String(stop.failures),
      .domains: stop.domains.map(\.text).joined(separator: ", "),
    ]
  }

  private static func failed(
    _ kind: Event.Kind, _ identity: Identity, _ failure: Failure
  ) -> Event {
    var fields: [Event.Field: String] = [
      .identity: identity.description, .error: failure.description,
    ]
    fields[.requestID] = failure.requestID
    return Event(kind, fields)
  }
}
