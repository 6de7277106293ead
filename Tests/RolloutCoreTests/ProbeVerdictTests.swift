import Narration
import RolloutCore
import Testing

@Suite("Proof of one round")
struct ProbeVerdictTests {
  let new = arn("new")
  let old = arn("old")
  private func verdict(_ edges: [EdgeLook.Result], failure: Failure? = nil) -> ProbeVerdict {
    ProbeVerdict(round(edges, failure: failure), expecting: digest(new))
  }

  @Test("a round passes when every edge that answers serves the new leaf")
  func passed() {
    #expect(verdict([leaf(new)]) == .passed(edges: 1))
    #expect(verdict([leaf(new), leaf(new), leaf(new)]) == .passed(edges: 3))
  }

  @Test("one edge that serves another leaf fails the round and is named")
  func stale() {
    #expect(verdict([leaf(new), leaf(old), leaf(new)]) == .stale(["192.0.2.1:443"]))
    #expect(verdict([leaf(old)]) == .stale(["192.0.2.0:443"]))
    #expect(verdict([leaf(old), .unreachable("connect: refused")]) == .stale(["192.0.2.0:443"]))
  }

  @Test("an edge that cannot be reached, or a family without a route, does not count against it")
  func unreachable() {
    #expect(verdict([leaf(new), .unreachable("connect: refused")]) == .passed(edges: 1))
    #expect(verdict([.noRoute, leaf(new)]) == .passed(edges: 1))
    #expect(verdict([.noRoute, leaf(old)]) == .stale(["192.0.2.1:443"]))
  }

  @Test("a round without an answer proves nothing and says why")
  func silent() {
    #expect(
      verdict([.unreachable("connect: refused"), .unreachable("tls: reset"), .noRoute])
        == .silent("192.0.2.0:443 connect: refused; 192.0.2.1:443 tls: reset"))
    #expect(verdict([], failure: failure(.unreachable)) == .silent("it failed"))
    #expect(verdict([.noRoute]) == .silent("no address of the domain has a route from here"))
    #expect(verdict([]) == .silent("no address of the domain has a route from here"))
  }

  @Test("edges that could not be reached are named, with the reason")
  func unreached() {
    let edges = round([leaf(new), .unreachable("connect: refused"), .noRoute])
    #expect(edges.unreached == ["192.0.2.1:443 (connect: refused)"])
    var scene = Scene.propagating()
    scene.cognito(.active, newOne.arn)
    scene.edges = round([leaf(newOne.arn), .unreachable("connect: refused")])
    let waiting = scene.pass(after: .minutes(1)).event(.propagationWaiting)
    #expect(waiting?.fields[.edges]?.contains("192.0.2.1:443 (connect: refused)") == true)
  }

  @Test("what the edges served is kept by address, with whether it was the wanted leaf")
  func served() {
    var looks = round([leaf(old), .unreachable("x"), leaf(new), .noRoute])
    looks.edges.reverse()
    let served = looks.served(expecting: digest(new))
    #expect(served.map(\.address) == ["192.0.2.0:443", "192.0.2.2:443"])
    #expect(served.map(\.matches) == [false, true])
    #expect(served.map(\.sha256) == [digest(old), digest(new)])
    #expect(looks.served(expecting: nil).allSatisfy { !$0.matches })
  }
}
