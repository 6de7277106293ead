import Narration
import RolloutCore
import Testing

@Suite("Window and proof")
struct RolloutWindowTests {
  let pacing = Pacing()

  /// A rollout whose call was accepted at noon.
  private func accepted() -> Rollout {
    var it = rollout(.submitting)
    it.accepted(at: noon, pacing: pacing)
    return it
  }

  private func check(
    _ it: inout Rollout, _ verdict: ProbeVerdict?, isActive: Bool = true, at now: Instant
  ) -> Rollout.CheckOutcome {
    it.checked(verdict, isActive: isActive, at: now, pacing: pacing)
  }

  @Test("checks grow apart by half each time up to the maximum, with one when the window ends")
  func growingInterval() {
    var it = accepted()
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
    var it = accepted()
    let passed = ProbeVerdict.passed(edges: 4)
    #expect(check(&it, passed, at: noon) == .waiting && it.propagation?.confirmations == 1)
    #expect(check(&it, passed, at: noon) == .waiting && it.propagation?.confirmations == 2)
    #expect(
      check(&it, .stale(["edge"]), at: noon) == .waiting && it.propagation?.confirmations == 0)
    #expect(check(&it, passed, at: noon) == .waiting)
    #expect(check(&it, passed, at: noon) == .waiting)
    #expect(check(&it, passed, at: noon + .minutes(9)) == .completed(.edge))
    #expect(it.phaseName == .completed && it.proof == .edge && it.submittedAt == noon)
    #expect(it.completedAt == noon + .minutes(9) && it.nextStepAt == nil && it.error == nil)
  }

  @Test(
    "only rounds in a row count",
    arguments: [
      .stale(["edge"]), .silent("none answers"), .incomparable("no leaf"), nil,
    ] as [ProbeVerdict?])
  func broken(verdict: ProbeVerdict?) {
    var it = accepted()
    for _ in 0..<2 { _ = check(&it, .passed(edges: 1), at: noon) }
    _ = check(&it, verdict, isActive: false, at: noon)
    #expect(it.propagation?.confirmations == 0)
  }

  @Test("edges that serve the certificate early prove nothing before Cognito shows ACTIVE")
  func activeAwaited() {
    var it = accepted()
    for _ in 0..<9 {
      #expect(check(&it, .passed(edges: 1), isActive: false, at: noon) == .waiting)
    }
    #expect(check(&it, .passed(edges: 1), at: noon) == .completed(.edge))
  }

  @Test("with the probe off, ACTIVE alone completes a rollout")
  func probeOff() {
    var it = accepted()
    #expect(check(&it, nil, isActive: false, at: noon) == .waiting)
    #expect(check(&it, nil, at: noon) == .completed(.controlPlane))
    var late = accepted()
    #expect(check(&late, nil, isActive: false, at: noon + .hours(1)) == .becameOverdue)
    #expect(check(&late, nil, at: noon + .hours(2)) == .completed(.controlPlane))
  }

  @Test("when no edge answers, ACTIVE completes a rollout only once the window has passed")
  func silent() {
    let silent = ProbeVerdict.silent("connect: timed out")
    var it = accepted()
    #expect(check(&it, silent, at: noon + .hours(1) - .milliseconds(1)) == .waiting)
    #expect(check(&it, silent, at: noon + .hours(1)) == .completed(.controlPlane))
    #expect(it.proof == .controlPlane)
    var updating = accepted()
    #expect(check(&updating, silent, isActive: false, at: noon + .hours(1)) == .becameOverdue)
    #expect(check(&updating, silent, at: noon + .hours(2)) == .completed(.controlPlane))
  }

  @Test(
    "an edge that serves another leaf, or a leaf that cannot be compared, proves nothing",
    arguments: [.stale(["edge"]), .incomparable("no leaf")] as [ProbeVerdict])
  func overdue(verdict: ProbeVerdict) {
    var it = accepted()
    #expect(check(&it, verdict, at: noon + .hours(1) - .milliseconds(1)) == .waiting)
    #expect(it.phaseName == .propagating && it.nextStepAt == noon + .hours(1))
    #expect(check(&it, verdict, at: noon + .hours(1)) == .becameOverdue)
    #expect(it.phaseName == .overdue && it.condition == .overdue)
    for hour in Int64(2)...400 {
      let now = noon + .hours(hour)
      #expect(check(&it, verdict, at: now) == .waiting && it.nextStepAt == now + .minutes(5))
    }
    for _ in 0..<2 { #expect(check(&it, .passed(edges: 1), at: noon + .days(30)) == .waiting) }
    #expect(check(&it, .passed(edges: 1), at: noon + .days(30)) == .completed(.edge))
    #expect(it.proof == .edge)
  }

  @Test("a proof that has begun when the window ends may still complete")
  func proofUnderWay() {
    var it = accepted()
    let end = noon + .hours(1)
    #expect(check(&it, .passed(edges: 1), at: end - .seconds(1)) == .waiting)
    #expect(check(&it, .passed(edges: 1), at: end) == .waiting && it.phaseName == .propagating)
    #expect(check(&it, .stale(["edge"]), at: end + .minutes(1)) == .becameOverdue)
  }

  @Test("a rollout that every edge serves is overdue when Cognito does not show ACTIVE in time")
  func neverActive() {
    var it = accepted()
    for _ in 0..<5 { _ = check(&it, .passed(edges: 1), isActive: false, at: noon) }
    #expect(
      check(&it, .passed(edges: 1), isActive: false, at: noon + .hours(1)) == .becameOverdue)
  }

  @Test("a stepped clock moves every time in a record and in the memory")
  func shift() {
    var record = DomainRecord(unseen: mapping())
    record.rollout = accepted()
    record.hold = Hold(since: noon, until: noon + .hours(2))
    record.lastRestoredAt = noon
    record.shift(by: .days(-400))
    #expect(record.rollout?.deadline == noon + .hours(1) - .days(400))
    #expect(record.rollout?.nextStepAt == noon + .seconds(30) - .days(400))
    #expect(record.hold?.until == noon + .hours(2) - .days(400))
    #expect(record.lastRestoredAt == noon - .days(400))
    record.rollout?.abandon(at: noon)
    let ended = record.rollout
    record.shift(by: .days(1))
    #expect(record.rollout == ended)
    record.shift(by: .seconds(Int64.max))
    var memory = DomainMemory(
      lookedAt: noon, seenAt: noon - .hours(1), probedAt: noon - .hours(2),
      wantingSince: noon - .hours(3))
    memory.shift(by: .days(1))
    #expect(memory.lookedAt == noon + .days(1) && memory.seenAt == noon + .hours(23))
    #expect(memory.probedAt == noon + .hours(22) && memory.wantingSince == noon + .hours(21))
  }

  @Test("a stepped clock moves the time of the last reminder with it")
  func shiftReminder() {
    var scene = Scene([oldOne])
    scene.look = .empty
    scene.pass()
    scene.memory.shift(by: .days(2))
    #expect(scene.memory.obstruction?.loggedAt == noon + .days(2))
  }

  @Test("times of a record that was written by a clock far ahead are bounded")
  func bound() {
    var record = DomainRecord(unseen: mapping())
    record.rollout = accepted()
    record.lastRestoredAt = noon
    record.shift(by: .days(2))
    record = record.bounded(at: noon, pacing: pacing)
    #expect(record.lastRestoredAt == noon && record.rollout?.deadline == noon + .hours(1))
    #expect(record.rollout?.nextStepAt == noon + .minutes(5))
  }
}
