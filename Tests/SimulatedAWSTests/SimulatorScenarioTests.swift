import LosslessJSON
import RolloutCore
import Testing

@testable import SimulatedAWS

@Suite("Scenarios of the simulator")
struct SimulatorScenarioTests {
  @Test("the demo scenario is as documented")
  func demo() throws {
    let demo = try Scenario(parsing: Scenario.demo.utf8)
    #expect(demo.domains.map(\.domain) == ["auth.example.com", "login.example.org"])
    #expect(demo.domains.map(\.region) == ["eu-west-1", "eu-west-1"])
    let auth = demo.domains[0].behaviour
    #expect(auth.activeAfter == .seconds(8))
    #expect(auth.edges.map(\.delay) == [4, 7, 11, 15].map { Duration.seconds($0) })
    #expect(demo.domains[0].topLevel.map(\.name) == ["ManagedLoginVersion"])
    #expect(demo.domains[1].behaviour.refusal?.message == RefusalText.parentDomain)
  }

  @Test("an empty scenario has only one account")
  func empty() throws {
    let scenario = try Scenario(parsing: "{}".utf8)
    #expect(scenario.accounts.map(\.number) == ["123456789012"])
    #expect(scenario.domains.isEmpty && scenario.port == 0 && scenario.latency == .zero)
  }

  @Test(
    "an error names its place",
    arguments: [
      ("[", "the scenario is not JSON: the text ends where a value must follow at byte 1"),
      ("[]", "the text must be a JSON object"),
      (#"{"port":65536}"#, "port must be a whole number from 0 to 65535"),
      (#"{"latency":"1"}"#, "latency must be a number of seconds from 0 to 1000000000"),
      (#"{"latency":1e400}"#, "latency must be a number of seconds from 0 to 1000000000"),
      (#"{"latency":-1}"#, "latency must be a number of seconds from 0 to 1000000000"),
      (#"{"accounts":[{"account":"12"}]}"#, "accounts[0].account must be 12 digits"),
      (#"{"accounts":[7]}"#, "accounts[0] must be a JSON object"),
      (#"{"domains":[{"domain":"a.b"}]}"#, "domains[0].user_pool_id is missing"),
      (
        #"{"domains":[{"domain":"a.b","user_pool_id":"p","edge_delays":[1,"x"]}]}"#,
        "domains[0].edge_delays[1] must be a number of seconds from 0 to 1000000000"
      ),
      (
        #"{"domains":[{"domain":"a.b","user_pool_id":"p","edges":65}]}"#,
        "domains[0].edges must be a whole number from 0 to 64"
      ),
      (
        #"{"domains":[{"domain":"a.b","user_pool_id":"p","while_updating":"x"}]}"#,
        "domains[0].while_updating is \"x\"; it can be concurrent_modification, "
          + "invalid_parameter, accepted"
      ),
      (
        #"{"domains":[{"domain":"a.b","user_pool_id":"p","certificate":"x"}]}"#,
        "the domain a.b names the unknown certificate x"
      ),
      (
        #"{"domains":[{"domain":"a.b","user_pool_id":"p"},{"domain":"a.b","user_pool_id":"p"}]}"#,
        "the domain a.b is repeated"
      ),
      (
        #"{"certificates":[{"names":[]}]}"#,
        "certificates[0].names must be a list of at least one name"
      ),
      (
        #"{"certificates":[{"names":["a"],"not_before":5,"not_after":5}]}"#,
        "certificates[0].not_after must be later than not_before"
      ),
      (
        #"{"roles":[{"arn":"arn:aws:iam::111122223333:role/x","extra":1}]}"#,
        "roles[0].extra is unknown; known are arn, external_id, maximum_duration, "
          + "session_lifetime, trusted, web_identity_token"
      ),
      (
        #"{"roles":[{"arn":"x"}]}"#,
        "roles[0].arn is \"x\"; it must be arn:aws:iam::ACCOUNT:role/NAME"
      ),
      (
        #"{"metadata":{"role":"x"}}"#, "the host's credentials name the unknown role x"
      ),
      (
        #"{"containers":[{"name":"web","role":"x"}]}"#,
        "the host's credentials name the unknown role x"
      ),
      (
        #"{"metadata":{"rolle":"x"}}"#,
        "metadata.rolle is unknown; known are lifetime, refuses_tokens, role"
      ),
    ])
  func problems(text: String, problem: String) {
    #expect(throws: SimulationProblem(problem)) { try Scenario(parsing: text.utf8) }
  }

  @Test("an edge whose delay is null never changes")
  func staleEdge() throws {
    let scenario = try Scenario(
      parsing: #"{"domains":[{"domain":"a.b","user_pool_id":"p_1","edge_delays":[0.5,null]}]}"#.utf8
    )
    #expect(scenario.domains[0].behaviour.edges.map(\.delay) == [.milliseconds(500), nil])
  }

  @Test("a domain can overwrite settings")
  func overwrites() throws {
    let scenario = try Scenario(
      parsing:
        #"{"domains":[{"domain":"a.b","user_pool_id":"p_1","overwrites":{"SecurityPolicy":"TLS_V1"}}]}"#
        .utf8)
    #expect(scenario.domains[0].behaviour.overwrites == ["SecurityPolicy": #""TLS_V1""#])
  }
}
