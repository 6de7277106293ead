import AWSWire
import Foundation
import Reconciliation
import RolloutCore
import Testing

@testable import Service

private let noon = Instant(year: 2026, month: 11, day: 23, hour: 12, minute: 0, second: 0)

private func arn(_ name: String) throws -> CertificateARN {
  try CertificateARN(parsing: "arn:aws:acm:us-east-1:123456789012:certificate/\(name)")
}

private func record(_ name: String, _ condition: Condition) throws -> DomainRecord {
  DomainRecord(
    domain: try DomainName(parsing: name), userPoolID: try UserPoolID(parsing: "eu-west-1_A"),
    region: try Region(parsing: "eu-west-1"), condition: condition)
}

private func served(_ address: String, until notAfter: Instant) -> ServedEdge {
  ServedEdge(address: address, sha256: "00", serial: "01", notAfter: notAfter, matches: true)
}

/// A fleet with a rollout under way, an account that was never polled, and every counter above zero.
private func sample() throws -> MetricsSnapshot {
  var moving = try record("auth.example.com", .propagating)
  moving.attached = try arn("new")
  moving.attachedNotAfter = noon + .days(90)
  moving.desired = moving.attached
  moving.served = [
    served("192.0.2.2:443", until: noon + .days(90)),
    served("192.0.2.1:443", until: noon + .days(9)),
  ]
  moving.rollout = Rollout(
    id: "0123456789abcdef", certificate: try arn("new"), previous: try arn("old"),
    cause: .replacement, startedAt: noon - .milliseconds(1500),
    phase: .propagating(
      Rollout.Propagation(
        acceptedAt: noon, deadline: noon + .hours(1), nextCheckAt: noon + .seconds(30))))
  var other = try record("login.example.org", .other("sleeping"))
  other.attachedNotAfter = noon + .hours(71)
  other.rolledBack = try arn("bad")
  var counters = Counters(loadedAt: noon - .hours(2))
  for milliseconds in [25, 26, 90_001] {
    counters.note(
      RequestResult(
        service: "acm", operation: "ListCertificates", outcome: "ok",
        duration: .milliseconds(milliseconds)))
  }
  counters.note(
    RequestResult(
      service: "acm", operation: "ListCertificates", outcome: "throttled", duration: .zero))
  counters.noteProof(after: .minutes(9))
  counters.noteReload(succeededAt: noon - .hours(1))
  counters.noteReload(succeededAt: nil)
  return MetricsSnapshot(
    version: "1.2.3", startedAt: noon - .days(1),
    fleet: FleetFacts(
      now: noon, pollInterval: .minutes(5),
      domains: [
        FleetFacts.Domain(
          moving, edges: EdgeStates(serving: 1, other: 1, refusing: 2, unreachable: 3),
          desiredNotAfter: noon + .days(90)),
        FleetFacts.Domain(other),
      ],
      polls: [
        FleetFacts.Poll(account: "123456789012", succeededAt: noon - .minutes(1)),
        FleetFacts.Poll(account: "profile \"x\\y\"", succeededAt: nil),
      ],
      lastGoodPoll: nil,
      waves: [FleetFacts.Wave(0, isStopped: false), FleetFacts.Wave(1, isStopped: true)],
      stateWrites: 7, stateHasFailed: true),
    counters: counters)
}

private func lines(_ snapshot: MetricsSnapshot) -> [String] {
  String(decoding: MetricsText(snapshot).bytes, as: UTF8.self).split(separator: "\n")
    .map(String.init)
}

private let seconds = noon.milliseconds / 1000

