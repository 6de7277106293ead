import Glibc
import POSIX
import TestSupport
import Testing

@Suite("Patterns for file names")
struct FilePatternTests {
  /// What a pattern matches in a directory with these files, without the path of the directory.
  static func matches(
    _ pattern: String, of files: [String], limit: Int = 100
  ) throws -> [String] {
    let directory = try TemporaryDirectory()
    return try withExtendedLifetime(directory) {
      for file in files {
        var path = directory.path
        for part in file.split(separator: "/").dropLast() {
          path += "/\(part)"
          mkdir(path, 0o700)
        }
        let descriptor = creat("\(directory.path)/\(file)", 0o600)
        #expect(descriptor >= 0)
        close(descriptor)
      }
      return try FilePattern.matches(pattern, in: directory.path, limit: limit)
        .map { $0.replacing("\(directory.path)/", with: "") }
    }
  }

  @Test(
    "A pattern matches what a shell's would",
    arguments: [
      ("*", ["b", "a"], ["a", "b"]),
      ("*.yaml", ["a.yaml", "a.yml", "a.yaml~", ".a.yaml", ".yaml"], ["a.yaml"]),
      (".*", [".a", "b"], [".a"]),
      ("?.yaml", ["a.yaml", "ab.yaml"], ["a.yaml"]),
      ("[a-c].yaml", ["b.yaml", "d.yaml"], ["b.yaml"]),
      ("[!a].yaml", ["a.yaml", "b.yaml"], ["b.yaml"]),
      ("\\*", ["*", "a"], ["*"]),
      ("a", ["a", "b"], ["a"]),
      ("missing", ["a"], []),
      ("missing/*", ["a"], []),
      ("a/*", ["a"], []),
      ("*/*.yaml", ["b/1.yaml", "a/2.yaml", "c"], ["a/2.yaml", "b/1.yaml"]),
      ("./d//*.yaml", ["d/1.yaml"], ["./d/1.yaml"]),
      ("d/../*.yaml", ["d/x", "1.yaml"], ["d/../1.yaml"]),
      ("[", ["[", "a"], ["["]),
    ])
  func matching(pattern: String, files: [String], expected: [String]) throws {
    #expect(try Self.matches(pattern, of: files) == expected)
  }

  @Test("Matches are sorted by their bytes, in every locale")
  func order() throws {
    let names = ["é", "b", "a", "B", "_", "10", "9", "a.b", "a-b"]
    #expect(
      try Self.matches("*", of: names)
        == ["10", "9", "B", "_", "a", "a-b", "a.b", "b", "é"])
  }

  @Test("The characters of the directory itself have no special meaning")
  func directory() throws {
    let directory = try TemporaryDirectory()
    let odd = directory.path + "/[x]*"
    #expect(mkdir(odd, 0o700) == 0)
    close(creat("\(odd)/a", 0o600))
    #expect(try FilePattern.matches("*", in: odd, limit: 1) == ["\(odd)/a"])
    #expect(try FilePattern.matches("a", in: odd + "/", limit: 1) == ["\(odd)/a"])
  }

  @Test("An absolute pattern does not begin in the directory")
  func absolute() throws {
    #expect(try FilePattern.matches("/", in: "/tmp", limit: 1) == ["/"])
    #expect(try FilePattern.matches("/dev/nul[l]", in: "/tmp", limit: 1) == ["/dev/null"])
  }

  @Test("An empty directory is the working directory")
  func workingDirectory() throws {
    #expect(try FilePattern.matches("Package.swif[t]", in: "", limit: 1) == ["Package.swift"])
  }

  @Test("As many matches as the limit are returned, one more is an error")
  func limit() throws {
    #expect(try Self.matches("*", of: ["a", "b"], limit: 2) == ["a", "b"])
    #expect(throws: FilePattern.Failure.tooManyMatches(limit: 2)) {
      try Self.matches("*", of: ["a", "b", "c"], limit: 2)
    }
  }

  @Test("A matching name that is not UTF-8 is an error, another one is not")
  func names() throws {
    let directory = try TemporaryDirectory()
    let path = Array("\(directory.path)/x".utf8) + [0xff, 0]
    let descriptor = path.withUnsafeBytes {
      creat($0.assumingMemoryBound(to: CChar.self).baseAddress!, 0o600)
    }
    #expect(descriptor >= 0)
    close(descriptor)
    #expect(throws: FilePattern.Failure.nameIsNotText(directory: directory.path)) {
      try FilePattern.matches("x*", in: directory.path, limit: 5)
    }
    #expect(try FilePattern.matches("y*", in: directory.path, limit: 5) == [])
  }

  @Test("A broken link is a match, because something of this name is there")
  func brokenLink() throws {
    let directory = try TemporaryDirectory()
    #expect(symlink("gone", "\(directory.path)/link") == 0)
    #expect(
      try FilePattern.matches("*", in: directory.path, limit: 5) == ["\(directory.path)/link"])
  }

  @Test("A directory that cannot be listed is an error")
  func unlisted() throws {
    let directory = try TemporaryDirectory()
    #expect(symlink("circle", "\(directory.path)/circle") == 0)
    let error = #expect(throws: FilePattern.Failure.self) {
      try FilePattern.matches("circle/*", in: directory.path, limit: 5)
    }
    #expect(
      error
        == .cannotList(directory: "\(directory.path)/circle", SystemError(code: ELOOP)))
  }

  @Test("All names of a file have one identity, and a missing file has none")
  func identity() throws {
    let directory = try TemporaryDirectory()
    let path = directory.path + "/a"
    close(creat(path, 0o600))
    close(creat(path + "2", 0o600))
    #expect(symlink(path, directory.path + "/soft") == 0)
    #expect(link(path, directory.path + "/hard") == 0)
    let identity = try #require(RegularFile.identity(of: path))
    #expect(RegularFile.identity(of: directory.path + "/soft") == identity)
    #expect(RegularFile.identity(of: directory.path + "/hard") == identity)
    #expect(RegularFile.identity(of: path + "2") != identity)
    #expect(RegularFile.identity(of: path + "3") == nil)
  }
}
