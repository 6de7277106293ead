import Narration
import RolloutCore
import Testing

@Suite("Warnings of a coming end")
struct ExpiryStoryTests {
  /// A domain at rest whose only certificate has this time left, and whose edges are not probed.
  private func resting(_ left: Duration) -> Scene {
    Scene([certificate("old", from: -60) { $0.notAfter = noon + left }]) {
      $0.probe.isEnabled = false
    }
  }

  /// Days left at each warning, with its level, of a domain that is looked at every hour.
  private func warnings(
    _ scene: Scene, until end: Duration, sourceLocation: SourceLocation = #_sourceLocation
  ) -> [String] {
    var scene = scene
    var warnings: [String] = []
    let last = noon + end
    while scene.now <= last {
      let event = scene.pass(sourceLocation: sourceLocation).event(.certificateExpiring)
      if let event { warnings.append("\(event.fields[.left] ?? "") \(event.level)") }
      scene.now = scene.now + .hours(1)
    }
    return warnings
  }

  @Test("each threshold is logged once as it is crossed, and the end itself once more")
  func thresholds() {
    #expect(
      warnings(resting(.days(31)), until: .days(35))
        == ["30d warning", "14d warning", "7d error", "3d error", "1d error", "0s error"])
  }

  @Test("a warning is an error from 7 days on, to the millisecond")
  func level() {
    var above = resting(.days(7) + .milliseconds(1))
    #expect(above.pass().event(.certificateExpiring)?.level == .warning)
    var at = resting(.days(7))
    #expect(at.pass().event(.certificateExpiring)?.level == .error)
  }

  @Test("a threshold is crossed to the millisecond")
  func boundary() {
    var scene = resting(.days(30) + .milliseconds(1))
    #expect(scene.pass().logged == [])
    #expect(scene.pass(after: .milliseconds(1)).logged == [.certificateExpiring])
    #expect(scene.pass(after: .milliseconds(1)).logged == [])
  }

  @Test("without thresholds only the end itself is logged")
  func none() {
    var scene = resting(.days(31))
    scene.pacing.expiryWarnings = []
    #expect(warnings(scene, until: .days(33)) == ["0s error"])
  }

  @Test("thresholds are obeyed in any order")
  func unordered() {
    var scene = resting(.days(31))
    scene.pacing.expiryWarnings = [.days(3), .days(30)]
    #expect(warnings(scene, until: .days(33)) == ["30d warning", "3d error", "0s error"])
  }

  @Test("a daemon that was down logs the last threshold crossed, once")
  func down() {
    var scene = resting(.days(31))
    scene.pass()
    scene.now = noon + .days(29)
    scene.restart()
    let event = scene.pass().event(.certificateExpiring)
    #expect(event?.fields[.left] == "2d" && event?.level == .error)
    scene.restart()
    #expect(scene.pass(after: .minutes(5)).logged == [])
  }

  @Test("a restart does not repeat a warning")
  func restart() {
    var scene = resting(.days(10))
    #expect(scene.pass().logged == [.certificateExpiring])
    scene.restart()
    #expect(scene.pass(after: .minutes(5)).logged == [])
  }

  @Test("a renewal ends the warnings, and its own end is warned of again")
  func renewed() {
    var scene = resting(.days(2))
    #expect(scene.pass().logged == [.certificateExpiring])
    scene.list(certificate("old", from: -60) { $0.notAfter = noon + .days(50) })
    #expect(scene.pass(after: .hours(1)).logged == [])
    #expect(warnings(scene, until: .days(40)) == ["30d warning", "14d warning"])
  }

  @Test("the served leaf counts when it ends before the attached certificate")
  func served() {
    var scene = Scene([certificate("old", from: -60, to: 200)])
    scene.edges = round([leaf(arn("before"), notAfter: noon + .days(5))])
    let pass = scene.pass()
    #expect(pass.logged == [.renewalUnserved, .certificateExpiring])
    #expect(pass.event(.certificateExpiring)?.fields[.notAfter] == (noon + .days(5)).rfc3339)
  }

  @Test("after a renewal, what edges served that are not probed any more is not warned of")
  func outdatedServed() {
    var scene = Scene([certificate("old", from: -60) { $0.notAfter = noon + .days(20) }])
    scene.pacing.idleProbeInterval = nil
    scene.record.served = [
      ServedEdge(
        address: "192.0.2.0:443", sha256: digest(arn("old")), serial: "01",
        notAfter: noon + .days(20), matches: true)
    ]
    #expect(scene.pass().logged == [.certificateExpiring] && scene.record.served.count == 1)
    scene.list(certificate("old", from: -60) { $0.notAfter = noon + .days(90) })
    #expect(scene.pass(after: .days(10)).logged == [])
    #expect(scene.record.served == [] && scene.record.earliestEnd == noon + .days(90))
  }

  @Test("the end is logged in any condition: observed, held, waiting, unseen or refused")
  func anyCondition() {
    let ending = certificate("old", from: -60) { $0.notAfter = noon + .hours(10) }
    var observed = Scene([ending, newOne]) { $0.mode = .observe }
    #expect(observed.pass().logged == [.replacementFound, .certificateExpiring])
    var held = Scene([ending, newOne])
    held.record.hold = Hold(since: noon, until: nil)
    #expect(held.pass().logged == [.replacementFound, .certificateExpiring])
    var unseen = Scene([ending])
    unseen.look = .empty
    #expect(unseen.pass().logged == [.decisionBlocked, .certificateExpiring])
    var pinned = Scene([ending]) { $0.selector.arn = arn("new") }
    #expect(pinned.pass().logged == [.candidateMissing, .certificateExpiring])
    var refused = Scene([ending, newOne])
    refused.pass()
    refused.answer(.failed(failure(.refused(.invalidRequest))))
    #expect(refused.pass(after: .hours(10)).logged.contains(.certificateExpiring))
  }

  @Test("the previous certificate is warned of until the new one is proven")
  func unproven() {
    let ending = certificate("old", from: -60) { $0.notAfter = noon + .days(1) + .minutes(5) }
    var scene = Scene([ending, newOne])
    scene.pass()
    scene.accept()
    scene.cognito(.active, newOne.arn)
    scene.serve(ending.arn)
    #expect(scene.pass(after: .minutes(10)).logged.contains(.certificateExpiring))
    var proven = Scene([ending, newOne]) { $0.probe.isEnabled = false }
    proven.pass()
    proven.accept()
    proven.cognito(.active, newOne.arn)
    #expect(proven.pass(after: .minutes(10)).logged == [.rolloutCompleted])
    #expect(proven.pass(after: .days(3)).logged == [])
  }
}

