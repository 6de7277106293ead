import Reconciliation
import Testing

@Suite("The latch")
struct LatchTests {
  @Test("lets every waiting task through once it is open, and later ones at once")
  func opens() async {
    let latch = Latch()
    await withTaskGroup(of: Void.self) { group in
      for _ in 0..<10 { group.addTask { await latch.wait() } }
      #expect(!latch.isOpen)
      latch.open()
      await group.waitForAll()
    }
    #expect(latch.isOpen)
    await latch.wait()
  }

  @Test("lets a cancelled task through")
  func cancelled() async {
    let latch = Latch()
    let waiter = Task { await latch.wait() }
    waiter.cancel()
    await waiter.value
    #expect(!latch.isOpen)
  }
}
