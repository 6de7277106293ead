import Foundation
import Glibc
import LosslessJSON
import TestSupport
import Testing

@Suite("Roles and other sources of credentials", .timeLimit(.minutes(5)))
struct RoleTests {
  let name = Scene.name

  private static let central = "arn:aws:iam::210987654321:role/central"
  private static let rotator = "arn:aws:iam::123456789012:role/rotator"
  private static let externalID = "external-id-of-the-tests"

  /// The keys are of another account, from which two roles lead to the account with the domains.
  private static let scene: JSONValue = [
    "accounts": [Stage.account, ["account": "210987654321"]],
    "roles": [
      ["arn": .string(central)],
      ["arn": .string(rotator), "external_id": .string(externalID)],
    ],
    "domains": [Scene.domain(), Scene.domain(Scene.other, pool: "eu-west-1_Fg56Hi78J")],
  ]

  private func profiles(_ stage: Stage) throws -> [String: String] {
    let path = stage.directory + "/config-of-roles"
    try write(
      """
      [profile central]
      role_arn = \(RoleTests.central)
      source_profile = account-210987654321

      """, to: path)
    return [
      "AWS_CONFIG_FILE": path, "AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": "",
      "AWS_SESSION_TOKEN": "", "AWS_EC2_METADATA_DISABLED": "true",
    ]
  }

  @Test("a role through a chain of profiles rotates; one that refuses stops only its own domain")
  func chain() async throws {
    try await Stage.with(RoleTests.scene) { stage in
      var config = stage.config
      for domain in [name, Scene.other] {
        config[domain].more["profile"] = "central"
        config[domain].more["role_arn"] = RoleTests.rotator
        config[domain].more["role_session_name"] = "night-shift"
      }
      config[name].more["external_id"] = RoleTests.externalID
      config[Scene.other].more["external_id"] = "another-external-id"
      try stage.configure(config)
      let new = try await stage.issue(name)
      let daemon = try stage.daemon(environment: try profiles(stage))
      try await daemon.line("rollout.completed", domain: name)
      #expect(try await stage.effects(on: name) == [new])
      let failed = try await daemon.line("credentials.failed")
      #expect(
        failed["identity"]
          == "\(RoleTests.rotator) as night-shift with an external id by profile central")
      let error = failed["error"] ?? ""
      #expect(error.contains("sts:AssumeRole of \(RoleTests.rotator), with an external id"))
      #expect(error.contains("AccessDenied"))
      for secret in [RoleTests.externalID, "another-external-id"] {
        #expect(!daemon.process.errorText.contains(secret))
        #expect(!text(stage.statePath).contains(secret))
      }
    }
  }

  @Test("a program that hangs holds up no other domain and no stop, and does not outlive it")
  func hangingProgram() async throws {
    try await Stage.with(Scene.two) { stage in
      let path = stage.directory + "/config-of-programs"
      let pid = stage.directory + "/pid"
      try write(
        "[profile hanging]\ncredential_process = sh -c 'echo $$ > \(pid); exec sleep 300'\n",
        to: path)
      var config = stage.config
      config[Scene.other].more["profile"] = "hanging"
      try stage.configure(config)
      let new = try await stage.issue(name)
      let daemon = try stage.daemon(environment: ["AWS_CONFIG_FILE": path])
      try await daemon.line("rollout.completed", domain: name)
      #expect(try await stage.effects(on: name) == [new])
      let program = try await eventually("the program runs") { Int32(text(pid).dropLast()) }
      let begun = ContinuousClock.now
      #expect(try await daemon.stop() == .exited(0))
      #expect(ContinuousClock.now - begun < .seconds(20))
      _ = try await eventually("the program has ended") {
        let state = text("/proc/\(program)/stat").split(separator: ")").last?.first { $0 != " " }
        return state == nil || state == "Z" ? true : nil
      }
    }
  }

  @Test("the credentials of a container are asked for without the proxy of the environment")
  func container() async throws {
    try await Stage.with(Scene.one()) { stage in
      try stage.configure(stage.config)
      let new = try await stage.issue(name)
      let directory = try TemporaryDirectory()
      let keys: JSONValue = [
        "AccessKeyId": .string(stage.environment["AWS_ACCESS_KEY_ID"] ?? ""),
        "SecretAccessKey": .string(stage.environment["AWS_SECRET_ACCESS_KEY"] ?? ""),
        "Token": .string(stage.environment["AWS_SESSION_TOKEN"] ?? ""),
        "Expiration": "2099-01-01T00:00:00Z",
      ]
      try write(keys.encoded, to: directory["keys"])
      let server = try ChildProcess(
        "/usr/bin/python3",
        ["-u", "-m", "http.server", "--bind", "127.0.0.1", "--directory", directory.path, "0"],
        environment: ["PATH": "/usr/bin:/bin"], output: directory["server"])
      let port = try await eventually("the container's endpoint listens") {
        server.outputText.split(separator: " ").drop { $0 != "port" }.dropFirst().first
          .flatMap { Int($0) }
      }
      // Nothing listens at the proxy. The name is not among the exceptions, as the simulator's is.
      let daemon = try stage.daemon(environment: [
        "http_proxy": "http://127.0.0.1:9", "no_proxy": "127.0.0.1", "AWS_ACCESS_KEY_ID": "",
        "AWS_SECRET_ACCESS_KEY": "", "AWS_SESSION_TOKEN": "",
        "AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://localhost:\(port)/keys",
      ])
      try await daemon.line("rollout.completed", domain: name)
      #expect(try await stage.effects(on: name) == [new])
    }
  }
}
