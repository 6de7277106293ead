import Configuration
import TestSupport
import Testing

/// Whatever a file contains, it is read or refused: no crash, no endless output.
@Suite("Hostile and damaged files")
struct RobustnessTests {
  /// Checks what holds for every file.
  static func check(_ bytes: [UInt8], _ what: @autoclosure () -> String) {
    let outcome = Outcome(parsing: bytes)
    let problems = outcome.problems
    #expect(outcome.lines.reduce(0) { $0 + $1.utf8.count } < 200_000, "\(what())")
    #expect(problems.count <= ConfigurationProblem.maximumReported + 1, "\(what())")
    #expect(problems.allSatisfy { !$0.message.isEmpty && $0.file == "config.yaml" }, "\(what())")
    let positions = problems.compactMap(\.position)
    #expect(positions == positions.sorted(), "\(what())")
    #expect(positions.allSatisfy { $0.line >= 1 && $0.column >= 1 }, "\(what())")
    let hasErrors = problems.contains { $0.severity == .error }
    #expect(hasErrors == (outcome.configuration == nil), "\(what())")
    let lines = outcome.lines
    let isPrintable = lines.allSatisfy { line in
      line.unicodeScalars.allSatisfy { $0.value >= 0x20 && $0.value != 0x7f }
    }
    #expect(isPrintable, "\(what())")
  }

  @Test("Random bytes are refused", arguments: 1...4 as ClosedRange<UInt64>)
  func randomBytes(seed: UInt64) {
    var generator = SeededGenerator(seed: seed)
    for round in 0..<250 {
      let count = Int.random(in: 0...200, using: &generator)
      let bytes = (0..<count).map { _ in UInt8.random(in: 0...255, using: &generator) }
      Self.check(bytes, "seed \(seed), round \(round): \(bytes)")
    }
  }

  @Test("Random YAML punctuation is refused", arguments: 1...4 as ClosedRange<UInt64>)
  func randomPunctuation(seed: UInt64) {
    let pieces = [
      "[", "]", "{", "}", ":", ": ", ",", "- ", "? ", "\n", "\n  ", "\n- ", "&a ", "*a ", "!",
      "!!str ",
      "|", ">", "'", "\"", "\\", "#", "%", "---\n", "...\n", "\t", "domains", "domain",
      "certificate",
      "tags", "a", "1", "${", "}", "$$", "<<", "@", "`", "\u{85}", "\u{2028}", "\u{FEFF}", "é",
      "\r",
    ]
    var generator = SeededGenerator(seed: seed)
    for round in 0..<500 {
      let count = Int.random(in: 1...40, using: &generator)
      let text = (0..<count).map { _ in pieces.randomElement(using: &generator) ?? "" }.joined()
      Self.check(Array(text.utf8), "seed \(seed), round \(round): \(text.debugDescription)")
    }
  }

  @Test(
    "A valid file with damaged bytes is read or refused", arguments: 1...4 as ClosedRange<UInt64>)
  func mutations(seed: UInt64) throws {
    let valid = try ["full", "defaults", "environment"].map { name in
      try #require(Fixtures.bytes(of: "\(Fixtures.directory)/valid/\(name).yaml"))
    }
    var generator = SeededGenerator(seed: seed)
    for round in 0..<250 {
      var bytes = valid[round % valid.count]
      for _ in 0..<Int.random(in: 1...6, using: &generator) {
        let index = Int.random(in: bytes.indices, using: &generator)
        switch Int.random(in: 0..<5, using: &generator) {
        case 0: bytes[index] = UInt8.random(in: 0...255, using: &generator)
        case 1: bytes[index] = UInt8.random(in: 0x20...0x7e, using: &generator)
        case 2: bytes.removeSubrange(index..<min(bytes.count, index + 8))
        case 3: bytes.insert(contentsOf: bytes[index...].prefix(16), at: index)
        default: bytes.insert(UInt8(ascii: "\n"), at: index)
        }
      }
      Self.check(bytes, "seed \(seed), round \(round): \(String(decoding: bytes, as: UTF8.self))")
    }
  }

