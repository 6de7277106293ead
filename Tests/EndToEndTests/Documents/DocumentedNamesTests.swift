import Foundation
import LosslessJSON
import Narration
import RolloutCore
import Testing

@Suite("The names in the documents")
struct DocumentedNamesTests {
  private let files: [MarkdownFile]
  private let json: MarkdownFile
  private let readme: MarkdownFile

  init() throws {
    files = try MarkdownFile.all()
    json = try MarkdownFile("docs/json.md")
    readme = try MarkdownFile("README.md")
  }

  /// Both ways: what is named exists, and what exists is named.
  private func compare(_ named: [String], _ existing: some Sequence<String>, _ what: Comment) {
    #expect(Set(named).subtracting(existing) == [], what)
    #expect(Set(existing).subtracting(named) == [], what)
  }

  @Test("Every event is explained with its level, and no other is named")
  func events() {
    compare(json.names(under: "event"), Event.Kind.allCases.map(\.rawValue), "docs/json.md")
    for row in json.rows(under: "event") {
      guard let name = CodeSpans.of(row.first ?? "").first, let kind = Event.Kind(rawValue: name)
      else { continue }
      #expect(row.dropFirst().first == kind.level.rawValue, "\(name)")
    }
    let families = Set(Event.Kind.allCases.map { $0.rawValue.prefix { $0 != "." } })
    let members = json.names(under: "member")
    let settings = ["metrics.listen", "metrics.textfile"]
    let endings = ["conf", "json", "lock", "md", "sqlite", "yaml"]
    for file in files {
      for span in CodeSpans.of(file.prose) {
        let parts = span.split(separator: ".")
        guard span.wholeMatch(of: /[a-z]+\.[a-z]+/) != nil, families.contains(parts[0]),
          !endings.contains(String(parts[1])), !members.contains(span),
          !settings.contains(span)
        else { continue }
        #expect(Event.Kind(rawValue: span) != nil, "\(file.path): \(span)")
      }
    }
  }

  @Test("Every event that a person must act on is in the README's table")
  func troubles() {
    let named = readme.names(under: "event")
    for kind in Event.Kind.allCases where kind.level == .error {
      #expect(named.contains(kind.rawValue), "\(kind.rawValue)")
    }
  }

  @Test("Every field of the log is explained, and the fields of an event exist")
  func fields() {
    let fields = Event.Field.allCases.map(\.rawValue)
    compare(json.names(under: "field"), fields, "docs/json.md")
    for row in json.rows(under: "event") {
      for name in CodeSpans.of(row.last ?? "") {
        #expect(fields.contains(name), "\(row.first ?? ""): \(name)")
      }
    }
  }

  @Test("Every condition is explained, with whether a person is needed")
  func conditions() {
    let conditions = Condition.known.map(\.word)
    compare(json.names(under: "condition"), conditions, "docs/json.md")
    compare(readme.names(under: "condition"), conditions, "README.md")
    for row in json.rows(under: "condition") {
      guard let name = CodeSpans.of(row.first ?? "").first else { continue }
      #expect((row.last == "yes") == Condition(word: name).needsPerson, "\(name)")
    }
  }

  @Test("Every phase of a rollout is explained")
  func phases() throws {
    let file = try MarkdownFile("docs/architecture.md")
    compare(file.names(under: "phase"), Rollout.phaseWords, "docs/architecture.md")
  }

  @Test("Every reason is explained: those of the checks in the README, the others in docs/json.md")
  func reasons() {
    let named = readme.names(under: "code")
    let checks = Check.chain.map(\.reason.word)
    #expect(Set(checks).subtracting(named) == [], "README.md")
    compare(named + json.names(under: "code"), Reason.known.map(\.word), "docs/json.md")
  }

  @Test("The line of the log that is shown has an event, its level, its message and its fields")
  func line() throws {
    let block = try #require(json.blocks.last { $0.language == "json" })
    let line = try JSONValue(parsing: block.text)
    let members = try #require(line.members)
    #expect(members.prefix(4).map(\.name) == ["time", "level", "event", "message"])
    let kind = try #require(Event.Kind(rawValue: line["event"]?.string ?? ""))
    #expect(line["level"]?.string == kind.level.rawValue)
    #expect(line["message"]?.string == kind.message)
    for member in members.dropFirst(4) {
      #expect(Event.Field(rawValue: member.name) != nil, "\(member.name)")
      #expect(member.value.string != nil, "\(member.name)")
    }
  }
}
