import Narration
import RolloutCore

/// Keeps a lasting trouble from filling the log: each is logged when it begins or becomes another
/// one, and again every hour that it lasts.
struct TroubleLog: Sendable {
  static let reminderInterval = Duration.hours(1)

  private struct Logged: Sendable {
    let description: String
    /// Uptime.
    let at: Duration
  }

  private var accounts: [Identity: Logged] = [:]
  private var state: Logged?
  /// How far the host's clock was ahead of AWS's when that was logged, and the uptime then.
  private var clock: (hostError: Duration, at: Duration)?
  /// The failure that keeps the state file from being written.
  private(set) var lastStateFailure: StateFailure?

  /// The event that an account's failures call for: credentials before all else, then a list
  /// that could not be had. Other failures show in their domains.
  mutating func note(
    _ summary: AccountFacts.Summary, listing: Look<[Certificate]>?, of identity: Identity,
    retryIn: Duration?, at now: Duration
  ) -> ServiceFinding? {
    let credentials = summary.failures.first { $0.kind == .credentials }
    guard let failure = credentials ?? listing?.failure else {
      accounts[identity] = nil
      return nil
    }
    // Refused credentials fail every request: which one met them first is no news.
    let trouble = credentials.map { $0.code ?? $0.message } ?? failure.description
    guard isNews(trouble, accounts[identity], now) else { return nil }
    accounts[identity] = Logged(description: trouble, at: now)
    if credentials != nil { return .credentialsRefused(identity, failure) }
    return retryIn.map { .accountHangs(identity, failure, retryIn: $0) }
      ?? .accountUnseen(identity, failure)
  }

  mutating func note(_ failure: StateFailure, at now: Duration) -> ServiceFinding? {
    lastStateFailure = failure
    guard isNews(failure.description, state, now) else { return nil }
    state = Logged(description: failure.description, at: now)
    return .stateFailed(path: failure.path, failure.description)
  }

  /// Whether the error of the host's clock is to be reported: when it begins, ends or changes, and
  /// every hour.
  mutating func isNews(hostError: Duration, at now: Duration) -> Bool {
    guard hostError != .zero else {
      defer { clock = nil }
      return clock != nil
    }
    if let clock, (hostError - clock.hostError).size <= AWSTime.tolerance,
      now - clock.at < TroubleLog.reminderInterval
    {
      return false
    }
    clock = (hostError, now)
    return true
  }

  mutating func stateRecovered() {
    state = nil
    lastStateFailure = nil
  }

  var stateHasFailed: Bool { lastStateFailure != nil }

  private func isNews(_ text: String, _ logged: Logged?, _ now: Duration) -> Bool {
    guard let logged, logged.description.maskingDigits == text.maskingDigits else { return true }
    return now - logged.at >= TroubleLog.reminderInterval
  }
}
