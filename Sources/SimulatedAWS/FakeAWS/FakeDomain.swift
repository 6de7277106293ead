package import LosslessJSON
package import RolloutCore

/// A custom domain of the simulated Cognito, with every certificate it has had.
///
/// Nothing here ticks: the status, the ARN shown and what each edge serves are computed from
/// the time that is asked about.
package struct FakeDomain: Sendable {
  package let name: String
  package let userPoolID: String
  package let region: String
  package let account: String
  package var behaviour: DomainBehaviour
  /// The members of `CustomDomainConfig` but `CertificateArn`.
  package var config: [JSONValue.Member]
  /// The members beside it that an update accepts: `ManagedLoginVersion`, `Routing`.
  package var topLevel: [JSONValue.Member]
  /// Oldest first, never empty.
  package internal(set) var attachments: [Attachment]
  package var isDeleted = false

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

  /// The attachment that an edge serves, and since when.
  func served(byEdge index: Int, at now: Instant) -> (arn: String, since: Instant)? {
    for attachment in attachments.reversed() where index < attachment.switchTimes.count {
      if let switchTime = attachment.switchTimes[index], switchTime <= now {
        return (attachment.certificateARN, switchTime)
      }
    }
    return attachments.first.map { ($0.certificateARN, $0.at) }
  }

  /// Takes an accepted update into account. `fault` is what a fault makes of it.
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

  /// Ends an update that was stuck: its status becomes ACTIVE, and its edges are as they are.
  package mutating func settle(at now: Instant) {
    for index in attachments.indices where attachments[index].updateEndsAt == nil {
      attachments[index].updateEndsAt = now
    }
  }

  /// Ends what would last for ever: a stuck update becomes ACTIVE and stale edges catch up.
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

/// What one edge serves at a time.
package struct SimulatedEdge: Sendable {
  /// The name that the edge was given: `edge-1`, or an address.
  package var label: String
  package var certificateARN: String
  /// nil: the certificate has no material, and the edge refuses handshakes.
  package var material: CertificateMaterial?
}
