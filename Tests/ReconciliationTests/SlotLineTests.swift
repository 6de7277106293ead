import RolloutCore
import Testing

@testable import Reconciliation

@Suite("The line for a slot")
struct SlotLineTests {
  private let a = domain("a")
  private let b = domain("b")
  private let c = domain("c")

  private func line() -> SlotLine {
    var line = SlotLine()
    for name in [a, b, c] { line.join(name) }
    return line
  }

  @Test("Free slots are offered to the first domains, to each once")
  func offers() {
    var line = line()
    #expect(line.offer(0, to: [a, b, c], at: .zero) == [])
    #expect(line.offer(-3, to: [a, b, c], at: .zero) == [])
    #expect(line.offer(2, to: [a, b, c], at: .zero) == [a, b])
    #expect(line.offer(2, to: [a, b, c], at: .zero) == [])
    #expect(line.offer(9, to: [a, b, c], at: .zero) == [c])
  }

  @Test("A domain that lets an offer lapse lets the others pass, until it was looked at")
  func lapses() {
    var line = line()
    _ = line.offer(1, to: [a, b, c], at: .seconds(5))
    #expect(line.nextLapse(after: .seconds(5)) == .seconds(6))
    #expect(line.takers(at: .milliseconds(5999)) == [a, b, c])
    #expect(line.takers(at: .seconds(6)) == [b, c])
    #expect(line.nextLapse(after: .seconds(6)) == nil)
    line.join(a)
    #expect(line.takers(at: .seconds(6)) == [a, b, c])
  }

  @Test("A domain that waits no longer has neither a place nor an offer")
  func leaves() {
    var line = line()
    _ = line.offer(1, to: [a, b, c], at: .zero)
    line.leave(a)
    #expect(line.waiting == [b, c] && line.offered.isEmpty && line.nextLapse(after: .zero) == nil)
  }
}
