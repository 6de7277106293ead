import Foundation
import SimulatedAWS

/// Measures the daemon and a boto3 loop against one simulated AWS, and compares with the goals.
@main
struct Bench {
  static let domains = 1000
  static let latency = Duration.milliseconds(20)
  static let concurrency = 16
  /// For the CPU time of a domain: the number of domains, the interval of polls in seconds, and the
  /// polls that are measured. A poll must end within the interval.
  static let sizes: [(domains: Int, pollInterval: Int, polls: Double)] = [
    (100, 2, 10), (1000, 5, 6), (10_000, 30, 2),
  ]
  static let starts = 5
  static let botoPasses = 5

  static func main() async {
    do {
      print(await Machine.description())
      try measure()
    } catch {
      print("error: \(error)")
      exit(1)
    }
  }

  private static func measure() throws {
    var table = GoalTable()
    var cpuPerDomain: [Double?] = []
    for size in sizes {
      let fleet = try BenchFleet(
        domains: size.domains, latency: latency, pollInterval: size.pollInterval)
      defer { fleet.remove() }
      let first = size.domains == domains ? try fleet.firstPass() : nil
      do {
        let quiet = try fleet.quietPolls(size.polls, pollInterval: size.pollInterval)
        cpuPerDomain.append(quiet.poll.cpu / Double(size.domains))
        guard let first else { continue }
        let boto = try fleet.botoPasses(botoPasses)
        let ready = try fleet.readiness(starts: starts)
        compare(first, quiet, boto, ready, accounts: fleet.accounts, &table)
      } catch let late as TooSlow {
        print("\(size.domains) domains: \(late)")
        cpuPerDomain.append(nil)
      }
    }
    let known = cpuPerDomain.compactMap(\.self)
    let isComplete = known.count == sizes.count
    table.add(
      "CPU of a quiet poll a domain, at \(sizes.map { "\($0.domains)" }.joined(separator: ", "))",
      cpuPerDomain.map { $0.map { String(format: "%.1f µs", $0 * 1e6) } ?? "too slow" }
        .joined(separator: ", "), "",
      isComplete ? (known.max() ?? 0) / (known.min() ?? 1) : .infinity, atMost: 1.2)
    print(table.text)
  }

  private static func compare(
    _ first: Measurement, _ quiet: BenchFleet.Quiet,
    _ boto: (first: Measurement, later: Measurement), _ ready: [Double], accounts: Int,
    _ table: inout GoalTable
  ) {
    print("")
    for (name, measurement) in [
      ("first pass", first), ("quiet poll", quiet.poll), ("boto3's first pass", boto.first),
      ("boto3's later pass", boto.later),
    ] {
      print("\(name): \(measurement.total) calls: \(measurement.operations)")
      print(
        String(
          format: "  the simulated AWS used %.0f %% of a core", measurement.serverShare * 100))
    }
    print("")
    // Also into a pipe, because the measurements take minutes.
    fflush(nil)
    table.add(
      "calls of a quiet poll", "\(quiet.poll.total)", "\(boto.later.total)",
      Double(quiet.poll.total), atMost: Double(accounts), digits: 0)
    table.add(
      "CPU of a quiet poll", seconds(quiet.poll.cpu), seconds(boto.later.cpu),
      quiet.poll.cpu / boto.later.cpu, atMost: 0.05)
    table.add(
      "CPU of the first pass", seconds(first.cpu), seconds(boto.first.cpu),
      first.cpu / boto.first.cpu, atMost: 0.08)
    let ideal = { (pass: Measurement) in
      Double(pass.total) * 0.020 / Double(concurrency)
    }
    table.add(
      "wall time of the first pass, by calls x 20 ms / \(concurrency)", seconds(first.wall),
      seconds(boto.first.wall), first.wall / ideal(first), atMost: 1.3)
    let (own, other) = (quiet.poll.residentKilobytes, boto.later.residentKilobytes)
    table.add(
      "resident memory", megabytes(own), megabytes(other), Double(own) / Double(other),
      atMost: 0.25)
    table.add(
      "start to READY, median of \(starts)", seconds(ready[ready.count / 2]), "",
      ready[ready.count / 2] * 1000, atMost: 50, digits: 0, unit: " ms")
    table.add(
      "bytes written in quiet polls", "\(quiet.bytesWritten)", "", Double(quiet.bytesWritten),
      atMost: 0, digits: 0)
    table.add(
      "changes of the state file in quiet polls", quiet.stateIsUnchanged ? "0" : "1", "",
      quiet.stateIsUnchanged ? 0 : 1, atMost: 0, digits: 0)
  }

  private static func seconds(_ value: Double) -> String { String(format: "%.3f s", value) }
  private static func megabytes(_ kilobytes: Int) -> String {
    String(format: "%.1f MB", Double(kilobytes) / 1024)
  }
}

/// The daemon did not make the polls that were to be measured.
struct TooSlow: Error, CustomStringConvertible {
  let description: String
}

struct BenchProblem: Error, CustomStringConvertible {
  let description: String
  init(_ description: String) { self.description = description }
}
