import Glibc
import JSONText
import Testing
import Transport

/// `cognito-certd run` as a process, and its log.
final class Daemon: Sendable {
  let process: ChildProcess

  init(_ process: ChildProcess) { self.process = process }

  /// Every whole line so far.
  var log: [LogLine] {
    var lines = process.errorText.split(separator: "\n", omittingEmptySubsequences: false)
    // What follows the last newline is a line that is being written.
    lines.removeLast()
    return lines.compactMap { line in
      let parsed = LogLine(line)
      if parsed == nil { Issue.record("not a line of the log: \(line)") }
      return parsed
    }
  }

  func lines(_ event: String, domain: String? = nil) -> [LogLine] {
    log.filter { $0.event == event && (domain == nil || $0.domain == domain) }
  }

  /// The first line after the `skipping` first ones that fits, once there is one.
  @discardableResult
  func line(
    _ event: String, domain: String? = nil, skipping: Int = 0,
    within limit: Duration = .seconds(30), where fits: (LogLine) -> Bool = { _ in true }
  ) async throws -> LogLine {
    let what = "\(event) \(domain ?? "")"
    do {
      return try await eventually(what, within: limit) {
        let found = log.dropFirst(skipping)
          .first { $0.event == event && (domain == nil || $0.domain == domain) && fits($0) }
        if found == nil, let ending = process.poll() {
          throw TooLate(what: "\(what); the daemon ended: \(ending)", limit: limit)
        }
        return found
      }
    } catch let late as TooLate {
      throw TooLate(what: late.what, limit: late.limit, evidence: process.errorText)
    }
  }

  /// Waits for as many polls from now on, the one under way not counted.
  func polls(_ count: Int) async throws {
    let before = lines("poll.completed").count
    _ = try await eventually("\(count) polls") {
      lines("poll.completed").count > before + count ? true : nil
    }
  }

  /// SIGTERM, and how it ended.
  func stop() async throws -> ChildProcess.Ending {
    process.send(SIGTERM)
    return try await process.end(within: .seconds(15))
  }

  /// SIGKILL: no chance to put anything in order.
  func crash() { process.kill() }
}
