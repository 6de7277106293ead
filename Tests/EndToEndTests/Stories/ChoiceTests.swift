import Glibc
import LosslessJSON
import TestSupport
import Testing

@Suite("Which certificate, and when", .timeLimit(.minutes(5)))
struct ChoiceTests {
  let name = Scene.name

  @Test("mode observe decides, says so once, and changes nothing")
  func observe() async throws {
    try await Stage.with(Scene.one()) { stage in
      var config = stage.config
      config[name].more["mode"] = "observe"
      try stage.configure(config)
      let daemon = try await stage.pollingDaemon()
      let new = try await stage.issue(name)
      try await daemon.line("replacement.found") { $0["certificate_arn"] == new }
      try await daemon.polls(3)
      let status = try await stage.status()
      #expect(status.exit == 0 && status.condition(name) == "pending")
      #expect(status[name]["reason"]?.string?.hasPrefix("observe_mode: ") == true)
      #expect(status[name]["desired_certificate_arn"]?.string == new)
      #expect(try await stage.calls("UpdateUserPoolDomain").isEmpty)
      #expect(daemon.lines("replacement.found").count == 1)
    }
  }

  @Test("a higher wave begins when every lower one is proven")
  func waves() async throws {
    let scene: JSONValue = [
      "domains": [
        Scene.domain(edges: [0, 1.5]), Scene.domain(Scene.other, pool: "eu-west-1_Fg56Hi78J"),
      ]
    ]
    try await Stage.with(scene) { stage in
      var config = stage.config
      config[Scene.other].more["wave"] = "1"
      try stage.configure(config)
      let daemon = try await stage.pollingDaemon()
      try await stage.simulate("replace")
      let found = try await daemon.line("replacement.found", domain: Scene.other)
      try await daemon.line("update.accepted", domain: name)
      let waiting = try await stage.status()[Scene.other]
      #expect(waiting["condition"] == "pending")
      #expect(waiting["reason"]?.string?.hasPrefix("waits_for_wave: ") == true)
      #expect(waiting["reason"]?.string?.contains(name) == true)
      try await daemon.line("rollout.completed", domain: Scene.other)
      let events = daemon.log.map { "\($0.event) \($0.domain ?? "")" }
      let proof = try #require(events.firstIndex(of: "rollout.completed \(name)"))
      let call = try #require(events.firstIndex(of: "update.submitted \(Scene.other)"))
      #expect(proof < call)
      #expect(try await stage.effects(on: Scene.other) == [found["certificate_arn"]])
    }
  }

  @Test("a wave waits for a lower one that is refused")
  func waveBehindRefusal() async throws {
    let scene: JSONValue = [
      "domains": [
        Scene.domain(more: ["refusal": "parent_domain"]),
        Scene.domain(Scene.other, pool: "eu-west-1_Fg56Hi78J"),
      ]
    ]
    try await Stage.with(scene) { stage in
      var config = stage.config
      config[Scene.other].more["wave"] = "7"
      try stage.configure(config)
      let daemon = try await stage.pollingDaemon()
      try await stage.simulate("replace")
      try await daemon.line("update.refused", domain: name)
      try await daemon.polls(2)
      #expect(try await stage.calls("UpdateUserPoolDomain", domain: Scene.other).isEmpty)
      #expect(try await stage.status().condition(Scene.other) == "pending")
    }
  }

