import RolloutCore

extension FakeDomain {
  /// Ends an update that was stuck: its status becomes ACTIVE, and its edges are as they are.
  mutating func settle(at now: Instant) {
    for index in attachments.indices where attachments[index].settlesAt == nil {
      attachments[index].settlesAt = now
    }
  }
}
