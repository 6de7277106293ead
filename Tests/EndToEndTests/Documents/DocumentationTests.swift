import Foundation
import LosslessJSON
import RolloutCore
import Testing

/// README.md and docs/ say what is so: every command in them runs, every name in them exists,
/// and no name that the log or the status shows is left out.
@Suite("The documents", .serialized, .timeLimit(.minutes(5)))
struct DocumentationTests {
  // MARK: Commands

  @Test("Every command line in them runs")
  func blocks() async throws {
    let stage = try await DocumentationStage.running()
    let blocks = try MarkdownFile.all().flatMap(\.blocks).filter { $0.language == "sh" }
    #expect(blocks.count >= 7)
    for block in blocks {
      let outcome = try stage.run(block.text)
      #expect(outcome.status == 0, "\(block.place): \(outcome.errors)")
    }
  }

  @Test("A block with a command that is not there fails")
  func blocksCanFail() async throws {
    let stage = try await DocumentationStage.running()
    for block in [
      "cognito-certd explode", "cognito-certd status --loudly", "make coffee",
      "cognito-certd check | cognito-certd-simulator sing", "unheard-of", "systemctl reload nginx",
      "sudo apt-get install ./dist/other.deb",
    ] {
      #expect(try stage.run(block).status != 0, "\(block)")
    }
  }

  /// Files with `cognito-certd …` between backquotes that are no Markdown.
  private static let others = [
    "config/config.yaml", "config/fleet.yaml", "config/alerts.yaml",
    "systemd/cognito-certd.catalog",
    "systemd/examples/credentials.conf",
  ]

  @Test("Every command and option that is named exists")
  func commands() throws {
    let stage = try DocumentationStage()
    var spans = try MarkdownFile.all().flatMap { CodeSpans.of($0.prose) }
    for path in Self.others {
      let text = try String(
        contentsOf: MarkdownFile.repository.appending(path: path), encoding: .utf8)
      spans += CodeSpans.of(text.replacing("\n#", with: "\n"))
    }
    var help: [[String]: String] = [:]
    for span in Set(spans) {
      let words = span.split(separator: " ").map { $0.trimmingCharacters(in: ["[", "]"]) }
      guard words.count > 1, ["cognito-certd", "cognito-certd-simulator"].contains(words[0])
      else { continue }
      let command = words[1].hasPrefix("-") ? [words[0]] : Array(words.prefix(2))
      let text = try help[command] ?? stage.answer((command + ["--help"]).joined(separator: " "))
      help[command] = text
      for option in words where option.hasPrefix("--") {
        #expect(text.contains(" \(option) "), "\(span)")
      }
    }
    #expect(help.count >= 7)
  }

  @Test("Every command is in the README")
  func overview() throws {
    let help = try DocumentationStage().answer("cognito-certd --help")
    let commands = help.components(separatedBy: "SUBCOMMANDS:").last?
      .matches(of: /(?m)^  ([a-z]+)\s/).map { "cognito-certd \($0.1)" }
    #expect(commands?.contains("cognito-certd run") == true)
    let documented = try MarkdownFile("README.md").names(under: "command")
    for command in commands ?? [] {
      #expect(documented.contains { ($0 + " ").hasPrefix(command + " ") }, "\(command)")
    }
  }

  @Test("Every option of the simulator that is named exists")
  func simulatorOptions() throws {
    let help = try DocumentationStage().answer("cognito-certd-simulator serve --help")
    let options = try MarkdownFile("docs/simulator.md").names(under: "option")
    #expect(options.count >= 7)
    for option in options {
      let name = option.prefix { $0 != " " }
      #expect(help.contains(" \(name) "), "\(option)")
    }
  }

  @Test("Every make target that is named exists")
  func targets() throws {
    let targets = try MakeTargets.all()
    #expect(targets.contains("test"))
    for file in try MarkdownFile.all() {
      for span in CodeSpans.of(file.prose) where span.hasPrefix("make ") {
        #expect(targets.contains(String(span.dropFirst(5))), "\(file.path): \(span)")
      }
    }
  }

  // MARK: Links and examples

  @Test("Every link leads somewhere")
  func links() throws {
    var count = 0
    for file in try MarkdownFile.all() {
      let folder = MarkdownFile.repository.appending(path: file.path).deletingLastPathComponent()
      for link in file.links {
        count += 1
        let parts = link.split(separator: "#", maxSplits: 1, omittingEmptySubsequences: false)
        let target =
          parts[0].isEmpty
          ? MarkdownFile.repository.appending(path: file.path)
          : folder.appending(path: String(parts[0])).standardizedFileURL
        #expect(FileManager.default.fileExists(atPath: target.path), "\(file.path): \(link)")
        guard parts.count > 1 else { continue }
        let path = target.path.dropFirst(MarkdownFile.repository.path.count + 1)
        #expect(
          try MarkdownFile(String(path)).anchors.contains(String(parts[1])),
          "\(file.path): \(link)")
      }
    }
    #expect(count >= 15)
  }

  @Test("Every configuration in them is valid")
  func configurations() throws {
    let stage = try DocumentationStage()
    let blocks = try MarkdownFile.all().flatMap(\.blocks).filter { $0.language == "yaml" }
    #expect(!blocks.isEmpty)
    for block in blocks {
      try block.text.write(
        to: stage.directory.appending(path: "config.yaml"), atomically: true, encoding: .utf8)
      let outcome = try stage.run("cognito-certd check")
      #expect(outcome.status == 0, "\(block.place): \(outcome.output)")
      #expect(!outcome.output.contains("warning"), "\(block.place): \(outcome.output)")
    }
  }

  @Test("Every JSON text in them is one")
  func json() throws {
    for block in try MarkdownFile.all().flatMap(\.blocks) where block.language == "json" {
      #expect(throws: Never.self, "\(block.place)") { try JSONValue(parsing: block.text) }
    }
  }

  @Test("The status that is shown has the members of a real one, and no other")
  func status() async throws {
    let stage = try await DocumentationStage.running()
    let file = try MarkdownFile("docs/json.md")
    let shown = try #require(file.blocks.first { $0.language == "json" })
    // A rollout, so that there is one to show.
    let answer = try stage.run(
      """
      cognito-certd-simulator control "$AWS_ENDPOINT_URL" replace '{"domain":"auth.example.com"}' >made
      until text=$(cognito-certd status --json auth.example.com) && [[ $text == *deadline* ]]; do
        sleep 0.1
      done
      printf %s "$text"
      """)
    let real = try JSONValue(parsing: answer.output)
    #expect(try Self.members(JSONValue(parsing: shown.text)) == Self.members(real))
    for row in file.rows(under: "member") {
      for name in CodeSpans.of(row.first ?? "") {
        #expect(Self.members(real).contains(name), "\(name)")
      }
    }
  }

  /// `domains[].rollout.phase` and so on.
  private static func members(_ value: JSONValue, below path: String = "") -> Set<String> {
    var found: Set<String> = []
    for member in value.members ?? [] {
      let name = path.isEmpty ? member.name : "\(path).\(member.name)"
      found.insert(name)
      found.formUnion(members(member.value, below: name))
    }
    for element in value.array ?? [] { found.formUnion(members(element, below: path + "[]")) }
    return found
  }
}
