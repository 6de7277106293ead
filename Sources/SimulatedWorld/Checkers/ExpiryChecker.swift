import Narration
import POSIX
import RolloutCore
import SimulatedAWS

/// A certificate never ends without an error of `certificate.expiring` for its domain before.
///
/// Exempt is only an end that the daemon could not know of: in the time from the attachment (or
/// the renewal) to ten minutes before the end there was no moment at which, within 20 s, both the
/// domain's description and its account's list were answered well, in the last seven days of the
/// certificate, to a process that then had power and room on its disk for a minute.
final class ExpiryChecker: Sendable {
  private struct State {
    /// The last good list of each account.
    var lists: [Int: Duration] = [:]
    var descriptions: [String: Duration] = [:]
    /// When each domain was last seen well, with the certificate it showed then.
    var sightings: [String: [Sighting]] = [:]
    /// Errors heard, as `DOMAIN NOT_AFTER`.
    var errors: Set<String> = []
  }

  private struct Sighting {
    let at: Duration
    let certificate: String
    let notAfter: Instant
  }

  private static let window = Duration.seconds(20)
  private static let notice = Duration.minutes(10)
  /// Below which a warning is an error.
  private static let errorThreshold = Duration.days(7)

  private let state = Guarded(State())
  private let aws: FakeAWS
  private let machine: WorldMachine
  private let violations: Violations

  init(aws: FakeAWS, machine: WorldMachine, violations: Violations) {
    self.aws = aws
    self.machine = machine
    self.violations = violations
  }

  func hears(_ event: Event) {
    guard event.kind == .certificateExpiring, event.level == .error,
      let domain = event.fields[.domain], let end = event.fields[.notAfter]
    else { return }
    state.withLock { _ = $0.errors.insert("\(domain) \(end)") }
  }

  /// A request was answered well.
  func sees(_ call: WorldCall) {
    guard call.isDescription || call.isList else { return }
    let now = machine.uptime
    let names: [String] = state.withLock { state in
      if call.isList {
        state.lists[call.account] = now
        return state.descriptions.filter { now - $0.value <= ExpiryChecker.window }.map(\.key)
      }
      state.descriptions[call.domain] = now
      let list = state.lists[call.account]
      return list.map { now - $0 <= ExpiryChecker.window } ?? false ? [call.domain] : []
    }
    for name in names { confirm(name, of: call.account) }
  }

  /// The sighting counts when the process lives on for a minute and can write.
  private func confirm(_ name: String, of account: Int) {
    let time = machine.trueTime
    let found = aws.withCloud { cloud -> (String, Instant)? in
      guard let domain = cloud.domains[name], domain.account == World.accountNumber(account) else {
        return nil
      }
      let arn = domain.shownARN(at: time - domain.behaviour.descriptionLag)
      return cloud.certificates[arn]?.current.map { (arn, $0.notAfter) }
    }
    guard let (arn, notAfter) = found,
      notAfter.since(time) < ExpiryChecker.errorThreshold - .hours(6)
    else { return }
    let process = machine.process?.number
    if machine.diskIsFull { return }
    let sighting = Sighting(at: machine.uptime, certificate: arn, notAfter: notAfter)
    machine.schedule(after: .minutes(1)) { [self] in
      guard machine.isOn, machine.process?.number == process, !machine.diskIsFull else { return }
      state.withLock { $0.sightings[name, default: []].append(sighting) }
    }
  }

  /// To be called when the certificate ends.
  func ended(_ arn: String) {
    let time = machine.trueTime
    let now = machine.uptime
    let (names, end) = aws.withCloud { cloud -> ([String], Instant) in
      let end = cloud.certificates[arn]?.current?.notAfter ?? time
      let names = cloud.domains.values.filter { $0.shownARN(at: time) == arn }.map(\.name)
      return (names.sorted(), end)
    }
    // It was renewed.
    if end > time { return }
    for name in names {
      let (isKnown, isLogged) = state.withLock { state in
        let isKnown = state.sightings[name]?.contains { sighting in
          sighting.certificate == arn && sighting.notAfter == end
            && now - sighting.at >= ExpiryChecker.notice
        }
        return (isKnown ?? false, state.errors.contains("\(name) \(end.rfc3339)"))
      }
      violations.require(
        !isKnown || isLogged, "\(arn) of \(name) ended, and no error was logged before")
    }
  }
}
