import Foundation
import LosslessJSON
import RolloutCore
import Testing

@testable import SimulatedAWS

/// A running simulator with its own directory.
final class SimulatorFixture {
  let simulator: Simulator
  let directory: String
  let port: Int
  private let client: LoopbackClient

  init(_ scenario: String) throws {
    directory = try SimulatorFile.makeDirectory(in: NSTemporaryDirectory())
    simulator = try Simulator(Scenario(parsing: scenario.utf8), directory: directory)
    port = try #require(Int(simulator.endpoint.split(separator: ":").last ?? ""))
    client = try LoopbackClient(port: port)
  }

  deinit {
    simulator.stop()
    SimulatorFile.remove([simulator.caFile], directory: directory)
  }

  func control(_ command: String, _ body: JSONValue = [:]) throws -> LoopbackClient.Answer {
    try client.post("/_simulator/" + command, body.encoded)
    return try client.answer()
  }

  func description(of domain: String) throws -> JSONValue {
    let domains = try #require(try control("domains").json["domains"]?.array)
    return try #require(domains.first { $0["domain"]?.string == domain })
  }

  func served(_ domain: String) throws -> [String?] {
    try #require(try description(of: domain)["edges"]?.array).map { $0["certificate_arn"]?.string }
  }
}

@Suite("Commands to a running simulator")
struct SimulatorControlTests {
  let name = "auth.example.com"
  static let scenario = """
    {"domains":[{"domain":"auth.example.com","user_pool_id":"eu-west-1_Ab12Cd34E",
      "active_after":0.2,"edge_delays":[0,0.3,null]}]}
    """

  @Test("an issued certificate that an operator attaches reaches the edges")
  func journey() throws {
    let fixture = try SimulatorFixture(SimulatorControlTests.scenario)
    let old = try #require(try fixture.description(of: name)["certificate_arn"]?.string)
    let issued = try fixture.control("issue", ["names": [.string(name)]])
    let arn = try #require(issued.json["arn"]?.string)
    #expect(issued.status == 200 && arn != old)
    let attached = try fixture.control("attach", ["domain": .string(name), "arn": .string(arn)])
    #expect(attached.status == 200)
    #expect(try fixture.served(name).first == arn)
    #expect(try fixture.description(of: name)["status"]?.string == "UPDATING")
    SimulatorClock.sleep(until: SimulatorClock.uptime + .milliseconds(400))
    #expect(try fixture.served(name) == [arn, arn, old])
    #expect(try fixture.description(of: name)["status"]?.string == "ACTIVE")
    #expect(try fixture.control("release").status == 200)
    #expect(try fixture.served(name) == [arn, arn, arn])
    let log = try #require(try fixture.control("attachments").json["attachments"]?.array)
    #expect(log.map { $0["by"]?.string } == ["operator"])
  }

