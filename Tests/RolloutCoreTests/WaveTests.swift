import RolloutCore
import Testing

/// Several domains with one replacement at hand, decided one after the other in the order given.
struct WaveFleet {
  var scenes: [Scene]
  var now = noon
  var pacing = Pacing()
  var stops: [Int: WaveStop] = [:]
  /// Domains that wait for a slot.
  var line: Set<DomainName> = []

  init(_ scenes: [Scene]) { self.scenes = scenes }

  init(waves: [Int]) {
    scenes = waves.enumerated().map { index, wave in
      let names: (inout Certificate) -> Void = { $0.names = ["*.example.com"] }
      var scene = Scene([
        certificate("old", from: -60, to: 60, names), certificate("new", from: -1, to: 89, names),
      ])
      scene.mapping = mapping(WaveFleet.name(index)) { $0.wave = wave }
      let record = scene.record
      scene.record = DomainRecord(unseen: scene.mapping)
      scene.record.condition = .inSync
      scene.record.reason = nil
      scene.record.attached = record.attached
      scene.record.desired = record.desired
      return scene
    }
  }

  static func name(_ index: Int) -> DomainName { domain("d\(index).example.com") }

  var standing: FleetStanding {
    FleetStanding(
      mappings: scenes.map(\.mapping), pacing: pacing, now: now,
      records: Dictionary(uniqueKeysWithValues: scenes.map { ($0.mapping.domain, $0.record) }),
      memories: Dictionary(uniqueKeysWithValues: scenes.map { ($0.mapping.domain, $0.memory) }),
      stops: stops, line: line)
  }

  /// What the fleet says to a domain that wants to begin, as the cycle asks it.
  func constraint(on index: Int, since: Instant? = nil) -> Constraint? {
    var wantingSince = now
    if let assessment = scenes[index].decide()?.assessment,
      case .described(let domain) = assessment, case .begin(let certificate, _, _) = domain.course
    {
      wantingSince = scenes[index].facts().wantingSince(certificate.arn)
    }
    return Planner.constraint(
      on: scenes[index].mapping, wantingSince: since ?? wantingSince, in: standing)
  }

  /// One look at each, from the lowest wave up. The indices of those whose call is made.
  @discardableResult
  mutating func look(at indices: [Int]? = nil) -> [Int] {
    let looked =
      indices ?? scenes.indices.sorted { scenes[$0].mapping.wave < scenes[$1].mapping.wave }
    return looked.filter { index in
      scenes[index].now = now
      scenes[index].constraint = constraint(on: index)
      return scenes[index].pass().update != nil
    }
  }
}

extension Scene {
  /// The new certificate is attached already, and nothing is left to do.
  mutating func rest() {
    cognito(.active, newOne.arn)
    serve(newOne.arn)
    record.attached = newOne.arn
    record.desired = newOne.arn
    record.lastAttached = newOne.arn
  }

  /// A rollout to the new certificate stands in a phase, and nothing of it is due.
  mutating func enter(_ phase: PhaseName) {
    record.rollout = rollout(phase) {
      switch $0.phase {
      case .retrying(var retry):
        retry.dueAt = noon + .minutes(5)
        retry.mapping = mapping.fingerprint
        $0.phase = .retrying(retry)
      case .refused(var refusal):
        refusal.nextAttemptAt = noon + .minutes(5)
        refusal.mapping = mapping.fingerprint
        $0.phase = .refused(refusal)
      case .propagating(var propagation):
        propagation.nextCheckAt = noon + .minutes(5)
        $0.phase = .propagating(propagation)
      case .overdue(var propagation):
        propagation.nextCheckAt = noon + .minutes(5)
        $0.phase = .overdue(propagation)
      case .submitting, .completed, .superseded, .abandoned, .other: break
      }
    }
    if phase == .propagating || phase == .overdue { cognito(.updating, oldOne.arn) }
  }
}

