import Foundation
import Glibc
import JSONText
import Reconciliation
import RolloutCore
import StateStore
import Testing
import Transport

@Suite("The log and the state file", .timeLimit(.minutes(2)))
struct OrderTests {
  @Test("what the log tells, the state file shows already")
  func order() async throws {
    try await Stage.with(Scene.one()) { stage in
      try stage.configure(stage.config)
      // Each line is read the moment it is written, and the state right after it.
      let seen = Locked<[(line: LogLine, record: DomainRecord?)]>([])
      let state = stage.statePath
      let daemon = try stage.watchedDaemon { line in
        let records = try? StateReader.open(path: state).snapshot().records
        seen.with { $0.append((line, records?.first)) }
      }
      func comes(_ event: String) async throws {
        _ = try await eventually(event) {
          seen.with { $0.contains { $0.line.event == event } } ? true : nil
        }
      }
      try await comes("poll.completed")
      _ = try await stage.issue(Scene.name, more: ["not_before": -60])
      try await comes("rollout.completed")
      try await stage.simulate(
        "set", ["domain": .string(Scene.name), "refusal": "parent_domain"])
      let refused = try await stage.issue(Scene.name)
      try await comes("update.refused")
      daemon.kill()

      let phases: [String: Set<Rollout.Phase>] = [
        "update.submitted": [.submitting, .propagating, .completed, .refused],
        "update.accepted": [.propagating, .completed], "rollout.completed": [.completed],
        "update.refused": [.refused],
      ]
      var checked: Set<String> = []
      for (line, record) in seen.with({ $0 }) where phases[line.event] != nil {
        let phase = try #require(record?.rollout?.phase, "\(line)")
        #expect(record?.rollout?.id == line["rollout"], "\(line)")
        #expect(phases[line.event]?.contains(phase) == true, "\(line): \(phase)")
        checked.insert(line.event)
      }
      #expect(checked == Set(phases.keys))
      for (line, record) in seen.with({ $0 }) where line.event == "replacement.found" {
        #expect([line["certificate_arn"], refused].contains(record?.desired?.text))
      }
    }
  }
}