  @Test("the ready line names every endpoint, and the roots are in a file")
  func readyLine() throws {
    let fixture = try SimulatorFixture(SimulatorControlTests.scenario)
    let line = fixture.simulator.readyLine
    #expect(line["endpoint"]?.string == "http://127.0.0.1:\(fixture.port)")
    #expect(line["access_key_id"]?.string == "AKIAIOSFODNN7EXAMPLE")
    let roots = try String(contentsOfFile: try #require(line["ca_file"]?.string), encoding: .utf8)
    #expect(roots.hasPrefix("-----BEGIN CERTIFICATE-----"))
    let domain = try #require(line["domains"]?.array?.first)
    #expect(domain["edges"]?.array?.count == 3)
    #expect(domain["certificate_arn"]?.string?.hasPrefix("arn:aws:acm:us-east-1:") == true)
  }

  @Test("the commands for certificates work")
  func certificates() throws {
    let fixture = try SimulatorFixture(SimulatorControlTests.scenario)
    func status(_ arn: JSONValue?) throws -> String? {
      let all = try #require(try fixture.control("certificates").json["certificates"]?.array)
      return all.first { $0["arn"] == arn }?["status"]?.string
    }
    let pending = try fixture.control("issue", ["names": ["x.example.com"], "pending": true])
    let arn = try #require(pending.json["arn"])
    #expect(pending.json["status"]?.string == "PENDING_VALIDATION")
    let completed = try fixture.control("complete", ["arn": arn]).json
    let first = try #require(completed["sha256"]?.string)
    #expect(completed["status"]?.string == "ISSUED")
    let renewed = try fixture.control("renew", ["arn": arn, "not_after": 3600]).json
    #expect(renewed["sha256"]?.string != first && renewed["arn"] == arn)
    #expect(try fixture.control("revoke", ["arn": arn]).json["status"]?.string == "REVOKED")
    #expect(try fixture.control("delete", ["arn": arn]).status == 200)
    #expect(try status(arn) == nil)

    let imported = try fixture.control(
      "import", ["names": ["y.example.com"], "key": "rsa_2048", "tags": ["app": "x"]]
    ).json
    #expect(imported["type"]?.string == "IMPORTED")
    let again = try fixture.control(
      "import", ["arn": try #require(imported["arn"]), "names": ["z.example.com"]]
    ).json
    #expect(again["names"] == ["z.example.com"] && again["arn"] == imported["arn"])
    #expect(
      try fixture.control("tag", ["arn": try #require(again["arn"]), "tags": [:]]).status == 200)

    let attached = try #require(try fixture.description(of: name)["certificate_arn"])
    #expect(try fixture.control("delete", ["arn": attached]).status == 400)
    #expect(try fixture.control("delete", ["arn": attached, "force": true]).status == 200)
  }

  @Test("one command issues a replacement for every domain")
  func replacements() throws {
    let fixture = try SimulatorFixture(SimulatorControlTests.scenario)
    let answer = try fixture.control("replace").json["replacements"]?.array
    #expect(answer?.map { $0["domain"]?.string } == [name])
    #expect(try fixture.control("certificates").json["certificates"]?.array?.count == 2)
    #expect(try fixture.control("replace", ["domain": "no.example.com"]).status == 400)
  }

  @Test("faults, permissions and settings can be set while it runs")
  func faults() throws {
    let fixture = try SimulatorFixture(SimulatorControlTests.scenario)
    let aws = fixture.simulator.aws
    _ = try fixture.control(
      "fault", ["fault": "throttled", "operation": "ListCertificates", "count": 2])
    #expect(aws.withCloud { $0.scripted.map(\.count) } == [2])
    _ = try fixture.control("deny", ["action": "acm:ListCertificates"])
    #expect(aws.withCloud { $0.isDenied("acm:ListCertificates", in: "123456789012") })
    _ = try fixture.control("allow", ["action": "acm:ListCertificates"])
    #expect(aws.withCloud { !$0.isDenied("acm:ListCertificates", in: "123456789012") })
    let changed = try fixture.control(
      "set",
      [
        "domain": .string(name), "refusal": "parent_domain", "stays_updating": true,
        "edge_delays": [1, 2, 3],
      ])
    #expect(changed.status == 200)
    let behaviour = try #require(aws.withCloud { $0.domains[name]?.behaviour })
    #expect(behaviour.refusal != nil && behaviour.staysUpdating)
    #expect(behaviour.edges.map(\.delay) == [1, 2, 3].map { Duration.seconds($0) })
    _ = try fixture.control("set", ["domain": .string(name), "refusal": nil])
    #expect(aws.withCloud { $0.domains[name]?.behaviour.refusal == nil })
    let short = try fixture.control("set", ["domain": .string(name), "edge_delays": [1]])
    #expect(short.status == 400)
  }

  @Test(
    "a command that fails says why",
    arguments: [
      ("nonsense", "{}", 404), ("issue", "{}", 400), ("issue", "{", 400), ("issue", "[]", 400),
      ("issue", #"{"names":["a.b"],"kye":1}"#, 400), ("renew", #"{"arn":"x"}"#, 400),
      ("delete", #"{"arn":"x"}"#, 400), ("revoke", "{}", 400), ("fault", "{}", 400),
      ("fault", #"{"fault":"throttled","count":0}"#, 400), ("set", "{}", 400),
      ("attach", #"{"domain":"x.y","arn":"z"}"#, 400), ("edges", #"{"domain":"x.y"}"#, 400),
      ("calls", #"{"since":-1}"#, 400), ("release", #"{"domain":"x.y"}"#, 400),
    ])
  func problems(command: String, body: String, status: Int) throws {
    let fixture = try SimulatorFixture("{}")
    let client = try LoopbackClient(port: fixture.port)
    try client.post("/_simulator/" + command, body)
    let answer = try client.answer()
    #expect(answer.status == status)
    #expect(answer.json["error"]?.string?.isEmpty == false)
  }

  @Test("the written configuration has every domain, edge and variable")
  func configFile() throws {
    let one = try SimulatorFixture(SimulatorControlTests.scenario)
    let file = SimulatorConfigFile(one.simulator, stateFile: "/s", credentialsPath: "/c")
    #expect(file.yaml.contains("  window: 40s\n") && file.yaml.contains("domain: \"\(name)\""))
    for address in one.simulator.domains[0].addresses {
      #expect(file.yaml.contains("        - \"\(address)\"\n"))
    }
    #expect(file.credentials == nil)
    #expect(
      file.environment.map(\.name) == [
        "AWS_ENDPOINT_URL", "AWS_REGION", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY",
      ])
    let two = try SimulatorFixture(
      #"{"accounts":[{"account":"111111111111"},{"account":"222222222222"}],"#
        + #""domains":[{"domain":"a.b","user_pool_id":"eu-west-1_X","account":"222222222222","edges":0}]}"#
    )
    let profiles = SimulatorConfigFile(two.simulator, stateFile: "/s", credentialsPath: "/c")
    #expect(profiles.yaml.contains("profile: \"account-222222222222\""))
    #expect(profiles.yaml.contains("enabled: false"))
    #expect(profiles.credentials?.contains("[account-111111111111]\n") == true)
    #expect(profiles.environment.last?.name == "AWS_SHARED_CREDENTIALS_FILE")
  }
}
