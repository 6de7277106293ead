import Foundation
import Glibc
import LosslessJSON
import TestSupport
import Testing

@Suite("What systemd is told", .timeLimit(.minutes(5)))
struct NotifyTests {
  let name = Scene.name

  @Test("READY when it polls, STATUS in a line, RELOADING and READY around a reload, STOPPING")
  func life() async throws {
    try await Stage.with(Scene.one()) { stage in
      let socket = try NotifySocket(stage.directory + "/notify")
      try stage.configure(stage.config)
      let daemon = try stage.daemon(environment: ["NOTIFY_SOCKET": socket.path])
      try await socket.message("READY=1")
      let status = try await stage.status()
      #expect(status.json["daemon"]?["running"] == true, "the lock and the state come first")
      #expect(status.domains.count == 1)
      let told = try await eventually("STATUS=") {
        socket.next()?.first { $0.hasPrefix("STATUS=1 domain: 1 in_sync") }
      }
      #expect(!told.isEmpty)

      for isGood in [true, false] {
        if !isGood { try write("domains: 1", to: stage.configPath) }
        daemon.process.send(SIGHUP)
        let messages = try await socket.message("READY=1")
        let reloading = messages.last { $0.contains("RELOADING=1") }
        let time = reloading?.first { $0.hasPrefix("MONOTONIC_USEC=") }
        #expect((time?.dropFirst(15)).flatMap { UInt64($0) } ?? 0 > 0)
      }
      daemon.process.send(SIGTERM)
      try await socket.message("STOPPING=1")
      #expect(try await daemon.process.end() == .exited(0))
    }
  }

  @Test("STOPPING when a stop begins, not when the last call has given up")
  func stopping() async throws {
    try await Stage.with(Scene.one()) { stage in
      let socket = try NotifySocket(stage.directory + "/notify")
      try stage.configure(stage.config)
      let daemon = try await stage.pollingDaemon(environment: ["NOTIFY_SOCKET": socket.path])
      try await stage.simulate(
        "fault", ["fault": "unanswered", "operation": "UpdateUserPoolDomain"])
      _ = try await stage.issue(name)
      try await daemon.line("update.submitted")
      daemon.process.send(SIGTERM)
      try await socket.message("STOPPING=1", within: .seconds(3))
      #expect(try await daemon.process.end(within: .seconds(10)) == .exited(0))
    }
  }

  @Test("WATCHDOG again and again, idle or not, within the interval that systemd gave")
  func watchdog() async throws {
    try await Stage.with(Scene.one()) { stage in
      let socket = try NotifySocket(stage.directory + "/notify")
      var config = stage.config
      config.top["poll_interval"] = "1h"
      try stage.configure(config)
      let daemon = try stage.daemon(environment: [
        "NOTIFY_SOCKET": socket.path, "WATCHDOG_USEC": "2000000",
      ])
      try await socket.message("READY=1")
      for _ in 0..<5 { try await socket.message("WATCHDOG=1", within: .seconds(2)) }
      let stranger = try stage.daemon(
        "--once",
        environment: [
          "NOTIFY_SOCKET": socket.path, "WATCHDOG_USEC": "2000000", "WATCHDOG_PID": "1",
        ])
      _ = try await stranger.process.end()
      _ = daemon
    }
  }

  @Test("WATCHDOG at every page of a list whose pages are slow")
  func slowPages() async throws {
    let certificates: [JSONValue] = (0..<8).map {
      ["name": .string("c\($0)"), "names": [.string("c\($0).example.net")]]
    }
    let scene: JSONValue = [
      "latency": 0.5, "page_size": 1, "certificates": .array(certificates),
      "domains": [Scene.domain(edges: [])],
    ]
    try await Stage.with(scene) { stage in
      let socket = try NotifySocket(stage.directory + "/notify")
      var config = stage.config
      config.top["poll_interval"] = "1h"
      try stage.configure(config)
      let daemon = try stage.daemon(environment: [
        "NOTIFY_SOCKET": socket.path, "WATCHDOG_USEC": "3000000",
      ])
      // The queue of the socket is short.
      var signs = 0
      _ = try await eventually("a poll") {
        while let message = socket.next() { signs += message.contains("WATCHDOG=1") ? 1 : 0 }
        return daemon.lines("poll.completed").isEmpty ? nil : true
      }
      #expect(signs >= 8)
    }
  }

  @Test("nothing that claims to be ready, when it cannot start")
  func neverReady() async throws {
    try await Stage.with(Scene.one()) { stage in
      let socket = try NotifySocket(stage.directory + "/notify")
      try write("domains: []", to: stage.configPath)
      let wrong = try stage.daemon(
        "--log-format", "json", environment: ["NOTIFY_SOCKET": socket.path])
      #expect(try await wrong.process.end() == .exited(78))
      try write("nonsense", to: stage.statePath)
      try stage.configure(stage.config)
      let damaged = try stage.daemon(environment: ["NOTIFY_SOCKET": socket.path])
      #expect(try await damaged.process.end() == .exited(65))
      while let message = socket.next() { #expect(!message.contains("READY=1")) }
    }
  }
}
