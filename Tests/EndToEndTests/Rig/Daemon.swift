import Foundation
import Glibc
import LosslessJSON
import POSIX
import TestSupport
import Testing
import Transport

/// `cognito-certd run` as a process, and its log.
final class Daemon: Sendable {
  let process: ChildProcess

  private let read = Guarded(Read())

  /// What was read of the log: a line is parsed once.
  private struct Read {
    var size = 0
    var lines: [LogLine] = []
  }

  init(_ process: ChildProcess) { self.process = process }

  /// Every whole line so far.
  var log: [LogLine] {
    read.withLock { read in
      let bytes = FileManager.default.contents(atPath: process.standardError) ?? Data()
      // What follows the last newline is a line that is being written.
      guard let end = bytes.lastIndex(of: UInt8(ascii: "\n")), end >= read.size else {
        return read.lines
      }
      let fresh = String(decoding: bytes[read.size..<end], as: UTF8.self)
      for line in fresh.split(separator: "\n", omittingEmptySubsequences: false) {
        guard let parsed = LogLine(line) else {
          Issue.record("not a line of the log: \(line)")
          continue
        }
        read.lines.append(parsed)
      }
      read.size = end + 1
      return read.lines
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

  /// Waits until as many accounts have been polled since the start.
  func polledAccounts(_ count: Int) async throws {
    _ = try await eventually("\(count) accounts are polled") {
      Set(lines("poll.completed").compactMap { $0["identity"] }).count >= count ? true : nil
    }
  }

  /// SIGTERM, and how it ended.
  func stop(by signal: Int32 = SIGTERM) async throws -> ChildProcess.Ending {
    process.send(signal)
    return try await process.end(within: .seconds(15))
  }

  /// SIGKILL: no chance to put anything in order.
  func crash() { process.kill() }
}
