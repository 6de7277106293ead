/// The families of series that are exposed. Dashboards and alert rules are tested against their names
/// and labels.
package enum Metric: String, CaseIterable, Sendable {
  case domainCondition = "domain_condition"
  case domainEnding = "domain_ending"
  case domainRolledBack = "domain_rolled_back"
  case certificateNotAfter = "certificate_not_after_timestamp_seconds"
  case rolloutStarted = "rollout_started_timestamp_seconds"
  case rolloutDuration = "rollout_duration_seconds"
  case edges
  case waveStopped = "wave_stopped"
  case lastSuccessfulPoll = "last_successful_poll_timestamp_seconds"
  case pollInterval = "poll_interval_seconds"
  case apiRequests = "api_requests_total"
  case apiRequestDuration = "api_request_duration_seconds"
  case reloadSuccessful = "config_last_reload_successful"
  case reloadSucceededAt = "config_last_reload_success_timestamp_seconds"
  case stateWrites = "state_writes_total"
  case stateWriteSuccessful = "state_last_write_successful"
  case processStart = "process_start_time_seconds"
  case buildInfo = "build_info"

  /// Every name has it, also where others have none by convention: node_exporter rejects a text file
  /// with one of its own names.
  static let prefix = "cognito_certd_"

  package var name: String { Metric.prefix + rawValue }

  package enum Kind: String, Sendable { case gauge, counter, histogram }

  package var kind: Kind {
    switch self {
    case .apiRequests, .stateWrites: .counter
    case .rolloutDuration, .apiRequestDuration: .histogram
    case .domainCondition, .domainEnding, .domainRolledBack, .certificateNotAfter, .rolloutStarted,
      .edges, .waveStopped, .lastSuccessfulPoll, .pollInterval, .reloadSuccessful,
      .reloadSucceededAt, .stateWriteSuccessful, .processStart, .buildInfo:
      .gauge
    }
  }

  /// Without `le` of histograms.
  package var labels: [String] {
    switch self {
    case .domainCondition: ["domain", "condition"]
    case .domainEnding, .domainRolledBack, .rolloutStarted: ["domain"]
    case .certificateNotAfter: ["domain", "source"]
    case .edges: ["domain", "state"]
    case .waveStopped: ["wave"]
    case .lastSuccessfulPoll: ["account"]
    case .apiRequests: ["service", "operation", "outcome"]
    case .apiRequestDuration: ["service", "operation"]
    case .buildInfo: ["version"]
    case .rolloutDuration, .pollInterval, .reloadSuccessful, .reloadSucceededAt, .stateWrites,
      .stateWriteSuccessful, .processStart:
      []
    }
  }

  package var help: String {
    switch self {
    case .domainCondition: "Whether this is the condition of the domain (1) or not (0)."
    case .domainEnding:
      "Whether a person must act because the certificate of the domain has ended or ends soon."
    case .domainRolledBack:
      "Whether the last certificate was rolled back and no newer one is attached."
    case .certificateNotAfter:
      "The end of the certificate that is attached, desired, or served by an edge; of several edges the earliest."
    case .rolloutStarted: "When the open rollout of the domain began."
    case .rolloutDuration: "The time from the decision to the proof of a rollout."
    case .edges: "The edges of the domain by what the last probe showed."
    case .waveStopped: "Whether too many rollouts of the wave have failed, so that none begins."
    case .lastSuccessfulPoll:
      "When the certificates of the account were listed last; 0 if never since the start."
    case .pollInterval: "The configured poll_interval."
    case .apiRequests: "Requests to AWS, each attempt counted."
    case .apiRequestDuration: "The time from a request to AWS to its answer."
    case .reloadSuccessful: "Whether the last configuration that was read is in force."
    case .reloadSucceededAt: "When a configuration came into force last."
    case .stateWrites: "Transactions that were committed to the state file."
    case .stateWriteSuccessful: "Whether the state file could be written last time."
    case .processStart: "When the daemon started."
    case .buildInfo: "The version of the daemon."
    }
  }
}
