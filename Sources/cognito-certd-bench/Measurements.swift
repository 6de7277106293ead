import Glibc

/// What one program did in a number of polls or passes.
struct Measurement {
  /// By operation.
  var calls: [String: Int]
  /// Of one poll, in seconds.
  var cpu: Double
  var wall: Double
  var residentKilobytes = 0
  /// The simulated AWS's share of one core meanwhile.
  var serverShare: Double

  var total: Int { calls.values.reduce(0, +) }
  /// The operations, the most frequent first.
  var operations: String {
    calls.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.map { "\($0.value) \($0.key)" }
      .joined(separator: ", ")
  }
}

/// What happened at the server between two moments.
struct Window {
  private let fleet: BenchFleet
  private let calls: [String: Int]
  private let serverCPU: Double
  private let begin: Double

  init(_ fleet: BenchFleet) {
    self.fleet = fleet
    calls = fleet.calls
    serverCPU = MeasuredProcess.ownCPU()
    begin = MeasuredProcess.uptime
  }

  /// - Parameter passes: the polls or passes since the beginning.
  func end(cpu: Double, passes: Double) -> Measurement {
    let wall = MeasuredProcess.uptime - begin
    let made = fleet.calls.merging(calls) { $0 - $1 }.filter { $0.value > 0 }
    return Measurement(
      calls: made.mapValues { Int((Double($0) / passes).rounded()) }, cpu: cpu / passes,
      wall: wall / passes, serverShare: (MeasuredProcess.ownCPU() - serverCPU) / wall)
  }
}

extension BenchFleet {
  /// `run --once` with a new state file: from the start of the process to its end.
  func firstPass() throws -> Measurement {
    let window = Window(self)
    let usage = try DaemonRun(self, arguments: ["run", "--once"]).process.wait()
    guard usage.status == 0 else {
      throw BenchProblem("run --once ended with \(usage.status): \(log)")
    }
    return window.end(cpu: usage.cpu, passes: 1)
  }

  /// The times from the start of the process to READY=1, in order.
  func readiness(starts: Int) throws -> [Double] {
    var ready: [Double] = []
    for _ in 0..<starts {
      let run = try DaemonRun(self, arguments: ["run"])
      ready.append(try run.waitUntilReady())
      try run.stop()
    }
    return ready.sorted()
  }

  struct Quiet {
    var poll: Measurement
    var bytesWritten: Int
    var stateIsUnchanged: Bool
  }

  /// Polls of a running service in which nothing changes. Its own timer begins them.
  func quietPolls(_ count: Double, pollInterval: Int) throws -> Quiet {
    let run = try DaemonRun(self, arguments: ["run"])
    do {
      _ = try run.waitUntilReady()
      // Three times as long as it should take: the first pass may take longer than an interval.
      let quiet = try quietPolls(count, of: run, within: Double(pollInterval) * (count + 2) * 3)
      try run.stop()
      return quiet
    } catch {
      run.process.send(SIGKILL)
      _ = try run.process.wait()
      throw error
    }
  }

  private func quietPolls(
    _ count: Double, of run: DaemonRun, within limit: Double
  ) throws -> Quiet {
    let start = polls
    // The first pass, and one poll more until all is at rest.
    try wait(forPolls: start + 2, within: limit)
    let (stamp, written, cpu) = (stateStamp(), run.process.bytesWritten(), try run.process.cpu())
    let (begin, window) = (polls, Window(self))
    try wait(forPolls: begin + count, within: limit)
    let passes = polls - begin
    var poll = window.end(cpu: try run.process.cpu() - cpu, passes: passes)
    poll.residentKilobytes = run.process.residentKilobytes()
    return Quiet(
      poll: poll, bytesWritten: run.process.bytesWritten() - written,
      stateIsUnchanged: stateStamp() == stamp)
  }

  /// The first pass of the boto3 loop, from the start of the process, and later ones.
  func botoPasses(_ count: Int) throws -> (first: Measurement, later: Measurement) {
    let start = Window(self)
    let loop = try BotoLoop(self)
    _ = try loop.pass()
    let first = start.end(cpu: try loop.process.cpu(), passes: 1)
    let (window, cpu) = (Window(self), try loop.process.cpu())
    for _ in 0..<count { _ = try loop.pass() }
    var later = window.end(cpu: try loop.process.cpu() - cpu, passes: Double(count))
    later.residentKilobytes = loop.process.residentKilobytes()
    try loop.stop()
    return (first, later)
  }
}
