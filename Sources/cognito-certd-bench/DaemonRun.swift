import Foundation

/// One run of the daemon in place of systemd.
final class DaemonRun {
  let process: MeasuredProcess
  private let notify: Int32

  /// The program beside the bench.
  static let program =
    (CommandLine.arguments.first.map { ($0 as NSString).deletingLastPathComponent } ?? ".")
    + "/cognito-certd"

  init(_ fleet: BenchFleet, arguments: [String]) throws {
    let path = fleet.directory + "/notify"
    unlink(path)
    notify = try DaemonRun.listen(at: path)
    process = try MeasuredProcess(
      DaemonRun.program, arguments + ["--config", fleet.config],
      environment: fleet.environment.merging(["NOTIFY_SOCKET": path]) { $1 },
      log: fleet.directory + "/log")
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
        return MeasuredProcess.uptime - process.started
      }
    }
    throw BenchProblem("the daemon did not become ready")
  }

  /// SIGTERM, and the end.
  func stop() throws {
    process.send(SIGTERM)
    _ = try process.wait()
  }

  private static func listen(at path: String) throws -> Int32 {
    let descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
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
}
