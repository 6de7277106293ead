import RolloutCore
import Testing

@Suite("Campaigns")
struct CampaignTests {
  private func failing(_ scene: inout Scene, _ count: Int = 1) {
    scene.record.failure = CampaignFailure(
      wave: scene.mapping.wave, rollout: "f", count: count)
  }

  // MARK: Stops

  @Test("A wave is stopped by as many failures as the limit says, and never without a limit")
  func limit() {
    var fleet = WaveFleet(waves: [0, 0, 0, 1])
    failing(&fleet.scenes[0])
    failing(&fleet.scenes[2], 2)
    failing(&fleet.scenes[3])
    #expect(fleet.standing.stop(of: 0) == nil)
    for limit in 1...3 {
      fleet.pacing.stopAfterFailures = limit
      let stop = fleet.standing.stop(of: 0)
      #expect(stop?.failures == 3 && stop?.domains == [WaveFleet.name(0), WaveFleet.name(2)])
    }
    fleet.pacing.stopAfterFailures = 4
    #expect(fleet.standing.stop(of: 0) == nil)
    fleet.pacing.stopAfterFailures = 1
    #expect(fleet.standing.stop(of: 1)?.failures == 1 && fleet.standing.stop(of: 7) == nil)
  }

  @Test("In a stopped wave and above it nothing begins, and below it all goes on")
  func stopped() {
    var fleet = WaveFleet(waves: [0, 1, 2])
    fleet.stops[1] = WaveStop(
      wave: 1, at: noon, failures: 2, domains: [WaveFleet.name(1)])
    #expect(fleet.look() == [0])
    for index in [1, 2] {
      #expect(fleet.scenes[index].condition == .pending)
      #expect(
        fleet.scenes[index].record.reason
          == Explanation(
            .waveStopped,
            "2 failed in wave 1: d1.example.com; 'resume --wave 1' goes on"))
    }
  }

  @Test("An urgent domain begins in a stopped wave, whatever the limits")
  func urgent() {
    var fleet = WaveFleet(waves: [0, 0])
    fleet.pacing.maxInFlight = 1
    fleet.stops[0] = WaveStop(wave: 0, at: noon, failures: 1, domains: [WaveFleet.name(1)])
    fleet.scenes[0].list(
      certificate("old", from: -60, to: 2) { $0.names = ["*.example.com"] })
    fleet.scenes[1].enter(.propagating)
    #expect(fleet.look(at: [0]) == [0])
    #expect(fleet.scenes[0].record.rollout?.isUrgent == true)
  }

  @Test("The reason of a stop names some domains, and the number of the others")
  func names() {
    let domains = (0..<7).map(WaveFleet.name)
    let stop = WaveStop(wave: 0, at: noon, failures: 7, domains: domains)
    #expect(stop.explanation.detail.contains("d4.example.com and 2 more;"))
    let five = WaveStop(wave: 0, at: noon, failures: 5, domains: Array(domains.prefix(5)))
    #expect(!five.explanation.detail.contains("more"))
  }

  // MARK: What counts as a failure

  @Test("A refused rollout counts once, however often it is refused, and no more once it is proven")
  func refused() {
    var scene = Scene([oldOne, newOne]) { $0.wave = 3 }
    scene.pass()
    for _ in 0..<3 {
      scene.answer(.failed(failure(.notFound)))
      #expect(scene.record.failure?.wave == 3 && scene.record.failure?.count == 1)
      scene.pass(after: .hours(1))
    }
    scene.accept()
    #expect(scene.record.failure != nil, "it is not proven yet")
    scene.cognito(.active, newOne.arn)
    scene.serve(newOne.arn)
    #expect(scene.run(for: .hours(1)) { $0.condition == .inSync })
    #expect(scene.record.failure == nil)
  }

  @Test("A failed call that is tried again soon is no failure; one that Cognito does not keep is")
  func notKept() {
    var scene = Scene([oldOne, newOne])
    scene.pacing.resubmits = 0
    scene.pass()
    scene.answer(.failed(failure(.throttled)))
    #expect(scene.record.failure == nil)
    scene.pass(after: .minutes(30))
    scene.accept()
    scene.cognito(.failed, newOne.arn)
    #expect(scene.run(for: .hours(1)) { $0.condition == .refused })
    #expect(scene.record.failure?.count == 1)
  }

  @Test("A second rollout that fails counts, too; another wave and a newer record of it do not")
  func again() {
    var scene = Scene([oldOne, newOne])
    scene.pass()
    scene.answer(.failed(failure(.notFound)))
    scene.list(newerOne)
    scene.pass(after: .minutes(5))
    scene.answer(.failed(failure(.notFound)))
    #expect(scene.record.failure?.count == 2)
    scene.mapping.wave = 1
    scene.pass(after: .minutes(5))
    #expect(scene.record.wave == 1 && scene.record.failure == nil)
  }

  @Test("A rollout that is overdue while the domain cannot be seen has failed")
  func unseen() {
    var scene = Scene([oldOne, newOne])
    scene.pass()
    scene.accept()
    scene.look = .unseen(failure(.throttled))
    #expect(scene.run(for: .hours(2)) { $0.condition == .overdue })
    #expect(scene.record.failure?.count == 1)
  }

  // MARK: Soak

  @Test(
    "A wave begins when the last proof below it is as old as wave_soak, and not a moment earlier")
  func soak() {
    var fleet = WaveFleet(waves: [0, 0, 1])
    fleet.pacing.waveSoak = .hours(1)
    for (index, minutes) in [(0, Int64(50)), (1, 20)] {
      fleet.scenes[index].rest()
      fleet.scenes[index].record.rollout = rollout(.completed) {
        $0.phase = .completed(
          Rollout.Completion(
            acceptedAt: noon - .hours(2), completedAt: noon - .minutes(minutes), proof: .edge))
      }
    }
    fleet.look()
    #expect(fleet.scenes[2].condition == .pending)
    #expect(fleet.scenes[2].record.reason?.reason == .waveSoaking)
    let end = noon + .minutes(40)
    #expect(
      fleet.scenes[2].record.reason?.detail.hasPrefix("d1.example.com (wave 0) was proven") == true)
    #expect(fleet.scenes[2].record.reason?.detail.hasSuffix("begins at \(end.rfc3339)") == true)
    #expect(fleet.scenes[2].nextLookAt == end)
    fleet.now = end - .milliseconds(1)
    #expect(fleet.look() == [])
    fleet.now = end
    #expect(fleet.look() == [2])
  }

  @Test("Domains that were never rolled out, or long ago, or that only observe delay nothing")
  func noSoak() {
    for minutes in [nil, Int64(61), -5] {
      var fleet = WaveFleet(waves: [0, 1])
      fleet.pacing.waveSoak = .hours(1)
      fleet.scenes[0].rest()
      if let minutes {
        fleet.scenes[0].record.rollout = rollout(.completed) {
          $0.phase = .completed(
            Rollout.Completion(
              acceptedAt: noon - .hours(3), completedAt: noon - .minutes(minutes), proof: .edge))
        }
      }
      #expect(fleet.look() == [1], "\(minutes ?? 0)")
    }
    var observed = WaveFleet(waves: [0, 1])
    observed.pacing.waveSoak = .hours(1)
    observed.scenes[0].rest()
    observed.scenes[0].record.rollout = rollout(.completed)
    observed.scenes[0].mapping.mode = .observe
    #expect(observed.look() == [1])
  }

  @Test("A wave waits for a domain whose certificate was rolled back")
  func rolledBack() {
    var fleet = WaveFleet(waves: [0, 1])
    fleet.scenes[0].record.rolledBack = newOne.arn
    fleet.scenes[0].record.shunned = [newOne.arn]
    #expect(fleet.look() == [])
    #expect(
      fleet.scenes[1].record.reason
        == Explanation(
          .waitsForWave, "d0.example.com (wave 0) was rolled back from \(newOne.arn)"))
  }

  // MARK: Slots

  private static let inFlight: [PhaseName: Bool] = [
    .submitting: true, .retrying: false, .propagating: true, .overdue: false, .refused: false,
    .completed: false, .superseded: false, .abandoned: false, .other: false,
  ]

  @Test("A slot is taken by a call that is made, may have worked, or is being distributed")
  func phases() {
    for phase in PhaseName.allCases {
      #expect(rollout(phase).isInFlight == CampaignTests.inFlight[phase], "\(phase)")
      var urgent = rollout(phase)
      urgent.isUrgent = true
      #expect(!urgent.takesSlot)
    }
    var lost = rollout(.submitting)
    lost.outcomeUnknown(at: noon, pacing: Pacing())
    #expect(lost.phaseName == .retrying && lost.isInFlight)
  }

  @Test("No more begin than max_in_flight says, and the others show the numbers")
  func slots() {
    var fleet = WaveFleet(waves: [0, 0, 0, 0])
    fleet.pacing.maxInFlight = 2
    #expect(fleet.look() == [0, 1])
    #expect(fleet.scenes[2].condition == .pending)
    #expect(
      fleet.scenes[3].record.reason
        == Explanation(.waitsForSlot, "in flight: 2, max_in_flight: 2"))
    fleet.scenes[0].accept()
    #expect(fleet.look(at: [2]) == [], "it propagates")
    fleet.scenes[1].answer(.failed(failure(.notFound)))
    #expect(fleet.look(at: [2, 3]) == [2], "a refused one has none")
  }

  @Test("A free slot is for the lower wave, then for the domain that has waited longest")
  func order() {
    var fleet = WaveFleet(waves: [0, 0, 0, 0])
    fleet.pacing.maxInFlight = 1
    fleet.scenes[0].enter(.propagating)
    fleet.now = noon + .seconds(1)
    fleet.look(at: [3])
    fleet.now = noon + .seconds(2)
    fleet.look(at: [1, 2])
    fleet.line = Set([1, 2, 3].map(WaveFleet.name))
    #expect(
      fleet.standing.ordered(fleet.line) == [3, 1, 2].map(WaveFleet.name))
    fleet.scenes[2].record.wave = -1
    #expect(fleet.standing.ordered(fleet.line).first == WaveFleet.name(2))
    fleet.scenes[2].record.wave = 0
    fleet.scenes[0].rest()
    fleet.scenes[0].record.rollout = nil
    #expect(fleet.look(at: [1, 2]) == [], "it is kept for the third")
    #expect(fleet.look(at: [3]) == [3])
    fleet.pacing.maxInFlight = 2
    fleet.line.remove(WaveFleet.name(3))
    #expect(fleet.look(at: [2, 1]) == [1])
    fleet.pacing.maxInFlight = 0
    #expect(fleet.look(at: [2]) == [2])
  }

  @Test("A rollout that gives way to a better certificate keeps its slot")
  func superseded() {
    var fleet = WaveFleet(waves: [0, 0])
    fleet.pacing.maxInFlight = 1
    #expect(fleet.look() == [0])
    fleet.scenes[0].accept()
    fleet.scenes[0].cognito(.active, newOne.arn)
    for index in [0, 1] {
      fleet.scenes[index].list(
        certificate("newer", from: 0, to: 90) { $0.names = ["*.example.com"] })
    }
    #expect(fleet.look() == [0])
    #expect(fleet.scenes[0].record.rollout?.certificate == newerOne.arn)
  }

  @Test("Another call of a rollout that has lost its slot waits for one, unless it became urgent")
  func anotherCall() {
    var scene = Scene([oldOne, newOne])
    scene.pass()
    scene.answer(.failed(failure(.throttled)))
    scene.callConstraint = .waitsForSlot(inFlight: 1, limit: 1)
    #expect(scene.pass(after: .minutes(30)).update == nil)
    #expect(scene.condition == .retrying && scene.record.reason?.reason == .waitsForSlot)
    var urgent = scene
    scene.callConstraint = nil
    #expect(scene.pass(after: .minutes(5)).update?.certificate == newOne.arn)
    #expect(scene.record.rollout?.isUrgent == false)
    urgent.list(certificate("old", from: -60, to: 2))
    #expect(urgent.pass(after: .minutes(5)).update?.certificate == newOne.arn)
    #expect(urgent.record.rollout?.isUrgent == true)
  }
}