@Suite("The text of the metrics")
struct MetricsTextTests {
  @Test("The condition that holds is 1 and every other one 0")
  func condition() throws {
    let found = try lines(sample()).filter { $0.hasPrefix("cognito_certd_domain_condition{") }
    let own = found.filter { $0.contains("auth.example.com") }
    #expect(own.count == Condition.known.count)
    #expect(
      own.filter { $0.hasSuffix(" 1") } == [
        #"cognito_certd_domain_condition{domain="auth.example.com",condition="propagating"} 1"#
      ])
    let other = found.filter { $0.contains("login.example.org") }
    #expect(
      other.filter { $0.hasSuffix(" 1") } == [
        #"cognito_certd_domain_condition{domain="login.example.org",condition="sleeping"} 1"#
      ])
  }

  @Test("Every other value of a fleet stands in its line")
  func values() throws {
    let found = try Set(lines(sample()))
    let expected = """
      cognito_certd_domain_ending{domain="auth.example.com"} 0
      cognito_certd_domain_ending{domain="login.example.org"} 1
      cognito_certd_domain_rolled_back{domain="auth.example.com"} 0
      cognito_certd_domain_rolled_back{domain="login.example.org"} 1
      cognito_certd_certificate_not_after_timestamp_seconds{domain="auth.example.com",source="attached"} \(seconds + 90 * 86_400)
      cognito_certd_certificate_not_after_timestamp_seconds{domain="auth.example.com",source="served"} \(seconds + 9 * 86_400)
      cognito_certd_certificate_not_after_timestamp_seconds{domain="auth.example.com",source="desired"} \(seconds + 90 * 86_400)
      cognito_certd_certificate_not_after_timestamp_seconds{domain="login.example.org",source="attached"} \(seconds + 71 * 3600)
      cognito_certd_rollout_started_timestamp_seconds{domain="auth.example.com"} \(seconds - 2).5
      cognito_certd_edges{domain="auth.example.com",state="serving"} 1
      cognito_certd_edges{domain="auth.example.com",state="other"} 1
      cognito_certd_edges{domain="auth.example.com",state="refusing"} 2
      cognito_certd_edges{domain="auth.example.com",state="unreachable"} 3
      cognito_certd_wave_stopped{wave="0"} 0
      cognito_certd_wave_stopped{wave="1"} 1
      cognito_certd_last_successful_poll_timestamp_seconds{account="123456789012"} \(seconds - 60)
      cognito_certd_last_successful_poll_timestamp_seconds{account="profile \\"x\\\\y\\""} 0
      cognito_certd_poll_interval_seconds 300
      cognito_certd_api_requests_total{service="acm",operation="ListCertificates",outcome="ok"} 3
      cognito_certd_api_requests_total{service="acm",operation="ListCertificates",outcome="throttled"} 1
      cognito_certd_config_last_reload_successful 0
      cognito_certd_config_last_reload_success_timestamp_seconds \(seconds - 3600)
      cognito_certd_state_writes_total 7
      cognito_certd_state_last_write_successful 0
      cognito_certd_process_start_time_seconds \(seconds - 86_400)
      cognito_certd_build_info{version="1.2.3"} 1
      """.split(separator: "\n").map(String.init)
    for line in expected { #expect(found.contains(line), "\(line)") }
    // What is not known has no line.
    #expect(found.count { $0.contains("login.example.org") && $0.contains("not_after") } == 1)
    #expect(!found.contains { $0.contains("edges{domain=\"login.example.org\"") })
  }

  @Test("A bucket counts everything up to its bound, the bound included")
  func histogram() throws {
    let name = "cognito_certd_api_request_duration_seconds"
    let labels = #"service="acm",operation="ListCertificates""#
    let found = try lines(sample()).filter { $0.hasPrefix(name) }
    #expect(
      found == [
        #"\#(name)_bucket{\#(labels),le="0.025"} 2"#, #"\#(name)_bucket{\#(labels),le="0.05"} 3"#,
        #"\#(name)_bucket{\#(labels),le="0.1"} 3"#, #"\#(name)_bucket{\#(labels),le="0.25"} 3"#,
        #"\#(name)_bucket{\#(labels),le="0.5"} 3"#, #"\#(name)_bucket{\#(labels),le="1"} 3"#,
        #"\#(name)_bucket{\#(labels),le="2.5"} 3"#, #"\#(name)_bucket{\#(labels),le="5"} 3"#,
        #"\#(name)_bucket{\#(labels),le="10"} 3"#, #"\#(name)_bucket{\#(labels),le="30"} 3"#,
        #"\#(name)_bucket{\#(labels),le="90"} 3"#, #"\#(name)_bucket{\#(labels),le="+Inf"} 4"#,
        "\(name)_sum{\(labels)} 90.052", "\(name)_count{\(labels)} 4",
      ])
    let rollouts = try lines(sample()).filter { $0.contains("rollout_duration_seconds_") }
    #expect(rollouts.contains(#"cognito_certd_rollout_duration_seconds_bucket{le="300"} 0"#))
    #expect(rollouts.contains(#"cognito_certd_rollout_duration_seconds_bucket{le="600"} 1"#))
    #expect(
      rollouts.suffix(2) == [
        "cognito_certd_rollout_duration_seconds_sum 540",
        "cognito_certd_rollout_duration_seconds_count 1",
      ])
  }

  @Test("Backslashes, quotes and line breaks in a label are escaped")
  func escaping() {
    #expect(MetricsText.escaped("a\\b\"c\nd é") == Array("a\\\\b\\\"c\\nd é".utf8))
  }

  @Test("Every family has its help and its type, each once, before its samples")
  func families() throws {
    var current = ""
    var seen: [String] = []
    for line in try lines(sample()) {
      let words = line.split(separator: " ")
      if line.hasPrefix("# HELP ") {
        current = String(words[2])
        seen.append(current)
      } else if line.hasPrefix("# TYPE ") {
        #expect(words[2] == current[...])
        let metric = try #require(Metric.allCases.first { $0.name == current })
        #expect(words[3] == metric.kind.rawValue[...])
      } else {
        let name = line.prefix { $0 != "{" && $0 != " " }
        let metric = try #require(Metric.allCases.first { $0.name == current })
        let endings = metric.kind == .histogram ? ["_bucket", "_sum", "_count"] : [""]
        #expect(endings.contains { name == current + $0 }, "\(line)")
        let labels = line.matches(of: /([a-z_]+)="/).map { String($0.1) }
        let own = metric.labels + (name.hasSuffix("_bucket") ? ["le"] : [])
        #expect(labels == own, "\(line)")
      }
    }
    #expect(seen.sorted() == Metric.allCases.map(\.name).sorted())
  }

  @Test("The daemon is ready while the last good poll is not older than three intervals")
  func readiness() {
    func problem(_ age: Duration?) -> String? {
      MetricsSnapshot.problem(
        of: FleetFacts(
          now: noon, pollInterval: .minutes(5), lastGoodPoll: age.map { noon - $0 }))
    }
    #expect(problem(.minutes(15)) == nil)
    #expect(problem(.minutes(15) + .milliseconds(1)) == "the last successful poll was 15m1ms ago")
    #expect(problem(nil) == "the daemon has not listed every account since it started")
  }
}
