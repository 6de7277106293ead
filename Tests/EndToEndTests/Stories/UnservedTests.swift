import LosslessJSON
import TestSupport
import Testing

@Suite("A right certificate that the edges do not serve", .timeLimit(.minutes(5)))
struct UnservedTests {
  let name = Scene.name

  @Test(
    "makes the domain unserved when the leaf that they serve ends soon or has ended",
    arguments: [86_000, 3])
  func renewal(left: Int) async throws {
    let scene: JSONValue = [
      "certificates": [
        [
          "name": "short", "names": [.string(name)], "not_before": -864_000,
          "not_after": JSONValue(left),
        ]
      ],
      "domains": [
        Scene.domain(
          more: ["certificate": "short", "renewal_delays": [0, 100_000]])
      ],
    ]
    try await Stage.with(scene) { stage in
      var config = stage.config
      config.propagation["idle_probe_interval"] = "300ms"
      try stage.configure(config)
      let attached = try await stage.attached(to: name)
      try await stage.simulate("renew", ["arn": .string(attached), "not_after": 15_000_000])
      let daemon = try await stage.pollingDaemon()
      let error = try await daemon.line("renewal.unserved", domain: name) { $0.level == "error" }
      #expect(error["edges"]?.contains(stage.config[name].edges[1]) == true)
      let status = try await stage.status()
      #expect(status.exit == 3 && status[name]["ending"] == true)
      #expect(status.condition(name) == "unserved")
      #expect(status[name]["cloudfront_domain"]?.string?.hasSuffix(".cloudfront.net") == true)
      let expiring = try await daemon.line("certificate.expiring", domain: name)
      #expect(expiring.level == "error")
      #expect(daemon.lines("update.submitted").isEmpty)
    }
  }
}
