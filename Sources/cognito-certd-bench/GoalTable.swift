import Foundation
import POSIX
import RolloutCore

/// The table of goals, in Markdown.
struct GoalTable {
  private var rows = [
    ["measure", "daemon", "boto3 loop", "compared", "goal", ""],
    ["---", "---", "---", "---", "---", "---"],
  ]

  /// - Parameter value: what is compared with the goal: a ratio, or the daemon's own value.
  mutating func add(
    _ name: String, _ daemon: String, _ boto: String, _ value: Double, atMost goal: Double,
    digits: Int = 2, unit: String = ""
  ) {
    func text(_ number: Double) -> String {
      number.isFinite ? String(format: "%.\(digits)f", number) + unit : "none"
    }
    rows.append([
      name, daemon, boto, text(value), "at most \(text(goal))", value <= goal ? "PASS" : "MISSED",
    ])
  }

  var text: String {
    let widths = rows[0].indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
    return rows.map { row in
      let cells = zip(row, widths).map { cell, width in
        cell + String(repeating: cell == "---" ? "-" : " ", count: width - cell.count)
      }
      return "| " + cells.joined(separator: " | ") + " |"
    }.joined(separator: "\n")
  }
}

/// Where and with what was measured.
enum Machine {
  static func description() async -> String {
    let info = text("/proc/cpuinfo").split(separator: "\n")
    let model = info.first { $0.hasPrefix("model name") }?.split(separator: ":").last ?? " unknown"
    let cores = info.count { $0.hasPrefix("processor") }
    let kernel = text("/proc/sys/kernel/osrelease")
    let commit = ProcessInfo.processInfo.environment["BENCH_COMMIT"] ?? "unknown"
    let daemon = await answer(DaemonRun.program, ["--version"])
    let boto = await answer(
      BotoLoop.python,
      [
        "-c",
        "import boto3, platform; print(boto3.__version__, 'on Python', platform.python_version())",
      ])
    return """
      date      \(BenchFleet.now.rfc3339)
      machine  \(model), \(cores) cores, Linux \(kernel)
      daemon    commit \(commit), \(daemon)
      boto3     \(boto)
      fleet     \(Bench.domains) domains, \(BenchFleet.domainsPerAccount) an account; 20 ms a call; concurrency \(Bench.concurrency)
      """
  }

  private static func text(_ path: String) -> String {
    String(decoding: FileManager.default.contents(atPath: path) ?? Data(), as: UTF8.self)
      .trimmingCharacters(in: .whitespacesAndNewlines)
  }

  /// What a program says in its output.
  private static let limits = Subprocess.Limits(time: .seconds(60), output: 10_000, errors: 1000)

  private static func answer(_ program: String, _ arguments: [String]) async -> String {
    let begun = ContinuousClock.now
    let result = await Subprocess(
      [program] + arguments, environment: ProcessInfo.processInfo.environment, limits: limits
    ).run { ContinuousClock.now - begun }
    guard result.ending == .exited(0) else { return "\(program) cannot be run: \(result.ending)" }
    return String(decoding: result.output, as: UTF8.self)
      .trimmingCharacters(in: .whitespacesAndNewlines)
  }
}
