import POSIX
import Reconciliation
import RolloutCore
import SimulatedAWS
import Transport

/// What must hold whatever happens. A violation is recorded, so that a run goes on and shows
/// all of them.
final class Invariants: Sendable {
  private struct State {
    var violations: [String] = []
    /// When each domain's updates were asked for, for the budget of calls.
    var updates: [String: [Instant]] = [:]
  }

  private let state = Guarded(State())
  private let aws: FakeAWS
  private let clock: VirtualClock

  init(aws: FakeAWS, clock: VirtualClock) {
    self.aws = aws
    self.clock = clock
  }

  var violations: [String] { state.withLock { $0.violations } }

  func violate(_ text: String) {
    let line = "\(clock.trueTime.rfc3339) \(text)"
    state.withLock { $0.violations.append(line) }
  }

  /// Updates of one domain within an hour: backoff, `resubmits` and cures allow fewer.
  static let updatesAnHour = 30

  /// Before an update reaches AWS: its intent must be on disk.
  func aboutToUpdate(_ domain: String, to arn: String, records: [DomainRecord]) {
    let record = records.first { $0.domain.text == domain }
    if record?.rollout?.phase != .submitting || record?.rollout?.certificate.text != arn {
      violate("call without a journalled intent: \(domain) to \(arn)")
    }
    let now = clock.trueTime
    let count = state.withLock { state in
      let recent = state.updates[domain, default: []].filter { now.since($0) < .hours(1) } + [now]
      state.updates[domain] = recent
      return recent.count
    }
    if count > Invariants.updatesAnHour { violate("\(count) updates of \(domain) in an hour") }
    if record?.isHeld(at: clock.now) ?? false { violate("call for \(domain), which is held") }
  }

  /// After an update had its effect.
  func attached(_ change: AttachmentChange, cause: Rollout.Cause?) {
    guard change.isByCall else { return }
    let (certificates, now) = aws.withCloud { ($0.certificates, clock.trueTime) }
    guard let new = certificates[change.to] else {
      return violate("attached \(change.to), which does not exist")
    }
    require(
      change.certificateStatus == "ISSUED",
      "attached a certificate that is \(change.certificateStatus)")
    require(
      new.covers(change.domain), "attached a certificate that does not cover \(change.domain)")
    require(new.region == "us-east-1", "attached a certificate of \(new.region)")
    require(
      new.type != "PRIVATE" && new.managedBy == nil, "attached a private or managed certificate")
    require(new.keyAlgorithm == "EC_prime256v1", "attached a key of \(new.keyAlgorithm)")
    require(
      new.current.map { $0.notBefore <= now && now < $0.notAfter && !$0.isSelfSigned } ?? false,
      "attached a certificate that is not valid now")
    require(
      change.settingsBefore == change.settingsAfter,
      "changed settings: \(change.settingsBefore) to \(change.settingsAfter)")
    guard let old = certificates[change.from], cause == .replacement, change.from != change.to,
      let newStart = new.current?.notBefore, let oldStart = old.current?.notBefore
    else { return }
    require(
      newStart > oldStart && new.createdAt > old.createdAt,
      "moved \(change.domain) to an older certificate \(change.to)")
  }

  private func require(_ holds: Bool, _ text: String) {
    if !holds { violate(text) }
  }
}

/// The transport of the simulated daemon: AWS behind it, the power cut beside it, and the
/// invariants watching every update.
struct WorldTransport: HTTPTransport {
  let inner: FakeAWSTransport
  let aws: FakeAWS
  let clock: VirtualClock
  let power: WorldPower
  let invariants: Invariants
  let store: any StatePort

  func send(_ request: HTTPRequest) async throws(TransportError) -> HTTPResponse {
    let isUpdate = request.headers.contains { $0.value.hasSuffix(".UpdateUserPoolDomain") }
    let isOn = isUpdate ? power.point() : power.isOn
    guard isOn else { throw .notSent("the power is out") }
    var cause: Rollout.Cause?
    if isUpdate { cause = await checkIntent(request) }
    clock.advance(.milliseconds(20))
    let before = aws.withCloud { $0.attachments.count }
    let result: Result<HTTPResponse, TransportError>
    do throws(TransportError) {
      result = .success(try await inner.send(request))
    } catch {
      result = .failure(error)
    }
    let changes = aws.withCloud { Array($0.attachments.dropFirst(before)) }
    for change in changes { invariants.attached(change, cause: cause) }
    if isUpdate, !power.point() { throw .answerLost("the power is out") }
    return try result.get()
  }

  /// One kind of error at a time: a `catch` of any error here crashes the optimizing compiler.
  private func checkIntent(_ request: HTTPRequest) async -> Rollout.Cause? {
    let records: [DomainRecord]
    do throws(StateFailure) {
      records = try await store.loadRecords()
    } catch {
      invariants.violate("an update with a state that cannot be read: \(error)")
      return nil
    }
    do {
      let body = try WorldTransport.update(in: request)
      invariants.aboutToUpdate(body.domain, to: body.certificate, records: records)
      return records.first { $0.domain.text == body.domain }?.rollout?.cause
    } catch {
      invariants.violate("an update that cannot be read: \(error)")
      return nil
    }
  }
}