  @Test("a pinned certificate is attached although it is older, and no newer one after it")
  func pinned() async throws {
    let scene: JSONValue = [
      "certificates": [
        [
          "name": "old", "names": [.string(Scene.name)], "not_before": -8_640_000,
          "not_after": 8_640_000,
        ]
      ],
      "domains": [Scene.domain()],
    ]
    try await Stage.with(scene) { stage in
      let list = try await stage.simulate("certificates")["certificates"]?.array ?? []
      let attached = try await stage.attached(to: name)
      let old = try #require(
        list.compactMap { $0["arn"]?.string }.first { $0 != attached })
      var config = stage.config
      config[name].certificate = "{ arn: \"\(old)\" }"
      try stage.configure(config)
      let daemon = try await stage.pollingDaemon()
      let submitted = try await daemon.line("update.submitted")
      #expect(submitted["cause"] == "pinned")
      try await daemon.line("rollout.completed")
      _ = try await stage.issue(name)
      try await daemon.polls(2)
      #expect(try await stage.effects(on: name) == [old])

      try await stage.simulate("revoke", ["arn": .string(old)])
      let missing = try await daemon.line("candidate.missing")
      #expect(missing.level == "error")
      let status = try await stage.status()
      #expect(status.condition(name) == "no_candidate" && status.exit == 3)
      #expect(try await stage.effects(on: name) == [old])
    }
  }

  @Test("only a certificate with every tag is chosen, also when it is tagged later")
  func tags() async throws {
    let scene: JSONValue = [
      "certificates": [
        [
          "name": "now", "names": [.string(Scene.name)], "not_before": -8_640_000,
          "not_after": 864_000, "tags": ["app": "login", "stage": "live"],
        ]
      ],
      "domains": [Scene.domain(more: ["certificate": "now"])],
    ]
    try await Stage.with(scene) { stage in
      var config = stage.config
      config[name].certificate = "{ tags: { app: login, stage: live } }"
      try stage.configure(config)
      let daemon = try await stage.pollingDaemon()
      _ = try await stage.issue(name, more: ["tags": ["app": "login"], "not_before": -60])
      let new = try await stage.issue(name, more: ["tags": ["app": "shop", "stage": "live"]])
      try await daemon.polls(2)
      #expect(try await stage.calls("UpdateUserPoolDomain").isEmpty)
      #expect(try await stage.status().condition(name) == "in_sync")
      try await stage.simulate(
        "tag", ["arn": .string(new), "tags": ["app": "login", "stage": "live"]])
      try await daemon.line("rollout.completed")
      #expect(try await stage.effects(on: name) == [new])
    }
  }

  @Test(
    "a newer certificate that cannot be chosen is told once, with the reason",
    arguments: [
      ("expires_too_soon", ["not_after": 86_400]), ("unsupported_key", ["key": "ec_p384"]),
      ("private_or_self_signed", ["type": "PRIVATE"]),
      ("private_or_self_signed", ["self_signed": true, "type": "IMPORTED"]),
      ("not_yet_valid", ["not_before": 86_400, "created": 0]),
    ] as [(String, JSONValue)])
  func ineligible(reason: String, certificate: JSONValue) async throws {
    try await Stage.with(Scene.one()) { stage in
      try stage.configure(stage.config)
      let daemon = try await stage.pollingDaemon()
      let arn = try await stage.issue(name, more: certificate)
      let line = try await daemon.line("candidate.ineligible")
      #expect(line["reason"] == reason && line["certificate_arn"] == arn)
      #expect(line.level == "warning" && line["error"]?.isEmpty == false)
      try await daemon.polls(2)
      #expect(daemon.lines("candidate.ineligible").count == 1)
      #expect(try await stage.calls("UpdateUserPoolDomain").isEmpty)
      #expect(try await stage.status().condition(name) == "in_sync")
    }
  }

  @Test("one whose chain leads to no trusted root is not chosen")
  func untrusted() async throws {
    try await Stage.with(Scene.one()) { stage in
      var config = stage.config
      config[name].caFile = stage.directory + "/other.pem"
      try write(Scene.otherRoot, to: stage.directory + "/other.pem")
      try stage.configure(config)
      let daemon = try await stage.pollingDaemon()
      let arn = try await stage.issue(name)
      let line = try await daemon.line("candidate.ineligible")
      #expect(line["reason"] == "chain_untrusted" && line["certificate_arn"] == arn)
      try await daemon.polls(1)
      #expect(try await stage.calls("UpdateUserPoolDomain").isEmpty)
      #expect(try await stage.status().condition(name) == "in_sync", "what is attached stays")
    }
  }

  @Test(
    "roots or a chain that were put right count from the next SIGHUP, SIGUSR1 or retry on",
    arguments: ["sighup", "sigusr1", "retry"])
  func trustedAfterAll(cure: String) async throws {
    try await Stage.with(Scene.one()) { stage in
      var config = stage.config
      let roots = stage.directory + "/other.pem"
      config[name].caFile = roots
      try write(cure == "sighup" ? Scene.otherRoot : text(stage.caFile), to: roots)
      try stage.configure(config)
      let daemon = try await stage.pollingDaemon()
      if cure != "sighup" {
        // Without its chain, as it was imported, whichever request is the first one about it.
        try await stage.simulate(
          "fault", ["fault": "missing_members", "operation": "GetCertificate", "count": 1000])
      }
      let arn = try await stage.issue(name)
      try await daemon.line("candidate.ineligible") { $0["reason"] == "chain_untrusted" }
      try await daemon.polls(1)
      #expect(try await stage.calls("UpdateUserPoolDomain").isEmpty)
      try await stage.simulate("release")
      switch cure {
      case "sighup":
        try write(text(stage.caFile), to: roots)
        daemon.process.send(SIGHUP)
      case "sigusr1": daemon.process.send(SIGUSR1)
      default: #expect(try await stage.run("retry", name).status == 0)
      }
      try await daemon.line("rollout.completed", within: .seconds(10))
      #expect(try await stage.effects(on: name) == [arn])
    }
  }

  @Test("a revoked certificate is left at once for the best there is, waves and soak or not")
  func revoked() async throws {
    let scene: JSONValue = [
      "certificates": [
        [
          "name": "spare", "names": ["*.example.com"], "not_before": -17_280_000,
          "not_after": 864_000,
        ]
      ],
      "domains": [Scene.domain()],
    ]
    try await Stage.with(scene) { stage in
      var config = stage.config
      config[name].certificate = "{ any: true, soak: 300d }"
      try stage.configure(config)
      let daemon = try await stage.pollingDaemon()
      #expect(try await stage.status().condition(name) == "in_sync")
      let old = try await stage.attached(to: name)
      try await stage.simulate("revoke", ["arn": .string(old)])
      let submitted = try await daemon.line("update.submitted")
      #expect(submitted["cause"] == "unusable")
      try await daemon.line("rollout.completed")
      #expect(try await stage.effects(on: name).count == 1)
    }
  }
}
