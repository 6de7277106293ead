import RolloutCore
import Testing

@Suite("Window and proof")
struct RolloutWindowTests {
  let pacing = Pacing()

  /// A rollout whose call was taken at noon.
  private func taken() -> Rollout {
    var it = rollout(.submitting)
    it.accepted(at: noon, pacing: pacing)
    return it
  }

  private func check(
    _ it: inout Rollout, _ verdict: ProbeVerdict?, isActive: Bool = true, at now: Instant
  ) -> Rollout.Action {
    it.checked(verdict, isActive: isActive, at: now, pacing: pacing)
  }

  @Test("looks grow apart by half each time up to the maximum, with one when the window ends")
  func growingInterval() {
    var it = taken()
    var looks: [Duration] = []
    while let next = it.nextStepAt, next < noon + .hours(2) {
      looks.append(next.since(noon))
      _ = check(&it, .stale(["edge"]), at: next)
    }
    let gaps = zip(looks.dropFirst(), looks).map { $0 - $1 }
    #expect(looks.first == .seconds(30))
    #expect(gaps.prefix(3) == [.seconds(45), .milliseconds(67_500), .milliseconds(101_250)])
    #expect(gaps.allSatisfy { $0 <= .minutes(5) })
    #expect(looks.contains(.hours(1)))
    #expect(gaps.last == .minutes(5))
  }

  @Test("three passed rounds in a row prove a rollout, while Cognito says ACTIVE")
  func confirmations() {
    var it = taken()
    let passed = ProbeVerdict.passed(edges: 4)
    #expect(check(&it, passed, at: noon) == .none && it.confirmations == 1)
    #expect(check(&it, passed, at: noon) == .none && it.confirmations == 2)
    #expect(check(&it, .stale(["edge"]), at: noon) == .none && it.confirmations == 0)
    #expect(check(&it, passed, at: noon) == .none)
    #expect(check(&it, passed, at: noon) == .none)
    #expect(check(&it, passed, at: noon + .minutes(9)) == .completed)
    #expect(it.phase == .completed && it.proof == .edge)
    #expect(it.completedAt == noon + .minutes(9) && it.nextStepAt == nil && it.lastError == nil)
  }

  @Test(
    "only rounds in a row count",
    arguments: [
      .stale(["edge"]), .silent("none answers"), .incomparable("no leaf"), nil,
    ] as [ProbeVerdict?])
  func broken(verdict: ProbeVerdict?) {
    var it = taken()
    for _ in 0..<2 { _ = check(&it, .passed(edges: 1), at: noon) }
    _ = check(&it, verdict, isActive: false, at: noon)
    #expect(it.confirmations == 0)
  }

  @Test("edges that serve the certificate early prove nothing before Cognito says ACTIVE")
  func activeAwaited() {
    var it = taken()
    for _ in 0..<9 {
      #expect(check(&it, .passed(edges: 1), isActive: false, at: noon) == .none)
    }
    #expect(check(&it, .passed(edges: 1), at: noon) == .completed && it.proof == .edge)
  }

  @Test("with the probe off, ACTIVE is all the proof there is")
  func probeOff() {
    var it = taken()
    #expect(check(&it, nil, isActive: false, at: noon) == .none)
    #expect(check(&it, nil, at: noon) == .completed && it.proof == .controlPlane)
    var late = taken()
    #expect(check(&late, nil, isActive: false, at: noon + .hours(1)) == .becameOverdue)
    #expect(check(&late, nil, at: noon + .hours(2)) == .completed)
  }

  @Test("edges that never answer: the control plane's word counts only once the window has passed")
  func silent() {
    let silent = ProbeVerdict.silent("connect: timed out")
    var it = taken()
    #expect(check(&it, silent, at: noon + .hours(1) - .milliseconds(1)) == .none)
    #expect(check(&it, silent, at: noon + .hours(1)) == .completed)
    #expect(it.proof == .controlPlane)
    var updating = taken()
    #expect(check(&updating, silent, isActive: false, at: noon + .hours(1)) == .becameOverdue)
    #expect(check(&updating, silent, at: noon + .hours(2)) == .completed)
    #expect(updating.proof == .controlPlane)
  }

  @Test(
    "an edge that serves another leaf, or a leaf that cannot be compared, is never taken for proof",
    arguments: [.stale(["edge"]), .incomparable("no leaf")] as [ProbeVerdict])
  func overdue(verdict: ProbeVerdict) {
    var it = taken()
    #expect(check(&it, verdict, at: noon + .hours(1) - .milliseconds(1)) == .none)
    #expect(it.phase == .propagating && it.nextStepAt == noon + .hours(1))
    #expect(check(&it, verdict, at: noon + .hours(1)) == .becameOverdue)
    #expect(it.phase == .overdue && it.condition == .overdue)
    for hour in Int64(2)...400 {
      let now = noon + .hours(hour)
      #expect(check(&it, verdict, at: now) == .none && it.nextStepAt == now + .minutes(5))
    }
    for _ in 0..<2 { #expect(check(&it, .passed(edges: 1), at: noon + .days(30)) == .none) }
    #expect(check(&it, .passed(edges: 1), at: noon + .days(30)) == .completed)
    #expect(it.proof == .edge)
  }

  @Test("a proof that is under way when the window ends is brought to its end")
  func proofUnderWay() {
    var it = taken()
    let end = noon + .hours(1)
    #expect(check(&it, .passed(edges: 1), at: end - .seconds(1)) == .none)
    #expect(check(&it, .passed(edges: 1), at: end) == .none && it.phase == .propagating)
    #expect(check(&it, .stale(["edge"]), at: end + .minutes(1)) == .becameOverdue)
  }

  @Test("served by every edge, and still not ACTIVE when the window ends: overdue")
  func neverActive() {
    var it = taken()
    for _ in 0..<5 { _ = check(&it, .passed(edges: 1), isActive: false, at: noon) }
    #expect(
      check(&it, .passed(edges: 1), isActive: false, at: noon + .hours(1)) == .becameOverdue)
  }

  @Test("a clock that is stepped takes the window with it")
  func shift() {
    var record = DomainRecord(fresh: mapping())
    record.rollout = taken()
    record.hold = Hold(since: noon, until: noon + .hours(2))
    record.lastRestoredAt = noon
    record.shift(by: .days(-400))
    #expect(record.rollout?.deadline == noon + .hours(1) - .days(400))
    #expect(record.rollout?.nextStepAt == noon + .seconds(30) - .days(400))
    #expect(record.hold?.until == noon + .hours(2) - .days(400))
    #expect(record.lastRestoredAt == noon - .days(400))
    record.rollout?.end(.abandoned, at: noon)
    let ended = record.rollout
    record.shift(by: .days(1))
    #expect(record.rollout == ended)
    record.shift(by: .seconds(Int64.max))
    var schedule = DomainSchedule(
      nextLookAt: noon, lastProbedAt: noon - .hours(1), lastExpiryWarningAt: noon - .hours(2))
    schedule.shift(by: .days(1))
    #expect(schedule.nextLookAt == noon + .days(1))
    #expect(schedule.lastProbedAt == noon + .hours(23))
    #expect(schedule.lastExpiryWarningAt == noon + .hours(22))
  }
}
