import Foundation
import POSIX

/// A program that is measured from outside while it runs and when it ends.
final class MeasuredProcess {
  struct Usage {
    let status: Int32
    /// In seconds.
    let wall: Double
    let cpu: Double
  }

  let pid: pid_t
  /// Seconds of the monotonic clock.
  let started: Double

  /// - Parameters:
  ///   - descriptors: what the program gets as its standard input and output.
  ///   - log: the file that its standard error is appended to.
  init(
    _ program: String, _ arguments: [String], environment: [String: String],
    descriptors: [(own: Int32, child: Int32)] = [], log: String
  ) throws {
    let argv = ([program] + arguments).map { strdup($0) } + [nil]
    let envp = environment.map { strdup("\($0.key)=\($0.value)") } + [nil]
    defer { (argv + envp).forEach { free($0) } }
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_addopen(&actions, 2, log, O_WRONLY | O_CREAT | O_APPEND, 0o600)
    for pair in descriptors {
      posix_spawn_file_actions_adddup2(&actions, pair.own, pair.child)
    }
    var child = pid_t()
    started = MeasuredProcess.uptime
    let code = posix_spawn(&child, program, &actions, nil, argv, envp)
    guard code == 0 else {
      throw BenchProblem("cannot start \(program): \(SystemError(code: code))")
    }
    pid = child
  }

  func send(_ signal: Int32) { kill(pid, signal) }

  /// Waits for the end. The CPU time is that of all its threads.
  func wait() throws -> Usage {
    var status: Int32 = 0
    var usage = rusage()
    guard wait4(pid, &status, 0, &usage) == pid else {
      throw BenchProblem("process \(pid) has ended")
    }
    let wall = MeasuredProcess.uptime - started
    let exit = status & 0x7f == 0 ? (status >> 8) & 0xff : -1
    let cpu = [usage.ru_utime, usage.ru_stime].reduce(0.0) {
      $0 + Double($1.tv_sec) + Double($1.tv_usec) / 1e6
    }
    return Usage(status: exit, wall: wall, cpu: cpu)
  }

  /// The CPU time of all threads since the start, in seconds, to the nanosecond.
  func cpu() throws -> Double {
    var clock = clockid_t()
    guard clock_getcpuclockid(pid, &clock) == 0,
      let seconds = MeasuredProcess.seconds(of: clock)
    else { throw BenchProblem("the CPU clock of process \(pid) cannot be read") }
    return seconds
  }

  func residentKilobytes() -> Int { field("VmRSS:", of: "status") }
  func bytesWritten() -> Int { field("write_bytes:", of: "io") }

  private func field(_ name: String, of file: String) -> Int {
    let data = FileManager.default.contents(atPath: "/proc/\(pid)/\(file)") ?? Data()
    for line in String(decoding: data, as: UTF8.self).split(separator: "\n")
    where line.hasPrefix(name) {
      let words = line.dropFirst(name.count).split(whereSeparator: \.isWhitespace)
      return words.first.flatMap { Int($0) } ?? 0
    }
    return 0
  }

  /// The CPU time of this process, in which the simulated AWS runs.
  static func ownCPU() -> Double {
    seconds(of: CLOCK_PROCESS_CPUTIME_ID) ?? 0
  }

  static var uptime: Double { seconds(of: CLOCK_MONOTONIC) ?? 0 }

  /// nil when the clock cannot be read.
  private static func seconds(of clock: clockid_t) -> Double? {
    var time = timespec()
    guard clock_gettime(clock, &time) == 0 else { return nil }
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
  }
}
