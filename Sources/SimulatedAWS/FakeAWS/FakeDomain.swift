package import LosslessJSON
package import RolloutCore

/// A custom domain of the simulated Cognito, with all its certificates.
///
/// The status, the shown ARN and what each edge serves are computed for a given time.
package struct FakeDomain: Sendable {
  package let name: String
  package let userPoolID: String
  package let region: String
  package let account: String
  package var behaviour: DomainBehaviour
  /// The members of `CustomDomainConfig` except `CertificateArn`.
  package var config: [JSONValue.Member]
  /// The other members that an update accepts: `ManagedLoginVersion`, `Routing`.
  package var topLevel: [JSONValue.Member]
  /// Oldest first, never empty.
  package internal(set) var attachments: [Attachment]
  package var isDeleted = false
  /// Settings that were replaced, oldest first.
  private var formerSettings: [FormerSettings] = []

  private struct FormerSettings: Sendable {
    let until: Instant
    let config: [JSONValue.Member]
    let topLevel: [JSONValue.Member]
  }

  /// Former settings kept for descriptions that lag behind.
  private static let maximumFormerSettings = 8

  package struct Attachment: Sendable {
    package var at: Instant
    package var certificateARN: String
    /// When the status leaves UPDATING; nil: never.
    package var updateEndsAt: Instant?
    /// Whether it becomes FAILED then, and the edges keep what they had.
    package var fails: Bool
    /// When each edge begins to serve it; nil: never.
    package var switchTimes: [Instant?]
  }

  package init(
    name: String, userPoolID: String, region: String, account: String, certificateARN: String,
    since: Instant, behaviour: DomainBehaviour = DomainBehaviour(),
    config: [JSONValue.Member] = [], topLevel: [JSONValue.Member] = []
  ) {
    self.name = name
    self.userPoolID = userPoolID
    self.region = region
    self.account = account
    self.behaviour = behaviour
    self.config = config
    self.topLevel = topLevel
    attachments = [
      Attachment(
        at: since, certificateARN: certificateARN, updateEndsAt: since, fails: false,
        switchTimes: behaviour.edges.map { _ in since })
    ]
  }

  /// Cognito's `DomainStatusType` at that time.
  package func status(at now: Instant) -> String {
    if let forced = behaviour.forcedStatus { return forced }
    guard let last = attachments.last else { return "ACTIVE" }
    guard let updateEndsAt = last.updateEndsAt, updateEndsAt <= now else { return "UPDATING" }
    return last.fails ? "FAILED" : "ACTIVE"
  }

  /// The certificate that a description names at that time.
  package func shownARN(at now: Instant) -> String {
    for attachment in attachments.reversed() {
      let isSettled = attachment.updateEndsAt.map { $0 <= now } ?? false
      if isSettled, attachment.fails, !behaviour.failureKeepsNewARN { continue }
      if isSettled || behaviour.showsNewARN == .atOnce { return attachment.certificateARN }
    }
    return attachments.first?.certificateARN ?? ""
  }

  /// To be called before the settings are changed, so that a description can lag behind.
  package mutating func keepSettings(until now: Instant) {
    formerSettings.append(FormerSettings(until: now, config: config, topLevel: topLevel))
    if formerSettings.count > FakeDomain.maximumFormerSettings { formerSettings.removeFirst() }
  }

  /// The domain as it was at that time, for a description that lags behind.
  func state(at then: Instant) -> FakeDomain {
    var domain = self
    let known = attachments.filter { $0.at <= then }
    if !known.isEmpty { domain.attachments = known }
    if let former = formerSettings.first(where: { $0.until > then }) {
      domain.config = former.config
      domain.topLevel = former.topLevel
    }
    return domain
  }

  /// The attachment that an edge serves, and since when.
  func served(byEdge index: Int, at now: Instant) -> (arn: String, since: Instant)? {
    for attachment in attachments.reversed() where index < attachment.switchTimes.count {
      if let switchTime = attachment.switchTimes[index], switchTime <= now {
        return (attachment.certificateARN, switchTime)
      }
    }
    return attachments.first.map { ($0.certificateARN, $0.at) }
  }

  /// Begins an accepted update. `fault` may keep it from completing.
  mutating func attach(_ arn: String, at now: Instant, random: SeededRandom, fault: Fault?) {
    let fails = behaviour.endsFailed || fault == .endsFailed
    let isStuck = behaviour.staysUpdating || fault == .staysUpdating
    let round = String(attachments.count)
    let switchTimes: [Instant?] = behaviour.edges.enumerated().map { index, edge in
      if fails || fault == .staleEdges || (fault == .oneStaleEdge && index == 0) { return nil }
      guard let earliest = edge.delay else { return nil }
      let spread = UInt64(max(0, edge.jitter.inMilliseconds))
      let extra = random.below(spread &+ 1, "edge", name, round, String(index))
      return now + earliest + .milliseconds(Int64(clamping: extra))
    }
    attachments.append(
      Attachment(
        at: now, certificateARN: arn, updateEndsAt: isStuck ? nil : now + behaviour.activeAfter,
        fails: fails, switchTimes: switchTimes))
  }

  /// Ends a stuck update: its status becomes ACTIVE, and its edges do not change.
  package mutating func settle(at now: Instant) {
    for index in attachments.indices where attachments[index].updateEndsAt == nil {
      attachments[index].updateEndsAt = now
    }
  }

  /// Ends permanent faults: a stuck update becomes ACTIVE, and stale edges serve the new certificate.
  mutating func release(at now: Instant) {
    behaviour.staysUpdating = false
    behaviour.endsFailed = false
    behaviour.refusal = nil
    behaviour.forcedStatus = nil
    for index in behaviour.edges.indices where behaviour.edges[index].delay == nil {
      behaviour.edges[index].delay = .zero
    }
    for index in attachments.indices where !attachments[index].fails {
      if attachments[index].updateEndsAt == nil { attachments[index].updateEndsAt = now }
      attachments[index].switchTimes = attachments[index].switchTimes.map { $0 ?? now }
    }
  }
}

/// What one edge serves at one time.
package struct SimulatedEdge: Sendable {
  /// The name of the edge: `edge-1`, or an address.
  package var label: String
  package var certificateARN: String
  /// nil when the certificate has no material; the edge then refuses handshakes.
  package var material: CertificateMaterial?
}
