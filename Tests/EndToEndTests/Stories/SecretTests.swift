import Foundation
import Glibc
import POSIX
import TestSupport
import Testing

@Suite("Secrets", .timeLimit(.minutes(5)))
struct SecretTests {
  /// Every part that may be quoted alone. The last is base64 of `markuser:Mark2Pass`.
  static let marks =
    [
      "markuser", "Mark1", "Mark2Pass", "Mark3Part", "MarkQuery", "Hunter2", "Winter",
      "bWFya3VzZXI6TWFyazJQYXNz",
    ] + Stage.secrets + ["ASIAENDTOENDTESTS000"]

  static let proxies = [
    "http://markuser:Hunter2#Winter/Mark3Part@127.0.0.1:9",
    "http://markuser:Mark2Pass@127.0.0.1:99999",
    "gopher://markuser:Mark2Pass@127.0.0.1:9", "http://markuser:Hunter2/Mark3Part@127.0.0.1:9",
    "http://markuser:Hunter2?Mark3Part@127.0.0.1:9", "http://markuser:Mark1@Mark2Pass@127.0.0.1:9",
    "http://markuser:Mark2Pass Mark3Part@127.0.0.1:9",
    "http://markuser:Mark1%2FMark2Pass@no-such.invalid",
    "markuser:Mark2Pass@127.0.0.1:9", "markuser:Hunter2#Winter@127.0.0.1:9",
    "http://markuser@127.0.0.1:9", "socks5://markuser:Mark2Pass@127.0.0.1:9",
    "http://:Mark2Pass@127.0.0.1:x",
    "http://markuser:\(String(repeating: "Mark2Pass", count: 60))@127.0.0.1:99999",
    "http://127.0.0.1:99999/?token=MarkQuery-and-more",
  ]

  /// Searches everything that was written: logs, results, the state file with its -wal.
  private func search(_ stage: Stage, _ occasion: String) throws {
    var files = 0
    for name in try FileManager.default.contentsOfDirectory(atPath: stage.directory)
    where !["scenario.json", "simulator.out", "leash"].contains(name) {
      let text = text(stage.directory + "/" + name)
      files += text.isEmpty ? 0 : 1
      for mark in Self.marks {
        let line = text.split(separator: "\n").first { $0.contains(mark) }
        #expect(line == nil, "\(mark) stands in \(name), \(occasion): \(line?.prefix(400) ?? "")")
      }
    }
    #expect(files > 2)
  }

