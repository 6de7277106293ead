import Foundation
import Glibc
import POSIX
import RolloutCore
import TestSupport
import Testing

@testable import AWSWire

@Suite("Credentials of a program", .timeLimit(.minutes(2)))
struct ProcessCredentialTests {
  private let directory: TemporaryDirectory

  init() throws { directory = try TemporaryDirectory() }

  /// What `sh -c script` gives as the program of a profile.
  private func stage(_ script: String, clock: ScriptedClock = ScriptedClock()) throws
    -> CredentialStage
  {
    let path = directory["script"]
    try Data("#!/bin/sh\n\(script)\n".utf8).write(to: URL(filePath: path))
    return try stage(command: "/bin/sh '\(path)'", clock: clock)
  }

  private func stage(
    command: String, clock: ScriptedClock = ScriptedClock()
  ) throws -> CredentialStage {
    try Data("[default]\ncredential_process = \(command)\n".utf8)
      .write(to: URL(filePath: directory["config"]))
    return CredentialStage(
      environment: [
        "AWS_CONFIG_FILE": directory["config"], "PATH": "/usr/bin:/bin",
        "NOTIFY_SOCKET": "/run/notify", "WATCHDOG_USEC": "1", "WATCHDOG_PID": "1", "MARK": "kept",
      ], clock: clock)
  }

  private func message(_ script: String) async throws -> String { try await stage(script).found() }

  private func printing(_ members: String) -> String { "echo '{\(members)}'" }
  private let keys = #""AccessKeyId":"p-key","SecretAccessKey":"p-secret""#

  @Test("The keys that a program prints are used, with a token and an end if it prints them")
  func printed() async throws {
    #expect(try await message(printing("\"Version\":1,\(keys)")) == "p-key p-secret")
    let more = #""SessionToken":"p-token","Expiration":"2026-11-23T22:36:51+00:00","AccountId":"1""#
    let found = try await stage(printing("\"Version\":1,\(keys),\(more)")).keys()
    #expect(found.sessionToken?.revealed == "p-token")
    #expect(found.expiration == ScriptedClock.start + .hours(1))
    #expect(found.origin.hasPrefix("credential_process of profile default in "))
  }

  @Test("Its arguments are split as the SDKs do, and no shell sees them")
  func arguments() async throws {
    let script = directory["arguments"]
    try Data(
      "printf '{\"Version\":1,\"AccessKeyId\":\"%s\",\"SecretAccessKey\":\"s\"}' \"$(echo \"$1|$2\" | tr ' $' '_.')\"\n"
        .utf8
    ).write(to: URL(filePath: script))
    let stage = try stage(command: "sh \(script) \"two words\" '$HOME'")
    #expect(await stage.found() == "two_words|.HOME s")
  }

  @Test("It gets the daemon's environment, but nothing that speaks to systemd, and no open file")
  func environment() async throws {
    let opened = open(directory["opened"], O_RDWR | O_CREAT, 0o600)
    try #require(opened > 2)
    defer { close(opened) }
    let script = """
      test "$MARK" = kept || exit 3
      env | grep -qE 'NOTIFY_SOCKET|WATCHDOG' && exit 4
      ls -l /proc/$$/fd | grep -q opened && exit 5
      test -z "$(cat)" || exit 6
      \(printing("\"Version\":1,\(keys)"))
      """
    let found = try await message(script)
    #expect(found == "p-key p-secret")
  }

  @Test(
    "A program that fails is an error with the end of its standard error, and nothing it printed",
    arguments: [
      (
        "echo hunter2; echo 'no session' >&2; exit 7",
        "ended with status 7; its standard error: no session"
      ),
      ("kill -9 $$", "was ended by signal 9"),
      ("echo hunter2", "did not print a JSON object with keys"),
      ("echo '[\"hunter2\"]'", "did not print a JSON object with keys"),
      ("true", "did not print a JSON object with keys"),
      (
        "echo '{\"Version\":2,\"AccessKeyId\":\"hunter2-key\",\"SecretAccessKey\":\"hunter2-sec\"}'",
        "printed keys of another version than 1, or without Version"
      ),
      (
        "echo '{\"AccessKeyId\":\"hunter2-key\",\"SecretAccessKey\":\"hunter2-sec\"}'",
        "printed keys of another version than 1, or without Version"
      ),
      ("head -c 65537 /dev/zero", "printed more than 64 KiB and was killed"),
      (
        "echo '{\"SecretAccessKey\":\"hunter2-sec\"}'; echo key hunter2-sec >&2; exit 1",
        "ended with status 1; its standard error: key ‹redacted›"
      ),
    ])
  func failing(script: String, expected: String) async throws {
    let message = try await message(script)
    #expect(message == "the program " + expected)
    #expect(!message.contains("hunter2"))
  }

