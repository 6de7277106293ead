import Configuration
import Glibc
import RolloutCore
import TestSupport
import Testing

@Suite("Included files")
struct IncludeTests {
  /// A directory with a main file and further ones, given by their names.
  final class Tree {
    private let directory: TemporaryDirectory
    var path: String { directory.path }

    init(_ files: [String: String]) throws {
      directory = try TemporaryDirectory()
      for (name, text) in files { write(text, to: name) }
    }

    func write(_ text: String, to name: String) {
      let parts = name.split(separator: "/")
      for end in parts.indices.dropFirst() {
        mkdir("\(path)/\(parts[..<end].joined(separator: "/"))", 0o700)
      }
      #expect(Fixtures.write(Array(text.utf8), to: "\(path)/\(name)"))
    }

    func load(limits: IncludeLimits = IncludeLimits()) -> Outcome {
      Outcome { () throws(InvalidConfiguration) in
        try ConfigurationLoader.load(path: "\(path)/config.yaml", environment: [:], limits: limits)
      }
    }

    /// The problems, without the path of the directory.
    func lines(limits: IncludeLimits = IncludeLimits()) -> [String] {
      load(limits: limits).lines.map { $0.replacing("\(path)/", with: "") }
    }

    /// The first labels of the domains.
    var domains: [String]? {
      load().configuration?.fleet.mappings.map {
        String($0.domain.description.prefix { $0 != "." })
      }
    }
  }

  static func file(_ names: String...) -> String {
    "domains:\n"
      + names.map {
        "  - { domain: \($0).example.com, user_pool_id: eu-west-1_\($0), certificate: { any: true } }\n"
      }.joined()
  }

  static let include = "include: conf.d/*.yaml\n"

  // MARK: Meaning

