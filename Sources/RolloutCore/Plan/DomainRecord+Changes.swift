extension DomainRecord {
  /// Records that this daemon attached the certificate: a later change is someone else's. Does not
  /// set `selectorFingerprint`, because the mapping may have changed since the call; `CallOutcome`
  /// and `rest` set it.
  mutating func noteAttachment(of arn: CertificateARN) {
    lastAttached = arn
    driftedTo = nil
    shunned.removeAll { $0 == arn }
  }

  /// Cognito accepted another certificate: what the edges were last seen to serve is not its leaf.
  mutating func expectNewLeaf() {
    for index in served.indices { served[index].matches = false }
  }

  /// Keeps the name of the distribution; the finding when Cognito named another one before.
  mutating func noteDistribution(_ name: String) -> Finding? {
    defer { cloudFrontDomain = name }
    guard let before = cloudFrontDomain, before != name else { return nil }
    return .distributionChanged(before: before, after: name)
  }

  /// Someone replaced this certificate: it is not chosen again until `retry`, or until someone
  /// attaches it again.
  mutating func shun(_ arn: CertificateARN) {
    if shunned.contains(arn) { return }
    shunned.append(arn)
    if shunned.count > DomainRecord.maximumShunned { shunned.removeFirst() }
  }

  /// Certificates remembered as moved away from, for a domain.
  static let maximumShunned = 32

  /// Keeps what the edges serve when it means something new: CloudFront moves a domain to other
  /// addresses all the time. While a rollout is open every change is kept, because people watch it.
  mutating func noteServed(_ edges: [ServedEdge]) {
    if rollout?.isOpen ?? false {
      served = edges
      return
    }
    func meaning(_ edges: [ServedEdge]) -> Set<String> {
      Set(edges.map { "\($0.sha256) \($0.serial) \($0.notAfter.milliseconds) \($0.matches)" })
    }
    if meaning(edges) != meaning(served) { served = edges }
  }
}
