import Foundation
import LosslessJSON
import RolloutCore
import SimulatedAWS

/// Measures the daemon in the same build directory against a simulated AWS on loopback.
@main
struct Bench {
  static let domains = 1000
  static let accounts = 250
  static let latency = Duration.milliseconds(20)
  static let concurrency = 16

  static func main() throws {
    let fleet = try BenchFleet(domains: domains, accounts: accounts, latency: latency)
    defer { fleet.remove() }
    print(
      "\(domains) domains in \(accounts) accounts, \(latency.compact) a request, concurrency \(concurrency)"
    )
    print("")
    try measurePolls(fleet)
    try measureService(fleet)
  }

  /// Measures `run --once` twice: with a new state file, and with nothing new.
  private static func measurePolls(_ fleet: BenchFleet) throws {
    for name in [
      "first poll (run --once, new state file)", "second poll (run --once, nothing new)",
    ] {
      let before = fleet.calls()
      let run = try DaemonRun(fleet, arguments: ["run", "--once"])
      let usage = try run.wait()
      guard usage.status == 0 else { throw BenchProblem("\(name) ended with \(usage.status)") }
      let calls = fleet.calls().subtracting(before)
      let total = calls.values.reduce(0, +)
      let ideal = Double(total) * 0.020 / Double(concurrency)
      print(name)
      print(
        "  requests   \(total): \(calls.sorted { $0.key < $1.key }.map { "\($0.value) \($0.key)" }.joined(separator: ", "))"
      )
      print(
        "  lists      \(ratio(Double(calls["ListCertificates"] ?? 0), Double(accounts))) an account"
      )
      print(
        "  wall       \(seconds(usage.wall)), \(ratio(usage.wall, ideal)) x requests x 20 ms / \(concurrency)"
      )
      print("  CPU        \(seconds(usage.cpu))")
      print("  peak RSS   \(megabytes(usage.peakKilobytes))")
      print("")
    }
  }

  /// Measures `run` in place of systemd: the time until it is ready, idle memory, and two polls without
  /// changes.
  private static func measureService(_ fleet: BenchFleet) throws {
    let small = try BenchFleet(domains: 2, accounts: 1, latency: latency)
    defer { small.remove() }
    print("service")
    print("  start to READY    \(try readiness(small)) (2 domains, 5 starts)")
    print("  start to READY    \(try readiness(fleet)) (\(domains) domains, 5 starts)")
    for (name, fleet) in [("2 domains", small), ("\(domains) domains", fleet)] {
      try measureQuiet(fleet, name)
    }
  }

  private static func readiness(_ fleet: BenchFleet) throws -> String {
    var ready: [Double] = []
    for _ in 0..<5 {
      let run = try DaemonRun(fleet, arguments: ["run"])
      ready.append(try run.waitUntilReady())
      run.stop()
      _ = try run.wait()
    }
    return ready.sorted().map { seconds($0) }.joined(separator: ", ")
  }

  private static func measureQuiet(_ fleet: BenchFleet, _ name: String) throws {
    let run = try DaemonRun(fleet, arguments: ["run"])
    _ = try run.waitUntilReady()
    try fleet.waitForPoll(since: fleet.polls())
    let before = fleet.stateStamp()
    let written = run.bytesWritten()
    try run.poll(fleet)
    try run.poll(fleet)
    let quiet = run.bytesWritten() - written
    let resident = megabytes(run.residentKilobytes())
    print("  RSS idle          \(resident), \(megabytes(run.privateKilobytes())) private (\(name))")
    let state = before == fleet.stateStamp() ? "unchanged" : "CHANGED"
    print("  two quiet polls   \(quiet) bytes to disk, state file \(state) (\(name))")
    run.stop()
    _ = try run.wait()
  }

  private static func seconds(_ value: Double) -> String { String(format: "%.3f s", value) }
  private static func ratio(_ value: Double, _ base: Double) -> String {
    String(format: "%.2f", value / base)
  }
  private static func megabytes(_ kilobytes: Int) -> String {
    String(format: "%.1f MB", Double(kilobytes) / 1024)
  }
}

struct BenchProblem: Error, CustomStringConvertible {
  let description: String
  init(_ description: String) { self.description = description }
}

extension Dictionary where Key == String, Value == Int {
  func subtracting(_ other: [String: Int]) -> [String: Int] {
    merging(other) { $0 - $1 }.filter { $0.value > 0 }
  }
}
