import Testing

@testable import Reconciliation

@Suite("Accounts side by side")
struct ConcurrentlyTests {
  private actor Attendance {
    private var present = 0
    private(set) var most = 0

    func enter() {
      present += 1
      most = max(most, present)
    }

    func leave() { present -= 1 }
  }

  @Test("The results keep the order of the elements, however many run at a time", arguments: 0...9)
  func order(width: Int) async {
    let results = await concurrently(Array(0..<7), width: width) { number in
      for _ in number..<7 { await Task.yield() }
      return number * 10
    }
    #expect(results == [0, 10, 20, 30, 40, 50, 60])
  }

  @Test("No more run at a time than the width allows", arguments: 1...3)
  func bound(width: Int) async {
    let attendance = Attendance()
    await concurrently(Array(0..<20), width: width) { _ in
      await attendance.enter()
      for _ in 0..<10 { await Task.yield() }
      await attendance.leave()
    }
    #expect(await attendance.most <= width)
  }
}
