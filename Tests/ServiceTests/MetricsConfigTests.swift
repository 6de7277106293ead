import Foundation
import LosslessJSON
import RolloutCore
import Testing

@testable import Service

/// The alert rules and the dashboard in config/, against the series that the daemon has.
@Suite("The alert rules and the dashboard")
struct MetricsConfigTests {
  private static let root = URL(fileURLWithPath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

  private static func text(_ path: String) throws -> String {
    try String(contentsOf: root.appending(path: path), encoding: .utf8)
  }

  /// The names of series, with the labels that each may have.
  private static let series: [String: Set<String>] = {
    var series: [String: Set<String>] = [:]
    for metric in Metric.allCases {
      let labels = Set(metric.labels)
      switch metric.kind {
      case .gauge, .counter: series[metric.name] = labels
      case .histogram:
        series[metric.name + "_bucket"] = labels.union(["le"])
        series[metric.name + "_sum"] = labels
        series[metric.name + "_count"] = labels
      }
    }
    return series
  }()

  /// Labels that Prometheus adds.
  private static let added: Set<String> = ["job", "instance"]

  /// What is wrong with the names in a text.
  private static func problems(_ text: String) -> [String] {
    var problems: [String] = []
    var labels = added
    for match in text.matches(of: /(cognito_certd_[a-z_]+)(\{[^}]*\})?/) {
      let name = String(match.1)
      guard let own = series[name] else {
        problems.append("no series \(name)")
        continue
      }
      labels.formUnion(own)
      for matcher in (match.2 ?? "").matches(of: /([a-z_]+)\s*(?:=~|!~|!=|=)/)
      where !own.union(added).contains(String(matcher.1)) {
        problems.append("\(name) has no label \(matcher.1)")
      }
    }
    for match in text.matches(of: /(?:by|on|without|group_left|ignoring)\s*\(([a-z_, ]*)\)/) {
      for label in match.1.split(whereSeparator: { ", ".contains($0) })
      where !labels.contains(String(label)) {
        problems.append("no series of the expression has a label \(label)")
      }
    }
    return problems
  }

  @Test("A wrong name and a wrong label are found")
  func canFail() {
    #expect(Self.problems("cognito_certd_nonsense > 0") == ["no series cognito_certd_nonsense"])
    #expect(
      Self.problems("cognito_certd_domain_ending{state=\"x\"}")
        == ["cognito_certd_domain_ending has no label state"])
    #expect(
      Self.problems("sum by (wave) (cognito_certd_domain_ending)")
        == ["no series of the expression has a label wave"])
    #expect(Self.problems("sum by (domain) (cognito_certd_domain_ending{job=\"a\"})") == [])
  }

  /// The expressions of the rules: the lines below `expr:` that are indented further.
  private static func rules() throws -> [(alert: String, text: String)] {
    try text("config/alerts.yaml").components(separatedBy: "- alert: ").dropFirst().map { rule in
      (String(rule.prefix { $0 != "\n" }), rule)
    }
  }

  @Test("Every series and label in the alert rules exists, and so do the labels in their texts")
  func alerts() throws {
    let rules = try Self.rules()
    #expect(rules.count >= 15)
    for rule in rules {
      #expect(Self.problems(rule.text) == [], "\(rule.alert)")
      let used = Set(rule.text.matches(of: /\$labels\.([a-z_]+)/).map { String($0.1) })
      let names = rule.text.matches(of: /cognito_certd_[a-z_]+/).map { String($0.0) }
      let own = names.reduce(into: Self.added) { $0.formUnion(Self.series[$1] ?? []) }
      #expect(used.isSubset(of: own), "\(rule.alert)")
      for part in ["severity: ", "summary: ", "description: "] {
        #expect(rule.text.contains(part), "\(rule.alert) has no \(part)")
      }
    }
  }

  @Test("Every condition that needs a person has an alert")
  func conditions() throws {
    let text = try Self.text("config/alerts.yaml")
    for condition in Condition.known {
      #expect(
        text.contains("condition=\"\(condition.word)\"") == condition.needsPerson,
        "\(condition.word)")
    }
  }

  @Test("Every alert has a unit test in which it fires")
  func tests() throws {
    let text = try Self.text("config/alerts_test.yaml")
    for rule in try Self.rules() {
      let tests = text.components(separatedBy: "alertname: \(rule.alert)\n").dropFirst()
      #expect(tests.contains { $0.prefix(200).contains("exp_labels") }, "\(rule.alert)")
    }
  }

  @Test("Every series and label on the dashboard exists, and every panel has an expression")
  func dashboard() throws {
    let json = try JSONValue(parsing: try Self.text("config/grafana-dashboard.json"))
    let panels = try #require(json["panels"]?.array)
    #expect(panels.count >= 4)
    var expressions = 0
    for panel in panels {
      let title = panel["title"]?.string ?? ""
      for target in panel["targets"]?.array ?? [] {
        let expression = try #require(target["expr"]?.string, "\(title)")
        expressions += 1
        #expect(Self.problems(expression) == [], "\(title): \(expression)")
        #expect(expression.contains("cognito_certd_"), "\(title)")
      }
      #expect(panel["targets"]?.array?.isEmpty == false, "\(title)")
    }
    #expect(expressions >= panels.count)
  }

  @Test("docs/metrics.md names every series with its type and its labels")
  func documented() throws {
    let text = try Self.text("docs/metrics.md")
    for metric in Metric.allCases {
      let labels = metric.labels.map { "`\($0)`" }.joined(separator: ", ")
      let row = "| `\(metric.name)` | \(metric.kind.rawValue) | \(labels) |"
      #expect(text.contains(row.replacing("|  |", with: "| |")), "\(row)")
    }
    for match in text.matches(of: /cognito_certd_[a-z_]+/) {
      #expect(
        Self.series[String(match.0)] != nil
          || Metric.allCases.contains { $0.name == match.0 } || match.0 == "cognito_certd_",
        "\(match.0)")
    }
    for rule in try Self.rules() { #expect(text.contains("`\(rule.alert)`"), "\(rule.alert)") }
  }
}
