import Configuration
import Glibc
import Testing

@Suite("Reading the configuration file")
struct FileTests {
  static let valid = """
    domains:
      - { domain: auth.example.com, user_pool_id: eu-west-1_A, certificate: { any: true } }

    """

  /// The problems of a file, without the path of its directory.
  static func lines(
    in directory: String, name: String = "config.yaml"
  ) -> [String] {
    Outcome { () throws(InvalidConfiguration) in
      try ConfigurationLoader.load(path: "\(directory)/\(name)", environment: [:])
    }.lines.map { $0.replacing("\(directory)/", with: "") }
  }

  @Test("A missing file is reported with what to do")
  func missing() throws {
    try Fixtures.withDirectory { directory in
      #expect(
        Self.lines(in: directory) == [
          "config.yaml:1:1: error: the file does not exist; create it, or correct the path"
        ])
    }
  }

  @Test("A broken link and a circular link are reported as such")
  func links() throws {
    try Fixtures.withDirectory { directory in
      #expect(symlink("\(directory)/gone", "\(directory)/config.yaml") == 0)
      #expect(symlink("\(directory)/circle", "\(directory)/circle") == 0)
      #expect(
        Self.lines(in: directory) == [
          "config.yaml:1:1: error: the file is a symbolic link whose target does not exist; correct the link"
        ])
      #expect(
        Self.lines(in: directory, name: "circle") == [
          "circle:1:1: error: the file is a symbolic link that leads back to itself; correct the link"
        ])
    }
  }

  @Test("A link to a file is followed")
  func link() throws {
    try Fixtures.withDirectory { directory in
      #expect(Fixtures.write(Array(Self.valid.utf8), to: "\(directory)/real.yaml"))
      #expect(symlink("real.yaml", "\(directory)/config.yaml") == 0)
      #expect(Self.lines(in: directory) == [])
    }
  }

  @Test("A directory, a pipe and a device are refused without waiting for them")
  func others() throws {
    try Fixtures.withDirectory { directory in
      #expect(mkfifo("\(directory)/config.yaml", 0o600) == 0)
      #expect(
        Self.lines(in: directory) == [
          "config.yaml:1:1: error: the file is a pipe or a device; name a regular file"
        ])
      #expect(
        Self.lines(in: directory, name: ".") == [
          ".:1:1: error: the file is a directory; name a file in it"
        ])
      #expect(
        Self.lines(in: directory, name: "config.yaml/x") == [
          """
          config.yaml/x:1:1: error: the file cannot exist: a part of its path is not a directory; \
          correct the path
          """
        ])
      #expect(
        Self.lines(in: "/dev", name: "zero") == [
          "zero:1:1: error: the file is a pipe or a device; name a regular file"
        ])
    }
  }

  @Test("A file without read permission is reported as such", .enabled(if: geteuid() != 0))
  func forbidden() throws {
    try Fixtures.withDirectory { directory in
      #expect(Fixtures.write(Array(Self.valid.utf8), to: "\(directory)/config.yaml"))
      #expect(chmod("\(directory)/config.yaml", 0) == 0)
      #expect(
        Self.lines(in: directory) == [
          """
          config.yaml:1:1: error: the file cannot be read by this user; correct its permissions, or \
          those of the directories above it
          """
        ])
    }
  }

  @Test("An impossible path is an error and does not crash")
  func impossiblePaths() {
    #expect(Self.lines(in: "", name: String(repeating: "x", count: 5000)).count == 1)
    #expect(Self.lines(in: "/tmp", name: "a\0b").count == 1)
    let outcome = Outcome { () throws(InvalidConfiguration) in
      try ConfigurationLoader.load(path: "", environment: [:])
    }
    #expect(outcome.configuration == nil)
  }

  @Test("A file of 1 MiB is accepted, one of a byte more or of 5 MB is not")
  func size() throws {
    try Fixtures.withDirectory { directory in
      let valid = Array(Self.valid.utf8)
      let limit = ConfigurationLoader.maximumSize
      #expect(limit == 1_048_576)
      let refusal = """
        config.yaml:1:1: error: the file is larger than 1048576 bytes; check that it is the right \
        file
        """
      for (size, expected) in [(limit, []), (limit + 1, [refusal]), (5_000_000, [refusal])] {
        let padding = [UInt8](repeating: UInt8(ascii: "#"), count: size - valid.count)
        #expect(Fixtures.write(valid + padding, to: "\(directory)/config.yaml"))
        #expect(Self.lines(in: directory) == expected)
      }
    }
  }
}
