import Foundation
import Glibc
import LosslessJSON
import POSIX
import TestSupport
import Testing

@Suite("The state file", .timeLimit(.minutes(5)))
struct StateFileTests {
  let name = Scene.name

  private func failure(_ stage: Stage, status: Int32) async throws -> String {
    let result = try await stage.run("run")
    #expect(result.status == status)
    let line = result.errors.split(separator: "\n").compactMap(LogLine.init)
      .first { $0.event == "state.failed" }
    #expect(line?.level == "error" && line?["state_file"] != nil, "\(result.errors)")
    return line?["error"] ?? ""
  }

  @Test("a damaged one ends every start with 65, is named, and is left as it is to the byte")
  func damaged() async throws {
    try await Stage.with(Scene.one()) { stage in
      try stage.configure(stage.config)
      let nonsense = String(repeating: "this is no database\n", count: 1000)
      try write(nonsense, to: stage.statePath)
      let error = try await failure(stage, status: 65)
      #expect(error.contains(stage.statePath))
      #expect(try await stage.run("run", "--once").status == 65)
      let status = try await stage.run("status", "--json")
      #expect(status.status == 1 && status.output.isEmpty)
      #expect(status.errors.contains(stage.statePath))
      #expect(try await stage.run("hold", name).status == 1)
      #expect(text(stage.statePath) == nonsense)
      #expect(try await stage.calls("UpdateUserPoolDomain").isEmpty)
    }
  }

  @Test(
    "whatever is damaged in it, the status is 65",
    arguments: ["one byte", "half", "zeros", "a page", "another program's", "a row"])
  func damage(kind: String) async throws {
    try await Stage.with(Scene.one()) { stage in
      try stage.configure(stage.config)
      let daemon = try await stage.pollingDaemon()
      #expect(try await daemon.stop() == .exited(0))
      let url = URL(filePath: stage.statePath)
      var bytes = try Data(contentsOf: url)
      switch kind {
      case "one byte": bytes = Data([0x53])
      case "half": bytes = bytes.prefix(bytes.count / 2)
      case "zeros": bytes = Data(count: 8192)
      case "a page": bytes.replaceSubrange(4096..<12288, with: Data(repeating: 0x5a, count: 8192))
      // SQLite's header: application_id.
      case "another program's": bytes[68] ^= 0x40
      default:
        let arn = try #require(bytes.range(of: Data("arn:aws:acm:".utf8)))
        bytes.replaceSubrange(arn, with: Data("xrn:aws:acm:".utf8))
      }
      try bytes.write(to: url)
      _ = try await failure(stage, status: 65)
      #expect(try Data(contentsOf: url) == bytes)
    }
  }

  @Test("one that another program keeps locked ends the start with 75")
  func inUse() async throws {
    try await Stage.with(Scene.one()) { stage in
      try stage.configure(stage.config)
      let daemon = try await stage.pollingDaemon()
      #expect(try await daemon.stop() == .exited(0))
      let descriptor = open(stage.statePath, O_RDWR | O_CLOEXEC)
      try #require(descriptor >= 0)
      defer { close(descriptor) }
      // SQLite's lock bytes, as an exclusive transaction of another program holds them.
      var lock = flock()
      lock.l_type = Int16(F_WRLCK)
      lock.l_whence = Int16(SEEK_SET)
      lock.l_start = 0x4000_0000
      lock.l_len = 512
      try #require(fcntl(descriptor, F_SETLK, &lock) == 0)
      let error = try await failure(stage, status: 75)
      #expect(error.contains("another process"))
    }
  }

  @Test("one of a newer version is refused in words that say so, and left as it is")
  func newer() async throws {
    try await Stage.with(Scene.one()) { stage in
      try stage.configure(stage.config)
      let daemon = try await stage.pollingDaemon()
      #expect(try await daemon.stop() == .exited(0))
      var bytes = try Data(contentsOf: URL(filePath: stage.statePath))
      // SQLite's header: user_version, big-endian.
      bytes[62] = 0x7f
      try bytes.write(to: URL(filePath: stage.statePath))
      let error = try await failure(stage, status: 65)
      #expect(error.contains("newer version"))
      let status = try await stage.run("status")
      #expect(status.status == 1 && status.errors.contains("newer version"))
      #expect(try Data(contentsOf: URL(filePath: stage.statePath)) == bytes)
    }
  }

  @Test("a directory that is not there is named")
  func noDirectory() async throws {
    try await Stage.with(Scene.one()) { stage in
      let path = stage.directory + "/nowhere/state.sqlite"
      try stage.configure(stage.config, stateFile: path)
      let error = try await failure(stage, status: 1)
      #expect(error.contains(stage.directory + "/nowhere"))
    }
  }

