import Glibc
import LosslessJSON
import TestSupport
import Testing

/// The daemon has a resolv.conf of its own, in a mount namespace.
@Suite(
  "Name servers that do not answer", .timeLimit(.minutes(5)),
  .enabled(
    if: NameServer.isPossible, "needs root, to listen on port 53 and to mount a resolv.conf"))
struct NameServerTests {
  /// Starts the daemon with these name servers, and everything that it asks for by IP address.
  private func daemon(
    _ stage: Stage, _ servers: [NameServer], options: String = "",
    environment: [String: String] = [:]
  ) throws -> Daemon {
    let path = stage.directory + "/resolv.conf"
    let lines = servers.map { "nameserver \($0.address)\n" }
    try write(lines.joined() + options, to: path)
    let script = "mount --bind \"$0\" /etc/resolv.conf && exec \"$@\""
    let wrapper = ["/usr/bin/unshare", "--mount", "--", "/bin/sh", "-c", script, path]
    return Daemon(
      try stage.start(
        ["run", "--config", stage.configPath], environment, through: wrapper))
  }

  private func port(of address: String) -> String {
    String(address.drop { $0 != ":" })
  }

  @Test("While the first of two name servers is silent, calls succeed and edges prove a rollout")
  func secondServer() async throws {
    let servers = [try NameServer(isSilent: true), try NameServer(isSilent: false)]
    try await Stage.with(Scene.one()) { stage in
      var config = stage.config
      config.propagation["window"] = "120s"
      config.propagation["confirmations"] = "1"
      config.mappings[0].edges = config.mappings[0].edges.enumerated()
        .map { "edge\($0.offset).example.test\(port(of: $0.element))" }
      try stage.configure(config)
      let endpoint = stage.endpoint.replacing("127.0.0.1", with: "aws.example.test")
      let daemon = try daemon(stage, servers, environment: ["AWS_ENDPOINT_URL": endpoint])
      try await daemon.line("poll.completed", within: .seconds(60))
      let issued = try await stage.issue(Scene.name)
      let completed = try await daemon.line("rollout.completed", within: .seconds(120))
      #expect(completed["certificate_arn"] == issued)
      #expect(completed["proof"] == "edge")
      #expect(servers.allSatisfy { $0.questions > 0 })
      #expect(try await daemon.stop() == .exited(0))
    }
  }

  @Test(
    "A name whose servers are all silent delays no other account and no stop")
  func silentEndpoint() async throws {
    let servers = [try NameServer(isSilent: true), try NameServer(isSilent: true)]
    try await Stage.with(Scene.fleet(2)) { stage in
      var config = stage.configWithProfiles
      config[Scene.name(0)].certificate = "{ tags: { purpose: login } }"
      try stage.configure(config)
      let daemon = try daemon(
        stage, servers, options: "options timeout:30\n",
        environment: [
          "AWS_ENDPOINT_URL_RESOURCE_GROUPS_TAGGING_API": "http://tagging.example.test:8080"
        ])
      try await daemon.polledAccounts(2)
      // Only a candidate makes its tags of interest.
      _ = try await stage.issue(
        Scene.name(0), more: ["account": .string(Scene.account(0))])
      _ = try await eventually("a lookup hangs") { servers[0].questions > 0 ? true : nil }
      try await replace(Scene.name(1), 1, stage, daemon)
      // A transfer has ended while its name was being resolved, and the next one has begun.
      let questions = servers[0].questions
      _ = try await eventually("a second lookup", within: .seconds(60)) {
        servers[0].questions > questions ? true : nil
      }
      try await replace(Scene.name(1), 1, stage, daemon)
      daemon.process.send(SIGTERM)
      #expect(try await daemon.process.end(within: .seconds(4)) == .exited(0))
    }
  }

  /// Issues a certificate, and expects that it is attached at once.
  private func replace(
    _ name: String, _ account: Int, _ stage: Stage, _ daemon: Daemon
  ) async throws {
    let seen = daemon.log.count
    let begun = ContinuousClock.now
    _ = try await stage.issue(name, more: ["account": .string(Scene.account(account))])
    try await daemon.line("rollout.completed", domain: name, skipping: seen, within: .seconds(15))
    #expect(ContinuousClock.now - begun < .seconds(5))
  }

  @Test("While the edge names of 12 accounts hang, the edges of another one prove its rollout")
  func hangingEdges() async throws {
    let servers = [try NameServer(isSilent: true)]
    let count = 13
    let fleet = Scene.fleet(count, more: ["edge_delays": [0.1]])
    try await Stage.with(fleet) { stage in
      var config = stage.configWithProfiles
      for account in 0..<count {
        let name = Scene.name(account)
        let edge = config[name].edges.first ?? ""
        let host = account == count - 1 ? "localhost" : "edge\(account).example.test"
        config[name].edges = [host + port(of: edge)]
      }
      try stage.configure(config)
      let daemon = try daemon(stage, servers, options: "options timeout:30\n")
      try await daemon.polledAccounts(count)
      for account in 0..<count - 1 {
        _ = try await stage.issue(
          Scene.name(account), more: ["account": .string(Scene.account(account))])
      }
      _ = try await eventually("the lookups hang") { servers[0].questions >= 12 ? true : nil }
      try await replace(Scene.name(count - 1), count - 1, stage, daemon)
      let completed = daemon.lines("rollout.completed").map { [$0.domain, $0["proof"]] }
      #expect(completed == [[Scene.name(count - 1), "edge"]])
      daemon.process.send(SIGTERM)
      #expect(try await daemon.process.end(within: .seconds(4)) == .exited(0))
    }
  }
}
