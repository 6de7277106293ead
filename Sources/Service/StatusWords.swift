import RolloutCore
import Terminal

/// What `status` says about a domain in words.
struct StatusWords {
  let now: Instant
  /// Whether there is room for little: a time is shown by its distance alone, and a reason that is
  /// followed by more by its code.
  let isBrief: Bool
  /// Whether the end of the window is shown otherwise.
  let hasWindow: Bool

  init(now: Instant, isBrief: Bool = false, hasWindow: Bool = false) {
    self.now = now
    self.isBrief = isBrief
    self.hasWindow = hasWindow
  }

  private var times: RelativeTime { RelativeTime(now: now) }

  /// What happens next and when; why, where a person is needed or the domain waits.
  func next(_ record: DomainRecord) -> String {
    let reason = record.reason.map { ARNTail.shortening($0.description) }
    let steps = record.condition == .held ? hold(record) : record.rollout.map(step) ?? []
    if record.condition.needsPerson || record.condition == .retrying {
      let why = isBrief && !steps.isEmpty ? record.reason?.reason.word : reason
      return ([why].compactMap { $0 } + steps).joined(separator: "; ")
    }
    if !steps.isEmpty { return steps.joined(separator: ", ") }
    return reason ?? record.earliestEnd.map { "certificate \(ends($0))" } ?? ""
  }

  private func hold(_ record: DomainRecord) -> [String] {
    [record.hold?.until.map { "hold \(ends($0))" } ?? "held until 'resume'"]
  }

  private func step(_ rollout: Rollout) -> [String] {
    switch rollout.phase {
    case .submitting: ["the call is being made"]
    case .retrying(let retry): ["calls again \(due(retry.dueAt))"]
    case .propagating(let propagation), .overdue(let propagation):
      ["checks again \(due(propagation.nextCheckAt))"]
        + (hasWindow ? [] : ["window \(ends(propagation.deadline))"])
    case .refused(let refusal): ["calls again \(due(refusal.nextAttemptAt))"]
    case .completed, .superseded, .abandoned, .other: []
    }
  }

  /// `ends in 40 s (14:05:10Z)`, `ended 2 min ago (14:02:30Z)`
  func ends(_ instant: Instant) -> String {
    "\(instant > now ? "ends" : "ended") \(time(instant))"
  }

  /// What is due is done as soon as its account has its turn.
  private func due(_ instant: Instant) -> String { instant > now ? time(instant) : "now" }

  func time(_ instant: Instant) -> String {
    isBrief ? times.distance(instant) : times.both(instant)
  }

  /// What an edge served at the last probe. While Cognito distributes a certificate that one is
  /// expected, and otherwise the attached one.
  func leaf(_ edge: ServedEdge, _ record: DomainRecord) -> String {
    let expected = record.rollout?.propagation == nil ? "attached" : "new"
    return edge.matches
      ? "the \(expected) certificate" : "another certificate than the \(expected) one"
  }

  /// The calls of a rollout and how it ended.
  func outcome(_ rollout: Rollout) -> String {
    var text = "\(rollout.id) \(rollout.phaseWord), \(counted(rollout.attempts, "call"))"
    if let completed = rollout.completedAt {
      text += ", ended \(time(completed))"
      if let proof = rollout.proof { text += ", proven by \(proof.word)" }
    }
    return text
  }
}

extension Condition {
  /// What needs a person first, the most urgent one before the others; then what is under way.
  var rank: Int {
    switch self {
    case .unserved: 0
    case .noCandidate: 1
    case .overdue: 2
    case .refused: 3
    case .drifted: 4
    case .unknown: 5
    case .other: 6
    case .retrying: 7
    case .submitting: 8
    case .propagating: 9
    case .pending: 10
    case .held: 11
    case .inSync: 12
    }
  }

  var style: Style {
    switch self {
    case .unserved, .noCandidate, .overdue, .refused, .drifted, .unknown, .other: .bad
    case .retrying: .warning
    case .submitting, .propagating, .pending: .active
    case .held: .warning
    case .inSync: .good
    }
  }
}