@Suite("Waves")
struct WaveTests {
  @Test("the lowest wave begins, and the others wait and name what they wait for")
  func lowestFirst() {
    var fleet = WaveFleet(waves: [1, 0, 2])
    #expect(fleet.look() == [1])
    #expect(fleet.scenes.map(\.condition) == [.pending, .submitting, .pending])
    #expect(
      fleet.scenes[0].record.reason
        == Explanation(.waitsForWave, "d1.example.com (wave 0) is submitting"))
    #expect(fleet.scenes[0].record.desired == newOne.arn)
  }

  @Test("domains of one wave begin side by side")
  func sideBySide() {
    var fleet = WaveFleet(waves: [0, 0, 1])
    #expect(fleet.look() == [0, 1])
  }

  @Test("a higher wave begins only when every lower domain is settled")
  func settled() {
    let standings: [(Condition, (inout Scene) -> Void)] = [
      (.inSync, { $0.rest() }),
      (.pending, { $0.mapping.selector.soak = .days(9) }), (.submitting, { _ in }),
      (.noCandidate, { $0.mapping.selector.arn = arn("gone") }),
      (.refused, { $0.enter(.refused) }), (.retrying, { $0.enter(.retrying) }),
      (.propagating, { $0.enter(.propagating) }), (.overdue, { $0.enter(.overdue) }),
      (
        .drifted,
        {
          $0.mapping.onDrift = .report
          $0.record.lastAttached = newOne.arn
        }
      ),
      (.unknown, { $0.look = .empty }),
      (
        .unserved,
        {
          $0.rest()
          $0.record.condition = .unserved
          $0.record.reason = Explanation(.edgesRefusing)
          $0.edges = round([.refusing("handshake: internal error")])
        }
      ),
    ]
    let covered = Set(standings.map(\.0))
    #expect(covered == Set(Condition.known).subtracting([.held]))
    for (condition, edit) in standings {
      var fleet = WaveFleet(waves: [0, 1])
      edit(&fleet.scenes[0])
      let begun = fleet.look()
      #expect(fleet.scenes[0].condition == condition)
      #expect(begun.contains(1) == (condition == .inSync), "\(condition)")
    }
  }

  @Test("a domain with mode observe does not count")
  func observed() {
    var fleet = WaveFleet(waves: [0, 1])
    fleet.scenes[0].mapping.mode = .observe
    #expect(fleet.look() == [1])
    #expect(fleet.scenes[0].condition == .pending)
  }

  @Test("a held domain of a lower wave counts only while it has something left to do")
  func held() {
    var fleet = WaveFleet(waves: [0, 1])
    fleet.scenes[0].record.hold = Hold(since: noon, until: nil)
    fleet.scenes[0].record.condition = .held
    var idle = fleet
    idle.scenes[0].rest()
    #expect(idle.look() == [1])
    var wanting = fleet
    #expect(wanting.look() == [] && wanting.look() == [])
    var underWay = fleet
    underWay.scenes[0].rest()
    underWay.scenes[0].enter(.propagating)
    underWay.scenes[0].cognito(.updating, newOne.arn)
    #expect(underWay.look() == [])
  }

  @Test("the reason names the domain that is waited for now")
  func namesCurrent() {
    var fleet = WaveFleet(waves: [0, 0, 1])
    fleet.look()
    #expect(fleet.scenes[2].record.reason?.detail == "d0.example.com (wave 0) is submitting")
    fleet.scenes[0].mapping.probe.isEnabled = false
    fleet.scenes[0].accept()
    fleet.scenes[0].cognito(.active, newOne.arn)
    fleet.now = noon + .minutes(1)
    fleet.look(at: [0])
    fleet.look(at: [2])
    #expect(fleet.scenes[2].record.reason?.detail == "d1.example.com (wave 0) is submitting")
  }

  @Test("a domain that was never looked at holds up the higher waves")
  func neverLooked() {
    var fleet = WaveFleet(waves: [0, 1])
    #expect(fleet.look(at: [1]) == [])
    #expect(
      fleet.scenes[1].record.reason
        == Explanation(.waitsForWave, "d0.example.com (wave 0) has not been looked at since"))
    #expect(fleet.constraint(on: 1) == .waitsForWave(WaveFleet.name(0), wave: 0, .notLookedAt))
  }

  @Test("a domain that was last looked at before the replacement was found holds up the waves")
  func lookedEarlier() {
    var fleet = WaveFleet(waves: [0, 1])
    fleet.scenes[0].rest()
    fleet.look()
    let since = noon + .minutes(5)
    #expect(fleet.constraint(on: 1, since: noon) == nil)
    #expect(
      fleet.constraint(on: 1, since: since)
        == .waitsForWave(WaveFleet.name(0), wave: 0, .notLookedAt))
    fleet.now = since
    fleet.look(at: [0])
    #expect(fleet.constraint(on: 1, since: since) == nil)
  }

  @Test("a look in the same cycle counts, whichever domain was looked at first")
  func sameCycle() {
    var fleet = WaveFleet(waves: [0, 1])
    fleet.scenes[0].rest()
    fleet.scenes[1].constraint = lowerWaveUnsettled
    fleet.scenes[1].pass()
    #expect(fleet.scenes[1].memory.wantingSince == noon)
    fleet.look(at: [0])
    #expect(fleet.look(at: [1]) == [1])
  }

  @Test("a better certificate waits until the lower domains were looked at since it was found")
  func betterFound() {
    var fleet = WaveFleet(waves: [0, 1])
    fleet.scenes[0].rest()
    fleet.scenes[1].constraint = lowerWaveUnsettled
    fleet.scenes[1].pass()
    fleet.look(at: [0])
    fleet.now = noon + .minutes(1)
    fleet.scenes[1].list(certificate("newer", from: 0, to: 90) { $0.names = ["*.example.com"] })
    #expect(fleet.look(at: [1]) == [])
    #expect(fleet.scenes[1].record.desired == newerOne.arn)
    fleet.look(at: [0])
    #expect(fleet.look(at: [1]) == [1])
  }

  @Test("a domain that cannot be seen holds up the higher waves, and says why")
  func unseenOne() {
    var fleet = WaveFleet(waves: [0, 1])
    fleet.scenes[0].rest()
    fleet.scenes[0].look = .unseen(failure(.accessDenied))
    #expect(fleet.look() == [])
    let seen = fleet.scenes[1].record.reason
    #expect(seen?.reason == .waitsForWave)
    #expect(
      seen?.detail
        == "d0.example.com (wave 0) could not be seen: access_denied: \(failure(.accessDenied))")
  }

  @Test("a domain in sync whose account cannot be listed holds up the higher waves")
  func unlisted() {
    var fleet = WaveFleet(waves: [0, 1])
    fleet.scenes[0].rest()
    fleet.look(at: [0])
    fleet.scenes[0].listed = unseen(.accessDenied)
    fleet.now = noon + .minutes(5)
    #expect(fleet.look() == [])
    #expect(fleet.scenes[0].condition == .inSync)
  }

  @Test("an unsettled domain is named with its condition and reason")
  func unsettledReason() {
    let constraint = Constraint.waitsForWave(
      auth, wave: 2, .unsettled(.refused, Explanation(.notFound, "gone")))
    #expect(constraint.explanation.detail == "auth.example.com (wave 2) is refused (not_found)")
    let bare = Constraint.waitsForWave(auth, wave: 2, .unseen(nil))
    #expect(bare.explanation.detail == "auth.example.com (wave 2) could not be seen")
  }

  @Test("a domain that is no longer mapped holds up nobody")
  func unmapped() {
    var fleet = WaveFleet(waves: [0, 1])
    fleet.scenes[0].record.condition = .unknown
    fleet.scenes.removeFirst()
    #expect(fleet.look() == [0])
  }

  @Test("domains of the same or a higher wave hold up nobody")
  func sameOrHigher() {
    let fleet = WaveFleet(waves: [1, 1, 2])
    #expect(fleet.constraint(on: 0) == nil)
    #expect(fleet.constraint(on: 2) != nil)
  }

  @Test("an urgent domain does not wait for its wave")
  func urgent() {
    var fleet = WaveFleet(waves: [0, 1])
    fleet.scenes[1].list(
      certificate("old", from: -60) {
        $0.names = ["*.example.com"]
        $0.notAfter = noon + .hours(71)
      })
    #expect(fleet.look() == [0, 1])
  }

  @Test("a new pin waits for its wave")
  func pinned() {
    var fleet = WaveFleet(waves: [0, 1])
    for index in 0...1 { fleet.scenes[index].mapping.selector.arn = newOne.arn }
    #expect(fleet.look() == [0])
    #expect(fleet.scenes[1].record.reason?.reason == .waitsForWave)
  }

  @Test("a changed selector that leaves the attached certificate waits for its wave")
  func reselected() {
    var fleet = WaveFleet(waves: [0, 1])
    for index in 0...1 {
      fleet.scenes[index].record.selectorFingerprint =
        fleet.scenes[index].mapping.selector.fingerprint
      fleet.scenes[index].mapping.selector.tags = ["app": "login"]
      fleet.scenes[index].tags = .seen([newOne.arn: ["app": "login"]])
    }
    #expect(fleet.look() == [0])
    #expect(fleet.scenes[0].record.rollout?.cause == .unusable)
    #expect(fleet.scenes[1].record.reason?.reason == .waitsForWave)
  }

  @Test("a rollout under way is not stopped by a lower wave that begins")
  func underWay() {
    var fleet = WaveFleet(waves: [0, 1])
    fleet.scenes[1].pass()
    fleet.scenes[1].answer(.failed(failure(.throttled)), chance: 0)
    fleet.now = noon + .minutes(1)
    #expect(fleet.look() == [0, 1])
  }

  @Test("everything is replaced in the end, wave by wave")
  func all() {
    var fleet = WaveFleet(waves: [2, 0, 1, 0])
    var order: [Int] = []
    for _ in 0..<4 {
      for index in fleet.look() {
        order.append(index)
        fleet.scenes[index].mapping.probe.isEnabled = false
        fleet.scenes[index].accept()
        fleet.scenes[index].cognito(.active, newOne.arn)
        fleet.now = fleet.now + .minutes(1)
        fleet.look(at: [index])
        #expect(fleet.scenes[index].condition == .inSync)
      }
      fleet.now = fleet.now + .minutes(5)
    }
    #expect(order == [1, 3, 2, 0])
  }
}
