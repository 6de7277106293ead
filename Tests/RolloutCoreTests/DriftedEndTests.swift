import Narration
import RolloutCore
import Testing

@Suite("A drifted domain whose certificate ends")
struct DriftedEndTests {
  @Test("is logged as an error and is ending, although a person is asked already")
  func drifted() {
    var scene = Scene([oldOne]) { $0.onDrift = .report }
    scene.pass()
    let theirs = certificate("theirs", from: -60, to: 1)
    scene.list(theirs)
    scene.cognito(.active, theirs.arn)
    let pass = scene.pass(after: .minutes(5))
    #expect(scene.condition == .drifted && pass.update == nil)
    #expect(pass.event(.certificateExpiring)?.level == .error)
    #expect(scene.record.isEnding(at: scene.now))
    let end = scene.pass(after: .days(1))
    #expect(end.event(.certificateExpiring)?.fields[.left] == "0s")
    #expect(scene.record.condition.needsPerson || scene.record.isEnding(at: scene.now))
  }
}
