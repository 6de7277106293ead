import RolloutCore

/// Keeps a lasting trouble from filling the log: each is told when it is new or different, and
/// again every hour that it lasts.
struct Complaints: Sendable {
  static let reminderInterval = Duration.hours(1)

  private struct Told: Sendable {
    let text: String
    let at: Instant
  }

  private var identities: [Identity: Told] = [:]
  private var state: Told?

  /// The events that an account's failures call for: credentials before all else, then a list
  /// that could not be had. Other failures show in their domains.
  mutating func hear(
    _ failures: [Failure], listing: Look<[Certificate]>, _ identity: Identity, _ now: Instant
  ) -> [Event] {
    let credentials = failures.first { $0.kind == .credentials }
    guard let failure = credentials ?? listing.failure else {
      identities[identity] = nil
      return []
    }
    let text = failure.description
    if let told = identities[identity], told.text == text,
      now.since(told.at) < Complaints.reminderInterval
    {
      return []
    }
    identities[identity] = Told(text: text, at: now)
    var fields: [Event.Field: String] = [.identity: identity.description, .error: text]
    if let requestID = failure.requestID { fields[.requestID] = requestID }
    return [Event(credentials == nil ? .pollFailed : .credentialsFailed, fields)]
  }

  mutating func hear(_ failure: StateFailure, _ now: Instant) -> Event? {
    let text = failure.description
    if let state, state.text == text, now.since(state.at) < Complaints.reminderInterval {
      return nil
    }
    state = Told(text: text, at: now)
    return Event(.stateFailed, [.error: text, .stateFile: failure.path])
  }

  mutating func stateRecovered() { state = nil }
}