  /// A run that fails, in every format of the log, and what the commands say of it.
  private func drive(_ stage: Stage, _ proxy: String, format: String, endpoint: String) async throws
  {
    let environment = ["http_proxy": proxy, "AWS_ENDPOINT_URL": endpoint, "no_proxy": ""]
    let once = try await stage.run(
      [
        "run", "--once", "--log-level", "trace", "--log-format", format, "--config",
        stage.configPath,
      ],
      environment)
    #expect(once.status == 1, "\(proxy): \(once.errors)")
    #expect(
      once.errors.contains("poll.failed") || once.errors.contains("credentials.failed"),
      "\(once.errors)")
    for arguments in [["status"], ["status", "--json"]] {
      #expect(
        try await stage.run(arguments + ["--config", stage.configPath], environment).status == 3)
    }
    try search(stage, proxy)
  }

  @Test(
    "No part of a proxy's user name, password or query is written, however malformed its URL is")
  func proxies() async throws {
    try await Stage.with(Scene.one()) { stage in
      try stage.configure(stage.config)
      for (index, proxy) in Self.proxies.enumerated() {
        let format = ["json", "logfmt", "auto"][index % 3]
        try await drive(stage, proxy, format: format, endpoint: "http://aws.invalid")
      }
      // The service, whose -wal is there.
      let daemon = try stage.daemon(
        environment: ["http_proxy": Self.proxies[0], "AWS_ENDPOINT_URL": "http://aws.invalid"])
      let failed = try await daemon.line("poll.failed")
      #expect(failed["error"]?.contains("‹redacted›@127.0.0.1:9") == true, "\(failed)")
      #expect(FileManager.default.fileExists(atPath: stage.statePath + "-wal"))
      try search(stage, "the service")
    }
  }

  @Test(
    "Nothing that a server quotes of a request is written", arguments: EchoServer.Manner.allCases)
  func echo(manner: EchoServer.Manner) async throws {
    try await Stage.with(Scene.one()) { stage in
      try stage.configure(stage.config)
      let server = try EchoServer(manner)
      defer { withExtendedLifetime(server) {} }
      for format in ["json", "logfmt"] {
        try await drive(
          stage, "http://markuser:Mark2Pass@127.0.0.1:\(server.port)", format: format,
          endpoint: "http://aws.invalid/")
      }
    }
  }

  @Test("A URL with a password in the configuration is refused without it")
  func configuration() async throws {
    try await Stage.with(Scene.one()) { stage in
      var config = stage.config
      for value in [
        "https://markuser:Mark2Pass@edge.example.net", "markuser:Mark2Pass@edge:443",
        "https://markuser:\(String(repeating: "Mark2Pass", count: 60))@edge",
      ] {
        config[Scene.name].more["region"] = "\"\(value)\""
        config[Scene.name].more["wave"] = "\"\(value)\""
        config.top["https://markuser:Mark2Pass@key"] = "1"
        try stage.configure(config)
        let path = stage.configPath
        let check = try await stage.run("check")
        #expect(check.status == 78 && check.output.contains("‹redacted›@"), "\(check.output)")
        #expect(try await stage.run("run").status == 78)
        try FileManager.default.removeItem(atPath: path)
        try search(stage, value)
      }
      let hold = try await stage.run(["hold", "https://markuser:Mark2Pass@edge"], [:])
      #expect(hold.status == 64)
      try search(stage, "the command line")
    }
  }

  /// Starts a program with a shell's preparation, in a directory of its own.
  private func prepared(_ stage: Stage, _ preparation: String, _ program: String) throws
    -> ChildProcess
  {
    let directory = stage.directory + "/" + UUID().uuidString
    try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: false)
    return try ChildProcess(
      "/bin/sh", ["-c", "cd '\(directory)' && umask 0 && \(preparation) exec \(program)"],
      environment: stage.environment.merging(["SWIFT_BACKTRACE": "enable=no"]) { $1 },
      output: directory + "/said")
  }

  private func files(beside process: ChildProcess) throws -> [String] {
    let directory = URL(filePath: process.standardError).deletingLastPathComponent().path
    return try FileManager.default.contentsOfDirectory(atPath: directory)
      .filter { !$0.hasPrefix("said") }
  }

  @Test("When it is aborted no core dump is written, also outside of the unit")
  func coreDump() async throws {
    try await Stage.with(Scene.one()) { stage in
      try stage.configure(stage.config)
      let limit = "ulimit -c unlimited &&"
      let other = try prepared(stage, limit, "sleep 60")
      _ = try await eventually("it sleeps") { name(of: other.pid) == "sleep" ? true : nil }
      other.send(SIGABRT)
      #expect(try await other.end() == .killed(signal: SIGABRT))
      if try files(beside: other).isEmpty {
        print("NOT PROVEN: a core dump; this system writes none here")
        return
      }
      let program = ChildProcess.directory + "/cognito-certd run --config \(stage.configPath)"
      let daemon = Daemon(try prepared(stage, limit, program))
      try await daemon.line("poll.completed")
      daemon.process.send(SIGABRT)
      #expect(try await daemon.process.end() == .killed(signal: SIGABRT))
      #expect(try files(beside: daemon.process) == [])
      try FileManager.default.removeItem(
        at: URL(filePath: other.standardError).deletingLastPathComponent())
    }
  }

  @Test(
    "The memory of the daemon cannot be read by another process of its user",
    .enabled(
      if: getuid() == 0, "NOT PROVEN: this is not root, which starts a process of another user"))
  func memory() async throws {
    try await Stage.with(Scene.one()) { stage in
      try stage.configure(stage.config)
      let other = "/usr/bin/setpriv --reuid=65534 --regid=65534 --clear-groups"
      let program = ChildProcess.directory + "/cognito-certd"
      let sleeping = try prepared(stage, "", "\(other) sleep 60")
      _ = try await eventually("it sleeps") { name(of: sleeping.pid) == "sleep" ? true : nil }
      #expect(owner(of: sleeping.pid) == 65534)
      chmod(stage.directory, 0o777)
      chmod(stage.configPath, 0o644)
      let daemon = Daemon(
        try prepared(stage, "", "\(other) \(program) run --config \(stage.configPath)"))
      try await daemon.line("poll.completed")
      #expect(text("/proc/\(daemon.process.pid)/status").contains("\nUid:\t65534\t65534\t"))
      #expect(
        owner(of: daemon.process.pid) == 0, "/proc/PID of a process that is not dumpable is root's")
      #expect(try await daemon.stop() == .exited(0))
    }
  }

  private func owner(of pid: pid_t) -> uid_t? {
    var info = stat()
    return stat("/proc/\(pid)/mem", &info) == 0 ? info.st_uid : nil
  }

  private func name(of pid: pid_t) -> String {
    text("/proc/\(pid)/comm").trimmingCharacters(in: .newlines)
  }
}
