import Configuration
import Glibc
import Testing

@Suite("Reading the configuration file")
struct FileTests {
  static let right = """
    domains:
      - { domain: auth.example.com, user_pool_id: eu-west-1_A, certificate: { any: true } }

    """

  /// What is said of the file `config.yaml`, with its directory left out.
  static func lines(
    in directory: String, name: String = "config.yaml"
  ) -> [String] {
    Outcome { () throws(InvalidConfiguration) in
      try ConfigurationLoader.load(path: "\(directory)/\(name)", environment: [:])
    }.lines.map { line in
      let prefix = "\(directory)/"
      return line.hasPrefix(prefix) ? String(line.dropFirst(prefix.count)) : line
    }
  }

  @Test("A file that is not there is named, with what to do")
  func missing() throws {
    try Fixtures.withDirectory { directory in
      #expect(
        Self.lines(in: directory) == [
          "config.yaml:1:1: error: the file does not exist; create it, or correct the path"
        ])
    }
  }

  @Test("A link to nothing and a link to itself are told from a file that is not there")
  func links() throws {
    try Fixtures.withDirectory { directory in
      #expect(symlink("\(directory)/gone", "\(directory)/config.yaml") == 0)
      #expect(symlink("\(directory)/circle", "\(directory)/circle") == 0)
      #expect(
        Self.lines(in: directory) == [
          "config.yaml:1:1: error: the file is a symbolic link to nothing; correct the link"
        ])
      #expect(
        Self.lines(in: directory, name: "circle") == [
          "circle:1:1: error: the file is a symbolic link in a circle; correct the link"
        ])
    }
  }

  @Test("A link to a file is followed")
  func link() throws {
    try Fixtures.withDirectory { directory in
      #expect(Fixtures.write(Array(Self.right.utf8), to: "\(directory)/real.yaml"))
      #expect(symlink("real.yaml", "\(directory)/config.yaml") == 0)
      #expect(Self.lines(in: directory) == [])
    }
  }

  @Test("A directory, a pipe and a device are no configuration, and do not hold it up")
  func others() throws {
    try Fixtures.withDirectory { directory in
      #expect(mkfifo("\(directory)/config.yaml", 0o600) == 0)
      #expect(
        Self.lines(in: directory) == [
          "config.yaml:1:1: error: the file is a pipe or a device; name an ordinary file"
        ])
      #expect(
        Self.lines(in: directory, name: ".") == [
          ".:1:1: error: the file is a directory; name a file in it"
        ])
      #expect(
        Self.lines(in: directory, name: "config.yaml/x") == [
          """
          config.yaml/x:1:1: error: the file cannot be there: a part of its path is no directory; \
          correct the path
          """
        ])
      #expect(
        Self.lines(in: "/dev", name: "zero") == [
          "zero:1:1: error: the file is a pipe or a device; name an ordinary file"
        ])
    }
  }

  @Test("A file that this user may not read is said to be so", .enabled(if: geteuid() != 0))
  func forbidden() throws {
    try Fixtures.withDirectory { directory in
      #expect(Fixtures.write(Array(Self.right.utf8), to: "\(directory)/config.yaml"))
      #expect(chmod("\(directory)/config.yaml", 0) == 0)
      #expect(
        Self.lines(in: directory) == [
          """
          config.yaml:1:1: error: the file may not be read by this user; correct its permissions or \
          those of its directories
          """
        ])
    }
  }

  @Test("A path that cannot be one is an error and nothing else")
  func impossiblePaths() {
    #expect(Self.lines(in: "", name: String(repeating: "x", count: 5000)).count == 1)
    #expect(Self.lines(in: "/tmp", name: "a\0b").count == 1)
    let outcome = Outcome { () throws(InvalidConfiguration) in
      try ConfigurationLoader.load(path: "", environment: [:])
    }
    #expect(outcome.configuration == nil)
  }

  @Test("A file of 1 MiB is read, one byte more or 5 MB are not")
  func size() throws {
    try Fixtures.withDirectory { directory in
      let right = Array(Self.right.utf8)
      let limit = ConfigurationLoader.maximumSize
      #expect(limit == 1_048_576)
      let refusal =
        "config.yaml:1:1: error: the file is larger than 1048576 bytes; is it the right file?"
      for (size, expected) in [(limit, []), (limit + 1, [refusal]), (5_000_000, [refusal])] {
        let padding = [UInt8](repeating: UInt8(ascii: "#"), count: size - right.count)
        #expect(Fixtures.write(right + padding, to: "\(directory)/config.yaml"))
        #expect(Self.lines(in: directory) == expected)
      }
    }
  }
}
