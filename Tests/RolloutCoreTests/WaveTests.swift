import RolloutCore
import Testing

@Suite("Waves")
struct WaveTests {
  /// Three domains, each with its own wave, all with the same replacement at hand.
  private func fleet(_ waves: [Int]) -> (fleet: Fleet, scenes: [Scene]) {
    let scenes = waves.enumerated().map { index, wave in
      let name = domain("d\(index).example.com")
      let names: (inout Certificate) -> Void = { $0.names = ["*.example.com"] }
      var scene = Scene([
        certificate("old", from: -60, to: 60, names), certificate("new", from: -1, to: 89, names),
      ])
      scene.mapping = mapping(name) { $0.wave = wave }
      scene.record = DomainRecord(fresh: scene.mapping)
      scene.record.condition = .inSync
      scene.record.attached = oldOne.arn
      scene.record.desired = oldOne.arn
      return scene
    }
    return (Fleet(mappings: scenes.map(\.mapping)), scenes)
  }

  /// One pass over all of them: the order of looking is the order given.
  private func plan(
    _ fleet: Fleet, _ scenes: inout [Scene], looking: [Int]? = nil,
    sourceLocation: SourceLocation = #_sourceLocation
  ) -> [DomainName] {
    let looked = looking ?? Array(scenes.indices)
    let inputs = looked.compactMap { scenes[$0].decide()?.input }
    let records = Dictionary(
      scenes.map { ($0.mapping.domain, $0.record) }, uniquingKeysWith: { $1 })
    let plan = Planner.plan(inputs, fleet: fleet, records: records)
    #expect(plan.decisions.map(\.record.domain) == inputs.map(\.mapping.domain))
    let wrongs = PlanReview.violations(in: plan, inputs: inputs, now: noon)
    #expect(wrongs.isEmpty, sourceLocation: sourceLocation)
    for decision in plan.decisions {
      for index in scenes.indices where scenes[index].mapping.domain == decision.record.domain {
        scenes[index].record = decision.record
        scenes[index].schedule = decision.schedule
      }
    }
    return plan.decisions.compactMap { $0.update?.domain }
  }

  private let names = (0..<4).map { domain("d\($0).example.com") }

  @Test("the lowest wave begins, the others wait and say for whom")
  func lowestFirst() {
    var (fleet, scenes) = fleet([1, 0, 2])
    #expect(plan(fleet, &scenes) == [names[1]])
    #expect(scenes.map(\.condition) == [.pending, .submitting, .pending])
    #expect(
      scenes[0].record.reason == Reason("waits_for_wave", "d1.example.com (wave 0) is submitting"))
    #expect(scenes[0].record.desired == newOne.arn)
  }

  @Test("domains of one wave go side by side")
  func sideBySide() {
    var (fleet, scenes) = fleet([0, 0, 1])
    #expect(plan(fleet, &scenes) == [names[0], names[1]])
  }

  @Test("a higher wave begins only when every lower one is proven")
  func proven() {
    var (fleet, scenes) = fleet([0, 1])
    _ = plan(fleet, &scenes)
    for condition in Condition.allCases where condition != .held {
      var scenes = scenes
      scenes[0].record.condition = condition
      let begun = plan(fleet, &scenes, looking: [1])
      #expect((begun == [names[1]]) == (condition == .inSync), "\(condition)")
    }
  }

  @Test("a held domain of a lower wave blocks only while it has something left to do")
  func held() {
    var (fleet, scenes) = fleet([0, 1])
    scenes[0].record.condition = .held
    scenes[0].record.hold = Hold(since: noon, until: nil)
    var idle = scenes
    #expect(plan(fleet, &idle, looking: [1]) == [names[1]])
    var wanting = scenes
    #expect(plan(fleet, &wanting) == [])
    #expect(plan(fleet, &wanting, looking: [1]) == [])
    var under = scenes
    under[0].record.rollout = rollout(.propagating)
    #expect(plan(fleet, &under, looking: [1]) == [])
  }

  @Test("a lower domain that was never looked at blocks")
  func neverLooked() {
    let (fleet, scenes) = fleet([0, 1])
    let input = scenes[1].decide()?.input
    let plan = Planner.plan(
      [input].compactMap { $0 }, fleet: fleet, records: [names[1]: scenes[1].record])
    #expect(plan.decisions.first?.update == nil)
    #expect(plan.decisions.first?.record.reason?.text.contains("not looked at") == true)
  }

  @Test("a domain that is no longer mapped blocks nobody")
  func unmapped() {
    var (fleet, scenes) = fleet([0, 1])
    scenes[0].record.condition = .unknown
    fleet.mappings.removeFirst()
    #expect(plan(fleet, &scenes, looking: [1]) == [names[1]])
  }

  @Test("an urgent domain does not wait for its wave")
  func urgent() {
    var (fleet, scenes) = fleet([0, 1])
    scenes[1].list(
      certificate("old", from: -60) {
        $0.names = ["*.example.com"]
        $0.notAfter = noon + .hours(71)
      })
    #expect(plan(fleet, &scenes) == names.prefix(2).map { $0 })
  }

  @Test("a rollout under way is not stopped by a lower wave that begins")
  func underWay() {
    var (fleet, scenes) = fleet([0, 1])
    scenes[1].pass()
    scenes[1].answer(.failed(failure(.throttled)), chance: 0)
    scenes[1].now = noon + .minutes(1)
    #expect(plan(fleet, &scenes) == [names[0], names[1]])
  }

  @Test("waves and all: everything is rotated in the end, wave by wave")
  func all() {
    var (fleet, scenes) = fleet([2, 0, 1, 0])
    var order: [DomainName] = []
    for _ in 0..<4 {
      for name in plan(fleet, &scenes) {
        order.append(name)
        for index in scenes.indices where scenes[index].mapping.domain == name {
          scenes[index].mapping.probe.isEnabled = false
          scenes[index].accept()
          scenes[index].cognito(.active, newOne.arn)
          scenes[index].pass(after: .minutes(1))
          #expect(scenes[index].condition == .inSync)
        }
      }
    }
    #expect(order == [names[1], names[3], names[2], names[0]])
  }
}