  @Test(
    "a configuration that cannot be read ends with 78 and its name",
    arguments: ["directory", "missing", "huge", "fifo", "binary"])
  func unreadable(kind: String) async throws {
    try await Stage.with(Scene.one()) { stage in
      let path = stage.configPath
      switch kind {
      case "directory":
        try FileManager.default.createDirectory(
          atPath: path, withIntermediateDirectories: false)
      case "huge": try write(String(repeating: "# comment\n", count: 200_000), to: path)
      case "fifo": #expect(mkfifo(path, 0o600) == 0)
      case "binary": try Data([0, 1, 2, 0xff]).write(to: URL(filePath: path))
      default: break
      }
      let run = try await stage.run("run")
      #expect(run.status == 78 && run.errors.contains(path))
      let check = try await stage.run("check")
      #expect(check.status == 78 && check.output.contains(path))
      let status = try await stage.run("status")
      #expect(status.status == 1 && status.errors.contains(path))
    }
  }

  @Test("without one, what is there is looked at and kept")
  func lost() async throws {
    try await Stage.with(Scene.one(more: ["edge_delays": [0, 2]])) { stage in
      try stage.configure(stage.config)
      let first = try await stage.pollingDaemon()
      let new = try await stage.issue(name)
      try await first.line("update.accepted")
      first.crash()
      for suffix in ["", "-wal", "-shm", ".lock", ".heartbeat"] {
        unlink(stage.statePath + suffix)
      }
      let second = try await stage.pollingDaemon()
      try await second.polls(2)
      let status = try await stage.status()
      #expect(status.condition(name) == "in_sync" && status[name]["rollout"] == .null)
      #expect(status[name]["attached_certificate_arn"]?.string == new)
      #expect(try await stage.effects(on: name) == [new])
    }
  }

  @Test(
    "a full disk stops every call and no look, is told once, and is over by itself",
    .enabled(if: SmallDisk.canMount, "a tmpfs cannot be mounted here: not proven"))
  func fullDisk() async throws {
    try await Stage.with(Scene.one()) { stage in
      let disk = try SmallDisk(stage.directory + "/disk")
      try stage.configure(stage.config, stateFile: disk.path + "/state.sqlite")
      let daemon = try await stage.pollingDaemon()
      try disk.fill()
      let new = try await stage.issue(name)
      let failed = try await daemon.line("state.failed") { $0.level == "error" }
      #expect(failed["error"]?.contains("space") == true)
      let looks = try await stage.calls("DescribeUserPoolDomain").count
      try await daemon.polls(2)
      #expect(try await stage.calls("DescribeUserPoolDomain").count > looks)
      #expect(try await stage.calls("UpdateUserPoolDomain").isEmpty)
      #expect(daemon.lines("replacement.found").isEmpty, "it is told when it is remembered")
      #expect(daemon.lines("state.failed").count { $0.level == "error" } == 1)
      #expect(try await stage.status().condition(name) == "in_sync")
      disk.empty()
      try await daemon.line("rollout.completed", within: .seconds(45))
      #expect(try await stage.effects(on: name) == [new])
      #expect(try await daemon.stop() == .exited(0))
    }
  }
}

/// A file system of a megabyte, in memory.
final class SmallDisk: Sendable {
  let path: String

  static let canMount: Bool = {
    let path = NSTemporaryDirectory() + "cognito-certd-e2e-" + UUID().uuidString
    defer { rmdir(path) }
    do {
      _ = try SmallDisk(path)
      return true
    } catch {
      print("NOT PROVEN: a full disk; a tmpfs cannot be mounted here: \(error)")
      return false
    }
  }()

  init(_ path: String) throws {
    self.path = path
    mkdir(path, 0o700)
    guard mount("tmpfs", path, "tmpfs", 0, "size=1024k") == 0 else {
      throw SystemError.last
    }
  }

  /// With what is still open there, too: the stage ends its programs after this.
  deinit { umount2(path, 2) }

  /// Down to the last byte.
  func fill() throws {
    let descriptor = open(path + "/filler", O_WRONLY | O_CREAT | O_TRUNC, 0o600)
    guard descriptor >= 0 else { throw SystemError.last }
    defer { close(descriptor) }
    let block = [UInt8](repeating: 1, count: 4096)
    while Glibc.write(descriptor, block, block.count) > 0 {}
  }

  func empty() { unlink(path + "/filler") }
}
