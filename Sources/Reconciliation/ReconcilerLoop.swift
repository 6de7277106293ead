import RolloutCore

/// Runs pass after pass until it is told to stop, or until there is nothing left to wait for.
package struct ReconcilerLoop: Sendable {
  package let reconciler: Reconciler
  package let ports: Ports
  package let mode: Mode

  package init(reconciler: Reconciler, ports: Ports, mode: Mode) {
    self.reconciler = reconciler
    self.ports = ports
    self.mode = mode
  }

  package enum Mode: Equatable, Sendable {
    case service
    /// One pass.
    case once
    /// Until no rollout is pending, submitting, propagating or retrying.
    case onceAndWait
  }

  package enum Ending: Equatable, Sendable {
    case stopped
    /// Something needs a person; only of `once` and `onceAndWait`.
    case needsPerson
    case failed(String)
  }

  /// A difference between the wall clock and the machine's uptime that counts as a step.
  package static let stepThreshold = Duration.seconds(10)

  package func run() async -> Ending {
    do throws(StateFailure) {
      try await reconciler.start()
    } catch {
      ports.report.emit(
        Event(.stateFailed, [.error: error.description, .stateFile: error.path]))
      return .failed(error.description)
    }
    var watch = ClockWatch(ports.clock)
    var nextPollAt = ports.clock.now
    while true {
      if let step = watch.step(ports.clock) {
        await reconciler.shift(by: step)
        nextPollAt = nextPollAt + step
        ports.report.emit(Event(.clockStepped, [.step: step.compact]))
      }
      let started = ports.clock.now
      let isPoll = started >= nextPollAt
      let summary = await reconciler.pass(isPoll ? .all : .due)
      let pacing = await reconciler.fleet.pacing
      if isPoll { nextPollAt = started + pacing.pollInterval }
      await conclude(summary, started: started)
      if let ending = await ending(after: summary) { return ending }
      let wait = await pause(until: nextPollAt, summary)
      switch await ports.clock.sleep(for: wait) {
      case .time: break
      case .operatorRequest: break
      case .pollRequested:
        await reconciler.hurryAll()
        nextPollAt = ports.clock.now
      case .reloaded(let fleet):
        await reconciler.adoptFleet(fleet)
        await reconciler.hurryAll()
        nextPollAt = ports.clock.now
      case .shutdown: return .stopped
      }
    }
  }

  /// Until the earliest thing that is due; never longer than to the next poll.
  private func pause(until nextPollAt: Instant, _ summary: PassSummary) async -> Duration {
    let now = ports.clock.now
    var next = nextPollAt
    if let due = await reconciler.nextLookAt { next = min(next, due) }
    if summary.stateFailure != nil { next = min(next, now + Reconciler.stateRetryInterval) }
    return max(next.since(now), ReconcilerLoop.minimumPause)
  }

  /// Keeps a deadline that never moves on from becoming a busy loop.
  static let minimumPause = Duration.milliseconds(50)

  private func conclude(_ summary: PassSummary, started: Instant) async {
    let now = ports.clock.now
    let records = await reconciler.mappedRecords
    ports.report.status(StatusLine.text(records, nextLookAt: await reconciler.nextLookAt))
    guard summary.scope == .all, !summary.wasCutShort else { return }
    ports.report.emit(
      Event(
        .pollCompleted,
        [
          .domains: String(summary.domains), .identities: String(summary.identities),
          .failures: String(summary.failures), .calls: String(summary.calls),
          .duration: now.since(started).compact,
        ]))
  }

  private func ending(after summary: PassSummary) async -> Ending? {
    switch mode {
    case .service: return await reconciler.stopRequested ? .stopped : nil
    case .once: break
    case .onceAndWait:
      let records = await reconciler.mappedRecords
      if await !reconciler.stopRequested, summary.stateFailure == nil,
        records.contains(where: \.isAwaited)
      {
        return nil
      }
    }
    if let failure = summary.stateFailure { return .failed(failure.description) }
    if summary.sawNothing { return .failed("no identity's certificates could be listed") }
    if await reconciler.mappedRecords.contains(where: \.condition.needsPerson) {
      return .needsPerson
    }
    if !summary.unlisted.isEmpty {
      let names = summary.unlisted.map(\.description).joined(separator: ", ")
      return .failed("the certificates of \(names) could not be listed")
    }
    return .stopped
  }
}

/// Tells a step of the wall clock from the passing of time.
struct ClockWatch {
  private var wall: Instant
  private var uptime: Duration

  init(_ clock: any ClockPort) {
    wall = clock.now
    uptime = clock.uptime
  }

  /// How far the wall clock was stepped since the last call; nil when it was not.
  mutating func step(_ clock: any ClockPort) -> Duration? {
    let now = clock.now
    let up = clock.uptime
    let step = now.since(wall) - (up - uptime)
    wall = now
    uptime = up
    return step > ReconcilerLoop.stepThreshold || step < .zero - ReconcilerLoop.stepThreshold
      ? step : nil
  }
}

extension DomainRecord {
  /// Whether something will come of waiting for this domain: it is under way, and not held up
  /// by a mode or a lower wave alone.
  var isAwaited: Bool {
    condition.isInProgress && reason?.code != "observe_mode" && reason?.code != "waits_for_wave"
  }
}