  @Test("A missing value is an error, and so is a program that does not exist")
  func missing() async throws {
    #expect(
      try await message(printing(#""Version":1,"AccessKeyId":"hunter2""#))
        == "the answer has no SecretAccessKey")
    #expect(
      try await stage(command: "/none/of/this").found()
        == "the program cannot be started: no such file or directory")
    #expect(
      try await stage(command: "'/bin/open").found().hasSuffix(
        "a quotation mark or a backslash has no end: correct the command"))
    #expect(try await stage(command: "''").found().hasSuffix("it names no program: write its path"))
  }

  @Test("A megabyte of standard error is cut to its end")
  func longErrors() async throws {
    let message = try await message(
      "i=0; while [ $i -lt 20000 ]; do echo \"line $i of the long complaint of it\" >&2; "
        + "i=$((i+1)); done; exit 1")
    #expect(message.hasSuffix("line 19999 of the long complaint of it"))
    #expect(message.count < 700)
  }

  @Test("A program that hangs is killed with its children after a minute")
  func hanging() async throws {
    let clock = ScriptedClock()
    let pids = directory["pids"]
    let stage = try stage("sleep 300 & echo $! $$ > \(pids); wait", clock: clock)
    async let found = stage.found()
    let ids = try await eventually("the program has begun") {
      let ids = text(pids).split(whereSeparator: \.isWhitespace).compactMap { Int32($0) }
      return ids.count == 2 ? ids : nil
    }
    clock.pass(.seconds(60))
    #expect(await found == "the program did not end within 60 seconds and was killed")
    for id in ids {
      _ = try await eventually("\(id) has ended") {
        let state = text("/proc/\(id)/stat").split(separator: ")").last?.first { $0 != " " }
        return state == nil || state == "Z" ? true : nil
      }
    }
  }

  @Test("A cancelled request kills the program, and the request ends at once")
  func cancelled() async throws {
    let pid = directory["pid"]
    let stage = try stage("echo $$ > \(pid); exec sleep 300")
    let task = Task { await stage.found() }
    _ = try await eventually("the program has begun") { text(pid).isEmpty ? nil : true }
    task.cancel()
    #expect(await task.value == "unreachable: cancelled")
  }

  @Test("What a program leaves behind delays nothing")
  func leftBehind() async throws {
    let script = "sleep 300 & \(printing("\"Version\":1,\(keys)")); echo $! > \(directory["pid"])"
    #expect(try await message(script) == "p-key p-secret")
    if let left = Int32(text(directory["pid"]).prefix { $0 != "\n" }) { _ = kill(left, SIGKILL) }
  }
}

@Suite("Words of a command")
struct ShellWordsTests {
  /// The results of Python's shlex.split.
  @Test(
    "A command is split as Python's shlex does",
    arguments: [
      ("a b  c", ["a", "b", "c"]), ("  a\tb\n", ["a", "b"]), ("", []), ("''", [""]),
      ("a '' b", ["a", "", "b"]), ("'a b' \"c d\"", ["a b", "c d"]), ("a'b'\"c\"d", ["abcd"]),
      (#"a\ b"#, ["a b"]), (#""a\"b\\c\d""#, [#"a"b\c\d"#]), (#"'a\b'"#, [#"a\b"#]),
      ("$HOME *.txt | x", ["$HOME", "*.txt", "|", "x"]), (#"\'"#, ["'"]), ("a#b", ["a#b"]),
      ("ä 'ö'", ["ä", "ö"]),
    ] as [(String, [String])])
  func words(command: String, expected: [String]) {
    #expect(ShellWords.split(command) == expected)
  }

  @Test(
    "An open quotation mark or a last backslash is an error",
    arguments: ["'a", "\"a", "a\\", "\"a\\"])
  func open(command: String) {
    #expect(ShellWords.split(command) == nil)
  }
}
