import RolloutCore

extension Walk {
  /// Time passes, and one or two things happen.
  mutating func change() {
    let waits: [Duration] = [
      .zero, .seconds(30), .minutes(1), .minutes(5), .minutes(5), .hours(1), .hours(7), .days(1),
      .days(3),
    ]
    scene.now = scene.now + waits[Int(random.number(0...8))]
    if random.chance(2), let next = scene.nextLookAt { scene.now = next }
    for _ in 0..<random.number(0...2) {
      switch random.number(0...3) {
      case 0: changeCertificates()
      case 1: changeDomain()
      case 2: changeSight()
      default: changeMind()
      }
    }
  }

  private var someone: CertificateARN {
    mutating get {
      let arns = (scene.listed.value ?? []).map(\.arn) + [arn("unlisted")]
      return arns.randomElement(using: &random.dice) ?? arn("unlisted")
    }
  }

  private mutating func changeCertificates() {
    switch random.number(0...4) {
    case 0, 1: addCertificate()
    case 2:
      let gone = someone
      scene.listed = scene.listed.value.map { .seen($0.filter { $0.arn != gone }) } ?? scene.listed
    case 3:
      let arn = someone
      guard let own = scene.listed.value?.first(where: { $0.arn == arn }) else { return }
      var renewed = own
      renewed.notBefore = scene.now
      renewed.issuedAt = scene.now
      renewed.notAfter = scene.now + .days(90)
      scene.list(renewed)
    default:
      let arn = someone
      guard var own = scene.listed.value?.first(where: { $0.arn == arn }) else { return }
      own.status = random.pick(.revoked, .issued, .expired)
      scene.list(own)
    }
  }

  private mutating func changeDomain() {
    guard case .described(let description) = scene.look, let shown = description.certificateARN
    else { return scene.cognito(.active, someone) }
    switch random.number(0...6) {
    case 6: scene.edges = round([.refusing("handshake: internal error")])
    case 0: scene.cognito(.active, someone)
    case 1: scene.cognito(random.pick(.failed, .updating, .creating, .other("NEW")), shown)
    case 2: scene.cognito(.active, shown)
    case 3: scene.cognito(.active, scene.record.rollout?.certificate ?? shown)
    case 4:
      let first = someone
      let second = someone
      scene.serve(first, random.pick(first, second))
    default: scene.edges = round([random.pick(.unreachable("connect: refused"), .noRoute)])
    }
  }

  /// Something can be seen no longer, or again.
  private mutating func changeSight() {
    let kind: Failure.Kind = random.pick(.unreachable, .throttled, .accessDenied)
    switch random.number(0...6) {
    case 0: scene.evidence[someone] = unseen(kind)
    case 1:
      let own = certificate("any")
      scene.evidence[someone] = .seen(
        RolloutCoreTests.evidence(of: own, chain: random.pick(.untrusted("no root"), .selfSigned)))
    case 2: scene.evidence = [:]
    case 3: scene.tags = random.pick(unseen(kind), .seen([:]), .seen([someone: ["app": "login"]]))
    case 4: scene.details[random.pick(someone, arn("unlisted"))] = unseen(kind)
    case 5: scene.details = [:]
    default: scene.look = random.pick(.empty, .unseen(failure(kind)), scene.look)
    }
  }

  /// Operators and the process itself.
  private mutating func changeMind() {
    switch random.number(0...11) {
    case 9: scene.mapping.rollback = random.pick(.off, .on)
    case 10: scene.callConstraint = random.pick(nil, .waitsForSlot(inFlight: 1, limit: 1))
    case 0:
      scene.record.hold = Hold(since: scene.now, until: random.pick(nil, scene.now + .hours(2)))
    case 1: scene.record.hold = nil
    case 2: retry()
    case 3: scene.mapping.selector = random.selector(among: [someone])
    case 4: scene.mapping.selector = CertificateSelector()
    case 5: scene.mapping.mode = random.pick(.apply, .apply, .observe)
    case 6: scene.mapping.onDrift = random.pick(.restore, .report)
    case 7: scene.mapping.probe.isEnabled = random.chance(2)
    case 8: scene.constraint = random.pick(nil, nil, lowerWaveUnsettled)
    default:
      scene.restart()
      scene.record.rollout?.expedite(at: scene.now)
    }
  }

  /// The call is answered, or the process is gone before the answer is written down.
  mutating func answer(_ update: DomainUpdate) {
    let hasWorked = random.chance(2)
    if hasWorked { scene.cognito(random.pick(.updating, .active), update.certificate) }
    if random.chance(5) {
      scene.restart()
      return
    }
    let kinds: [Failure.Kind] = [
      .unreachable, .throttled, .conflict, .certificateRejected, .credentials, .accessDenied,
      .notFound, .quotaExceeded, .notReady, .refused(.invalidRequest),
    ]
    let lost: [Failure.Kind] = [.answerLost, .server, .malformedAnswer]
    let pool = hasWorked ? lost : kinds + lost
    let kind = pool[Int(random.number(0...Int64(pool.count - 1)))]
    let isAccepted = hasWorked ? !random.chance(4) : random.chance(10)
    scene.answer(
      isAccepted ? .accepted(requestID: "request-1") : .failed(failure(kind)),
      chance: random.dice.next())
  }

  /// Everything can be seen, nothing is held, and Cognito and the edges do as they are asked.
  mutating func heal() {
    scene.evidence = [:]
    scene.details = [:]
    scene.tags = .seen([:])
    scene.constraint = nil
    scene.callConstraint = nil
    scene.record.hold = nil
    scene.mapping.mode = .apply
    if case .described(let description) = scene.look, let shown = description.certificateARN {
      scene.cognito(.active, shown)
      scene.serve(shown)
    } else {
      scene.cognito(.active, scene.record.attached ?? arn("c0"))
      scene.serve(scene.record.attached ?? arn("c0"))
    }
  }

  /// Runs on in a world without faults for as long as everything may take; true when it rests.
  mutating func settles(within limit: Duration) -> Bool {
    let end = scene.now + limit
    while scene.now < end, faults.isEmpty {
      _ = scene.dice.next()
      guard let pass = scene.decide() else { return false }
      faults += pass.faults
      scene.remember(pass)
      if let update = pass.update {
        scene.accept()
        scene.cognito(.active, update.certificate)
        scene.serve(update.certificate)
      }
      let poll = scene.now + scene.pacing.pollInterval
      scene.now = min(scene.nextLookAt ?? poll, poll)
    }
    return scene.isAtRest
  }
}

extension Scene {
  /// Whether nothing is left to be done that time alone will not bring about.
  var isAtRest: Bool {
    switch record.condition {
    case .inSync: record.desired == record.attached
    case .pending: record.reason?.reason == .soaking
    case .noCandidate, .drifted, .unserved: true
    case .submitting, .propagating, .retrying, .overdue, .refused, .unknown, .held, .other: false
    }
  }
}
