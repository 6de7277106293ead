import EdgeProbe
import Foundation
import POSIX
import Reconciliation
import RolloutCore
import SimulatedAWS
import TestSupport
import Testing

@Suite("The cost of probes")
struct ProbeResourcesTests {
  @Test("The number of concurrent lookups is limited")
  func concurrencyOfLookups() async throws {
    let running = Guarded<(now: Int, most: Int)>((0, 0))
    let fixture = try ProbeFixture(
      limits: ProbeLimits(lookups: 3),
      lookUp: { _, _ in
        running.withLock { $0 = ($0.now + 1, max($0.most, $0.now + 1)) }
        // The first three wait for each other, which proves that three run concurrently.
        running.wait { $0.most >= 3 }
        running.withLock { $0.now -= 1 }
        return .failed("not today")
      })
    let endpoints = (0..<30).map { ProbeTarget.Endpoint(host: "n\($0).example", port: 443) }
    _ = await fixture.round(at: endpoints)
    #expect(running.withLock { $0.most } == 3)
  }

  @Test("The number of concurrent handshakes of one domain is limited")
  func concurrencyOfHandshakes() async throws {
    let limits = ProbeLimits(handshake: .milliseconds(200), concurrency: 3)
    let fixture = try ProbeFixture(limits: limits)
    let minted = try fixture.leaf()
    let servers = try (0..<9).map { _ in try TLSEdgeServer(certificate: minted) }
    for server in servers { server.behave(.stalling) }
    let begun = ContinuousClock.now
    let round = await fixture.round(
      at: servers.map { ProbeTarget.Endpoint(host: $0.address, port: $0.port) })
    // Nine silent edges, three at a time.
    #expect(ContinuousClock.now - begun >= .milliseconds(590))
    #expect(round.edges.count == 9)
    #expect(servers.map(\.connections) == Array(repeating: 1, count: 9))
  }

  @Test("Two hundred probes of good and bad edges leak no descriptor and no thread")
  func nothingIsLeft() async {
    // In its own process, because other tests open files, too. There SIGPIPE ends the process, which
    // is the default.
    await #expect(processExitsWith: .success) {
      signal(SIGPIPE, SIG_DFL)
      let fixture = try ProbeFixture(
        limits: ProbeLimits(handshake: .milliseconds(400), concurrency: 20))
      // The first round loads and opens what stays open.
      try await probeEveryBehaviour(fixture, rounds: 1)
      let before = try Census()
      try await probeEveryBehaviour(fixture, rounds: 10)
      var after = try Census()
      // What leaks stays; what ends takes its time on a busy machine.
      for _ in 0..<1000 where !after.isWithin(before) {
        try await Task.sleep(for: .milliseconds(20))
        after = try Census()
      }
      guard after.isWithin(before) else {
        print("before: \(before)\nafter: \(after)")
        exit(1)
      }
    }
  }
}

/// Makes twenty probes, four for each behaviour of an edge.
private func probeEveryBehaviour(_ fixture: ProbeFixture, rounds: Int) async throws {
  for _ in 0..<rounds {
    let minted = try fixture.leaf()
    let behaviours = (0..<4).flatMap { _ in TLSEdgeServer.Behaviour.allCases }
    let servers = try behaviours.map { behaviour in
      let server = try TLSEdgeServer(certificate: minted)
      server.behave(behaviour)
      return server
    }
    let endpoints = servers.map { ProbeTarget.Endpoint(host: $0.address, port: $0.port) }
    let round = await fixture.round(at: endpoints)
    for (behaviour, edge) in zip(behaviours, round.edges)
    where (edge.result.leaf != nil) != (behaviour == .serving) {
      print("\(behaviour): \(edge)")
      exit(2)
    }
    for server in servers { server.stop() }
  }
}

/// The open descriptors and threads of the process.
private struct Census {
  /// The target of each open descriptor: `socket:`, `anon_inode:[eventfd]`, a path.
  let descriptors: [String]
  let threads: Int

  init() throws {
    let manager = FileManager.default
    var descriptors: [String] = []
    for number in try names(in: "/proc/self/fd") where !number.hasPrefix(".") {
      do {
        let target = try manager.destinationOfSymbolicLink(atPath: "/proc/self/fd/\(number)")
        descriptors.append(target)
      } catch {
        // The descriptor with which the directory itself was read.
      }
    }
    self.descriptors = descriptors.sorted()
    threads = try names(in: "/proc/self/task").count
  }

  /// Swift's own pool may have grown by a few threads.
  func isWithin(_ other: Census) -> Bool {
    descriptors.count == other.descriptors.count && threads <= other.threads + 4
  }
}