  @Test("Each file's defaults apply to its own domains alone, and the files are in order")
  func defaults() throws {
    let environment = Fixtures.environment.merging(["INCLUDED": "included/*.yml"]) { $1 }
    let configuration = try ValidConfigurationTests.load("include", environment: environment)
    #expect(configuration.warnings == [])
    let mappings = configuration.fleet.mappings
    #expect(
      mappings.map(\.domain.description) == [
        "main.example.com", "inherited.example.com", "own.example.com", "plain.example.com",
        "auth.example.com", "last.example.com",
      ])
    #expect(mappings.map(\.identity.profile) == ["main", "twenty", "twenty", nil, nil, nil])
    #expect(mappings.map(\.wave) == [3, 1, 2, 0, 0, 0])
    #expect(mappings.map(\.mode) == [.observe, .apply, .apply, .apply, .apply, .apply])
    #expect(mappings[4].caFile == "\(Fixtures.directory)/valid/roots.pem")
    #expect(configuration.fleet.identities.count == 3)
  }

  @Test(
    "With include the main file needs no domains",
    arguments: ["", "domains:\n", "domains: []\n", "domains: ~\n"])
  func onlyIncluded(domains: String) throws {
    let tree = try Tree([
      "config.yaml": Self.include + domains, "conf.d/a.yaml": Self.file("a"),
    ])
    #expect(tree.lines() == [])
    #expect(tree.domains == ["a"])
  }

  @Test("A file that appears or disappears counts when the configuration is read again")
  func again() throws {
    let tree = try Tree([
      "config.yaml": Self.include + Self.file("main"), "conf.d/a.yaml": Self.file("a"),
    ])
    #expect(tree.domains == ["main", "a"])
    tree.write(Self.file("b"), to: "conf.d/b.yaml")
    #expect(tree.domains == ["main", "a", "b"])
    #expect(unlink("\(tree.path)/conf.d/a.yaml") == 0)
    #expect(tree.domains == ["main", "b"])
    #expect(unlink("\(tree.path)/conf.d/b.yaml") == 0)
    #expect(tree.domains == ["main"])
    #expect(
      tree.lines() == [
        """
        config.yaml:1:10: warning: include: "conf.d/*.yaml" matches no file; create one, or \
        correct the pattern
        """
      ])
  }

  @Test("A relative path of the main file leads to the same files")
  func relative() throws {
    let tree = try Tree(["config.yaml": Self.include, "conf.d/a.yaml": Self.file("a", "a")])
    var buffer = [CChar](repeating: 0, count: 4096)
    let working = try #require(getcwd(&buffer, buffer.count).map { String(cString: $0) })
    let up = working.split(separator: "/").map { _ in "../" }.joined()
    let relative = up + tree.path.dropFirst()
    let outcome = Outcome { () throws(InvalidConfiguration) in
      try ConfigurationLoader.load(path: "\(relative)/config.yaml", environment: [:])
    }
    #expect(outcome.problems.map(\.file) == ["\(relative)/conf.d/a.yaml"])
  }

  // MARK: One file once

  @Test("A file is read once, whatever its names are and however many patterns match it")
  func once() throws {
    let tree = try Tree([
      "config.yaml": "include: [conf.d/b.yaml, conf.d/*, conf.d/../conf.d/a.yaml]\n",
      "conf.d/a.yaml": Self.file("a"), "conf.d/b.yaml": Self.file("b"),
    ])
    #expect(symlink("a.yaml", "\(tree.path)/conf.d/c.yaml") == 0)
    #expect(link("\(tree.path)/conf.d/b.yaml", "\(tree.path)/conf.d/d.yaml") == 0)
    #expect(tree.lines() == [])
    #expect(tree.domains == ["b", "a"])
  }

  @Test("The main file is not included by a pattern that matches it")
  func itself() throws {
    let tree = try Tree(["config.yaml": "include: '*.yaml'\n", "a.yaml": Self.file("a")])
    #expect(symlink("config.yaml", "\(tree.path)/z.yaml") == 0)
    #expect(tree.lines() == [])
    #expect(tree.domains == ["a"])
  }

  @Test("Patterns in the name of the main file's directory are characters like others")
  func oddDirectory() throws {
    let tree = try Tree([
      "[a]*/config.yaml": Self.include, "[a]*/conf.d/a.yaml": Self.file("a"),
    ])
    let configuration = try ConfigurationLoader.load(
      path: "\(tree.path)/[a]*/config.yaml", environment: [:])
    #expect(configuration.fleet.mappings.count == 1)
  }

  // MARK: Files that cannot be read

  @Test("Whatever a pattern matches must be a file that can be read")
  func unreadable() throws {
    let tree = try Tree([
      "config.yaml": "include: conf.d/*\n", "conf.d/3-directory/x": "", "conf.d/9": Self.file("z"),
    ])
    #expect(symlink("gone", "\(tree.path)/conf.d/1-broken") == 0)
    #expect(symlink("2-circle", "\(tree.path)/conf.d/2-circle") == 0)
    #expect(mkfifo("\(tree.path)/conf.d/4-pipe", 0o600) == 0)
    tree.write(
      String(repeating: "#", count: ConfigurationLoader.maximumSize + 1), to: "conf.d/5-large")
    #expect(symlink("/dev/zero", "\(tree.path)/conf.d/6-device") == 0)
    let included = "the file, included in config.yaml:1,"
    #expect(
      tree.lines() == [
        """
        conf.d/1-broken:1:1: error: \(included) is a symbolic link whose target does not exist; \
        correct the link
        """,
        """
        conf.d/2-circle:1:1: error: \(included) is a symbolic link that leads back to itself; \
        correct the link
        """,
        "conf.d/3-directory:1:1: error: \(included) is a directory; name a file in it",
        "conf.d/4-pipe:1:1: error: \(included) is a pipe or a device; name a regular file",
        """
        conf.d/5-large:1:1: error: \(included) is larger than 1048576 bytes; check that it is the \
        right file
        """,
        "conf.d/6-device:1:1: error: \(included) is a pipe or a device; name a regular file",
      ])
  }

  @Test("A file or a directory without permission is an error", .enabled(if: geteuid() != 0))
  func forbidden() throws {
    let tree = try Tree([
      "config.yaml": "include: [conf.d/*, closed/*]\n", "conf.d/a": Self.file("a"), "closed/b": "",
    ])
    #expect(chmod("\(tree.path)/conf.d/a", 0) == 0)
    #expect(chmod("\(tree.path)/closed", 0) == 0)
    #expect(
      tree.lines().map { String($0.prefix { $0 != " " }) } == [
        "config.yaml:1:21:", "conf.d/a:1:1:",
      ])
    #expect(chmod("\(tree.path)/closed", 0o700) == 0)
  }

  @Test("A directory that cannot be listed is an error at the pattern")
  func unlisted() throws {
    let tree = try Tree(["config.yaml": "include: circle/*\n" + Self.file("a")])
    #expect(symlink("circle", "\(tree.path)/circle") == 0)
    #expect(
      tree.lines() == [
        """
        config.yaml:1:10: error: include: "circle/*": the directory "circle" is a symbolic link \
        that leads back to itself; correct the link
        """
      ])
  }

  @Test("A name with control characters is shown on one line")
  func oddNames() throws {
    let tree = try Tree(["config.yaml": Self.include, "conf.d/a\n\u{1b}[2J.yaml": "x: 1\n"])
    let line = try #require(tree.lines().first)
    #expect(line.hasPrefix("conf.d/a\\u{a}\\u{1b}[2J.yaml:1:1: error: "))
  }

  @Test("A name that is not UTF-8 is an error at the pattern")
  func bytesAsName() throws {
    let tree = try Tree(["config.yaml": Self.include, "conf.d/a.yaml": Self.file("a")])
    let name = Array("\(tree.path)/conf.d/".utf8) + [0xff] + Array(".yaml".utf8) + [0]
    let descriptor = name.withUnsafeBytes {
      creat($0.assumingMemoryBound(to: CChar.self).baseAddress!, 0o600)
    }
    #expect(descriptor >= 0)
    close(descriptor)
    #expect(
      tree.lines() == [
        """
        config.yaml:1:10: error: include: "conf.d/*.yaml" matches a name in "conf.d" that is not \
        valid UTF-8; rename that file
        """
      ])
  }

  @Test("The path of the state file is known while an included file is wrong")
  func stateFile() throws {
    let tree = try Tree([
      "config.yaml": "state_file: /srv/x.sqlite\n" + Self.include, "conf.d/a.yaml": "wrong",
    ])
    #expect(!tree.lines().isEmpty)
    #expect(
      try ConfigurationLoader.stateFile(path: "\(tree.path)/config.yaml", environment: [:])
        == "/srv/x.sqlite")
  }

  // MARK: Limits

  @Test("As many files as the limit are read, one more is an error")
  func fileLimit() throws {
    var limits = IncludeLimits()
    #expect(limits.files == 10_000)
    limits.files = 2
    let tree = try Tree([
      "config.yaml": "include: [conf.d/a.yaml, 'conf.d/[b-c].yaml']\n",
      "conf.d/a.yaml": Self.file("a"), "conf.d/b.yaml": Self.file("b"),
    ])
    #expect(tree.lines(limits: limits) == [])
    tree.write(Self.file("c"), to: "conf.d/c.yaml")
    #expect(
      tree.lines(limits: limits) == [
        """
        config.yaml:1:26: error: include[1]: "conf.d/[b-c].yaml" leads to more than 2 files; write \
        a narrower pattern
        """
      ])
    tree.write(Self.file("b2"), to: "conf.d/b2.yaml")
    tree.write("include: conf.d/*\n", to: "config.yaml")
    #expect(
      tree.lines(limits: limits) == [
        """
        config.yaml:1:10: error: include: "conf.d/*" leads to more than 2 files; write a narrower \
        pattern
        """
      ])
  }

  @Test("As many bytes as the limit are read, one more is an error")
  func byteLimit() throws {
    var limits = IncludeLimits()
    #expect(limits.bytes == 16_777_216)
    limits.bytes = Self.file("a").utf8.count + Self.file("b").utf8.count
    let tree = try Tree([
      "config.yaml": Self.include, "conf.d/a.yaml": Self.file("a"),
      "conf.d/b.yaml": Self.file("b"),
    ])
    #expect(tree.lines(limits: limits) == [])
    limits.bytes -= 1
    #expect(
      tree.lines(limits: limits) == [
        """
        config.yaml:1:10: error: include: with conf.d/b.yaml the included files have more than \
        \(limits.bytes) bytes; check that they are the right files
        """
      ])
  }

  @Test("The limit of mappings is one for all files together")
  func mappingLimit() throws {
    // An entry is counted even if it is wrong. Reading so many right ones takes long.
    func list(_ count: Int) -> String {
      "domains: [\(String(repeating: "x,", count: count))]\n"
    }
    let tree = try Tree([
      "config.yaml": Self.include + list(4000), "conf.d/a.yaml": list(5999),
      "conf.d/b.yaml": list(1),
    ])
    #expect(!tree.lines().contains { $0.contains("limit") })
    let limited = """
      conf.d/b.yaml:1:10: error: domains: there are 2 entries, and 9999 in the files before, more \
      than the limit of 10000; divide them among several processes
      """
    tree.write(list(2), to: "conf.d/b.yaml")
    tree.write(Self.include + list(4000), to: "config.yaml")
    let problems = tree.load().problems
    #expect(problems.last?.message.contains("more problems are not shown") == true)
    tree.write(Self.file("a"), to: "conf.d/a.yaml")
    tree.write(Self.include + Self.file("m"), to: "config.yaml")
    tree.write(list(9999), to: "conf.d/b.yaml")
    #expect(
      tree.lines() == [
        limited.replacing("2 entries, and 9999", with: "9999 entries, and 2")
      ])
  }
}