  /// libyaml reads 1,024 characters ahead and has a limit of its own for brackets, which it
  /// reports at the outermost one.
  @Test(
    "A file with too many levels is refused at the first excess level",
    arguments: [
      (String(repeating: "[", count: 100_000), 1, 1),
      (String(repeating: "{", count: 100_000), 1, 1),
      (String(repeating: "- ", count: 100_000), 1, 65),
      (String(repeating: "? ", count: 100_000), 1, 65),
      (String(repeating: "{a: ", count: 100_000), 1, 129),
      (String(repeating: "[\n", count: 100_000), 33, 1),
    ])
  func depth(text: String, line: Int, column: Int) {
    let outcome = Outcome(parsing: text)
    #expect(outcome.problems.last?.position == Position(line: line, column: column))
    #expect(
      outcome.problems.last?.message
        == "lists and keys are nested more than 32 levels deep; remove levels")
  }

  @Test("Aliases that would expand to a billion values are refused without being expanded")
  func laughs() {
    let names = ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j"]
    let lines = zip(names, names.dropFirst()).map { previous, name in
      "\(name): &\(name) [\(Array(repeating: "*\(previous)", count: 9).joined(separator: ", "))]"
    }
    let outcome = Outcome(parsing: (["a: &a [x, x, x]"] + lines).joined(separator: "\n"))
    #expect(outcome.configuration == nil)
    let aliases = outcome.problems.filter { $0.message.hasPrefix("aliases (*name)") }
    #expect(aliases.count >= 79)
    #expect(
      outcome.problems.last?.message.hasSuffix(
        "more problems are not shown; correct these and check again") == true)
  }

  @Test("Variables that would expand to a huge value are refused")
  func hugeValue() {
    let outcome = Outcome(
      parsing: "state_file: /\(String(repeating: "${A}", count: 200_000))\n",
      environment: ["A": String(repeating: "x", count: 100_000)])
    #expect(outcome.problems.contains { $0.message.contains("longer than 8192 bytes") })
  }

  @Test("A megabyte of keys, values, lines or wrong lists has a report of bounded length")
  func megabytes() {
    let shapes = [
      String(repeating: "a: 1\n", count: 200_000), String(repeating: "\n", count: 1_000_000),
      "domains: [" + String(repeating: "a,", count: 500_000) + "]",
      "domains:\n" + String(repeating: "  -\n", count: 200_000),
      "state_file: " + String(repeating: "x", count: 1_000_000),
      String(repeating: "k", count: 1_000_000) + ": 1",
      "domains: \"" + String(repeating: "\\u202e", count: 150_000) + "\"",
    ]
    for (index, shape) in shapes.enumerated() {
      Self.check(Array(shape.utf8), "shape \(index)")
    }
  }
}

/// Whatever the included files contain, they are read or refused.
@Suite("Hostile and damaged included files")
struct IncludedRobustnessTests {
  @Test(
    "Damaged patterns and included files are read or refused",
    arguments: 1...4 as ClosedRange<UInt64>)
  func mutations(seed: UInt64) throws {
    let main = Array("include: [conf.d/a.yaml, \"conf.d/[b-d]*\"]\ndomains: []\n".utf8)
    let valid = try ["full", "defaults"].map { name in
      try #require(Fixtures.bytes(of: "\(Fixtures.directory)/valid/\(name).yaml"))
    }
    var generator = SeededGenerator(seed: seed)
    let tree = try IncludeTests.Tree(["conf.d/a.yaml": ""])
    let names = ["config.yaml", "conf.d/a.yaml", "conf.d/b.yaml"].map { "\(tree.path)/\($0)" }
    for round in 0..<100 {
      let what = "seed \(seed), round \(round)"
      for (name, bytes) in zip(names, [main] + valid) {
        let damaged = Self.damaged(bytes, using: &generator)
        #expect(Fixtures.write(damaged, to: name))
      }
      let problems = tree.load().problems
      #expect(problems.count <= ConfigurationProblem.maximumReported + 1, "\(what)")
      #expect(problems.allSatisfy { names.contains($0.file) }, "\(what)")
      let files = problems.filter { $0.position != nil }.map(\.file)
      #expect(files == files.sorted { names.firstIndex(of: $0)! < names.firstIndex(of: $1)! })
      let isPrintable = problems.allSatisfy { problem in
        problem.description.unicodeScalars.allSatisfy { $0.value >= 0x20 && $0.value != 0x7f }
      }
      #expect(isPrintable, "\(what)")
    }
  }

  /// Some bytes are replaced, removed or doubled; sometimes none.
  private static func damaged(
    _ bytes: [UInt8], using generator: inout SeededGenerator
  ) -> [UInt8] {
    var bytes = bytes
    for _ in 0..<Int.random(in: 0...3, using: &generator) {
      let index = Int.random(in: bytes.indices, using: &generator)
      switch Int.random(in: 0..<3, using: &generator) {
      case 0: bytes[index] = UInt8.random(in: 0...255, using: &generator)
      case 1: bytes.removeSubrange(index..<min(bytes.count, index + 8))
      default: bytes.insert(contentsOf: bytes[index...].prefix(16), at: index)
      }
      if bytes.isEmpty { return bytes }
    }
    return bytes
  }

  @Test("A thousand files with a thousand problems have a report of bounded length")
  func many() throws {
    let tree = try IncludeTests.Tree(["config.yaml": "include: conf.d/*\n"])
    for number in 0..<1000 { tree.write("a: 1\nb: 2\n", to: "conf.d/\(number)") }
    let problems = tree.load().problems
    #expect(problems.count == ConfigurationProblem.maximumReported + 1)
    #expect(problems.first?.file == "\(tree.path)/conf.d/0")
    #expect(problems.last?.file == "\(tree.path)/config.yaml")
    #expect(
      problems.last?.message
        == "2900 more problems are not shown; correct these and check again")
  }
}