@Suite("Whether a domain is ending")
struct EndingTests {
  private func record(
    _ left: Duration, _ phase: PhaseName? = nil, served: Duration? = nil
  ) -> DomainRecord {
    var record = DomainRecord(unseen: mapping())
    record.attached = arn("old")
    record.attachedNotAfter = noon + left
    record.rollout = phase.map { rollout($0) }
    record.served =
      served.map {
        [
          ServedEdge(
            address: "192.0.2.0:443", sha256: "", serial: "", notAfter: noon + $0, matches: false)
        ]
      } ?? []
    return record
  }

  @Test("a certificate with less than 72 hours left is ending, to the millisecond")
  func threshold() {
    #expect(!record(.hours(72)).isEnding(at: noon))
    #expect(record(.hours(72) - .milliseconds(1)).isEnding(at: noon))
  }

  @Test("an expired certificate is ending whatever is under way")
  func expired() {
    for phase in PhaseName.allCases { #expect(record(.zero, phase).isEnding(at: noon)) }
  }

  @Test("only a rollout that is submitting, or propagating within its window, ends the alarm")
  func underWay() {
    for phase in PhaseName.allCases {
      let helps = phase == .submitting || phase == .propagating
      #expect(record(.hours(10), phase).isEnding(at: noon) == !helps, "\(phase)")
    }
    var late = record(.hours(10), .propagating)
    late.rollout?.phase = .propagating(propagation(acceptedAt: noon - .hours(1)))
    #expect(late.isEnding(at: noon) && !late.isEnding(at: noon - .milliseconds(1)))
  }

  @Test("a served leaf that is ending makes the domain ending")
  func served() {
    #expect(record(.days(90), served: .hours(71)).isEnding(at: noon))
    #expect(!record(.days(90), served: .hours(72)).isEnding(at: noon))
  }

  @Test("the previous certificate counts while the new one is not proven")
  func previous() {
    var open = record(.days(90), .overdue)
    open.rollout = Rollout(
      id: "", certificate: arn("new"), previous: arn("old"), previousNotAfter: noon + .hours(1),
      cause: .replacement, startedAt: noon, phase: rollout(.overdue).phase)
    #expect(open.isEnding(at: noon))
    open.rollout?.phase = rollout(.completed).phase
    #expect(!open.isEnding(at: noon))
  }

  @Test("a domain whose end is not known is not ending")
  func unknown() {
    #expect(!DomainRecord(unseen: mapping()).isEnding(at: noon))
  }
}
