import Foundation
import POSIX

/// One run of the daemon, measured from outside.
final class DaemonRun {
  struct Usage {
    let status: Int32
    /// In seconds.
    let wall: Double
    let cpu: Double
    let peakKilobytes: Int
  }

  private let pid: pid_t
  private let started: Double
  private let notify: Int32
  private let notifyPath: String

  init(_ fleet: BenchFleet, arguments: [String]) throws {
    notifyPath = fleet.directory + "/notify"
    unlink(notifyPath)
    notify = try DaemonRun.listen(at: notifyPath)
    let program =
      (CommandLine.arguments.first.map { ($0 as NSString).deletingLastPathComponent } ?? ".")
      + "/cognito-certd"
    var environment = fleet.environment
    environment["NOTIFY_SOCKET"] = notifyPath
    let argv = ([program] + arguments + ["--config", fleet.config]).map { strdup($0) } + [nil]
    let envp = environment.map { strdup("\($0.key)=\($0.value)") } + [nil]
    defer { (argv + envp).forEach { free($0) } }
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    posix_spawn_file_actions_addopen(
      &actions, 2, fleet.directory + "/log", O_WRONLY | O_CREAT | O_APPEND, 0o600)
    defer { posix_spawn_file_actions_destroy(&actions) }
    var child = pid_t()
    started = DaemonRun.uptime
    let code = posix_spawn(&child, program, &actions, nil, argv, envp)
    guard code == 0 else {
      throw BenchProblem("cannot start \(program): \(SystemError(code: code))")
    }
    pid = child
  }

  deinit { close(notify) }

  /// Seconds from the start to READY=1.
  func waitUntilReady() throws -> Double {
    var buffer = [UInt8](repeating: 0, count: 4096)
    for _ in 0..<100 {
      var poller = pollfd(fd: notify, events: Int16(POLLIN), revents: 0)
      guard Foundation.poll(&poller, 1, 10_000) == 1 else { break }
      let count = recv(notify, &buffer, buffer.count, 0)
      guard count > 0 else { break }
      if String(decoding: buffer.prefix(count), as: UTF8.self).contains("READY=1") {
        return DaemonRun.uptime - started
      }
    }
    throw BenchProblem("the daemon did not become ready")
  }

  /// Sends SIGUSR1 and waits for the end of the poll.
  func poll(_ fleet: BenchFleet) throws {
    let before = fleet.polls()
    usleep(300_000)
    kill(pid, SIGUSR1)
    try fleet.waitForPoll(since: before)
  }

  func stop() { kill(pid, SIGTERM) }

  func wait() throws -> Usage {
    var status: Int32 = 0
    var usage = rusage()
    guard wait4(pid, &status, 0, &usage) == pid else { throw BenchProblem("the daemon has ended") }
    let wall = DaemonRun.uptime - started
    let cpu = [usage.ru_utime, usage.ru_stime].reduce(0.0) {
      $0 + Double($1.tv_sec) + Double($1.tv_usec) / 1e6
    }
    let exit = status & 0x7f == 0 ? (status >> 8) & 0xff : -1
    return Usage(status: exit, wall: wall, cpu: cpu, peakKilobytes: usage.ru_maxrss)
  }

  func residentKilobytes() -> Int { field("VmRSS:", of: "status") }
  func privateKilobytes() -> Int {
    field("Private_Dirty:", of: "smaps_rollup") + field("Private_Clean:", of: "smaps_rollup")
  }
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

  private static func listen(at path: String) throws -> Int32 {
    let descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue), 0)
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    guard descriptor >= 0, path.utf8.count < MemoryLayout.size(ofValue: address.sun_path) else {
      throw BenchProblem("cannot listen at \(path)")
    }
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: Array(path.utf8)) }
    let bound = withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
      }
    }
    guard bound == 0 else { throw BenchProblem("cannot listen at \(path)") }
    return descriptor
  }

  private static var uptime: Double {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
  }
}
