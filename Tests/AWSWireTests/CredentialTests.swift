import Foundation
import RolloutCore
import TestSupport
import Testing

@testable import AWSWire

@Suite("Credentials")
struct CredentialTests {
  /// Runs `body` with a directory of the given files, which is removed afterwards.
  private func withFiles<Result>(
    _ files: [String: String], _ body: (String) async throws -> Result
  ) async throws -> Result {
    let directory = try TemporaryDirectory()
    defer { withExtendedLifetime(directory) {} }
    for (name, content) in files {
      let file = directory.url.appending(path: name)
      try FileManager.default.createDirectory(
        at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
      try Data(content.utf8).write(to: file)
    }
    return try await body(directory.path)
  }

  /// `key secret token`, or the message of the failure without the name of the directory.
  private func found(
    _ environment: [String: String], profile: String? = nil, in directory: String = "/nowhere"
  ) async -> String {
    let alone = environment.merging(["AWS_EC2_METADATA_DISABLED": "true"]) { $1 }
    return await CredentialStage(environment: alone).found(Identity(profile: profile))
      .replacing(directory, with: "")
      .replacing(
        "; the instance metadata is not asked because AWS_EC2_METADATA_DISABLED is true", with: "")
  }

  private func keys(_ name: String, token: Bool = false) -> String {
    "aws_access_key_id=\(name)-key\naws_secret_access_key=\(name)-secret\n"
      + (token ? "aws_session_token=\(name)-token\n" : "")
  }

  private let environment = [
    "AWS_ACCESS_KEY_ID": "env-key", "AWS_SECRET_ACCESS_KEY": "env-secret",
  ]

  @Test("The keys of the environment are used, with the token if there is one")
  func fromEnvironment() async {
    var environment = environment
    #expect(await found(environment) == "env-key env-secret")
    environment["AWS_SESSION_TOKEN"] = "env-token"
    #expect(await found(environment) == "env-key env-secret env-token")
    environment["AWS_SESSION_TOKEN"] = ""
    #expect(await found(environment) == "env-key env-secret")
  }

  @Test("A key without its secret is an error, and an empty variable counts as unset")
  func halfOfEnvironment() async {
    #expect(
      await found(["AWS_ACCESS_KEY_ID": "env-key", "AWS_SECRET_ACCESS_KEY": ""])
        == "AWS_ACCESS_KEY_ID is set without AWS_SECRET_ACCESS_KEY: set both, or neither")
    #expect(
      await found(["AWS_SECRET_ACCESS_KEY": "env-secret"])
        == "AWS_SECRET_ACCESS_KEY is set without AWS_ACCESS_KEY_ID: set both, or neither")
    #expect(
      await found(["AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": ""])
        == "there is no profile default in any file (HOME is not set): "
        + "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or write the profile")
  }

  @Test("Without keys in the environment the default profile is read, or AWS_PROFILE's")
  func fromFiles() async throws {
    let files = [
      ".aws/credentials": "[default]\n\(keys("a"))[other]\n\(keys("b", token: true))"
    ]
    try await withFiles(files) { home in
      #expect(await found(["HOME": home]) == "a-key a-secret")
      #expect(await found(["HOME": home, "AWS_PROFILE": "other"]) == "b-key b-secret b-token")
      #expect(await found(["HOME": home, "AWS_PROFILE": ""]) == "a-key a-secret")
      let both = environment.merging(["HOME": home, "AWS_PROFILE": "other"]) { $1 }
      #expect(await found(both) == "env-key env-secret")
      #expect(await found(both, profile: "other") == "b-key b-secret b-token")
      #expect(
        await found(both, profile: "none", in: home)
          == "there is no profile none in /.aws/credentials and /.aws/config: "
          + "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or write the profile")
    }
  }

  @Test(
    "The credentials file has priority over the config file, and each has its own section names")
  func bothFiles() async throws {
    let files = [
      "credentials": "[a]\n\(keys("a"))[profile b]\n\(keys("wrong"))[both]\n\(keys("shared"))",
      "config": """
      [default]
      \(keys("default"))
      [profile b]
      \(keys("b"))
      [a]
      \(keys("wrong"))
      [profile both]
      \(keys("config", token: true))
      [c]
      \(keys("wrong"))
      [profile empty]
      region = eu-west-1
      """,
    ]
    try await withFiles(files) { path in
      let variables = [
        "AWS_CONFIG_FILE": "~/config", "AWS_SHARED_CREDENTIALS_FILE": "\(path)/credentials",
        "HOME": path,
      ]
      #expect(await found(variables) == "default-key default-secret")
      #expect(await found(variables, profile: "a") == "a-key a-secret")
      #expect(await found(variables, profile: "b") == "b-key b-secret")
      #expect(await found(variables, profile: "both") == "shared-key shared-secret")
      #expect(await found(variables, profile: "c").hasPrefix("there is no profile c in "))
      #expect(
        await found(variables, profile: "empty", in: path)
          == "profile empty has no aws_access_key_id in /credentials and /config: "
          + "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or write the profile")
    }
  }

  @Test("The shared credentials file is systemd's unless a variable names another")
  func systemdCredential() async throws {
    let files = [
      "run/aws-credentials": "[default]\n\(keys("systemd"))",
      "named": "[default]\n\(keys("named"))", ".aws/credentials": "[default]\n\(keys("home"))",
    ]
    try await withFiles(files) { path in
      let variables = ["CREDENTIALS_DIRECTORY": "\(path)/run", "HOME": path]
      #expect(await found(variables) == "systemd-key systemd-secret")
      let named = variables.merging(["AWS_SHARED_CREDENTIALS_FILE": "\(path)/named"]) { $1 }
      #expect(await found(named) == "named-key named-secret")
      let empty = variables.merging(["CREDENTIALS_DIRECTORY": "\(path)/none"]) { $1 }
      #expect(await found(empty) == "home-key home-secret")
    }
  }

  @Test("The keys of a profile with a program are used before the program in the credentials file")
  func keysFirst() async throws {
    let files = [
      ".aws/config": "[profile p]\ncredential_process = x\n",
      ".aws/credentials": "[p]\n\(keys("p"))",
    ]
    try await withFiles(files) { home in
      #expect(await found(["HOME": home], profile: "p") == "p-key p-secret")
    }
  }

  @Test(
    "A profile with half a key pair is an error that names the missing half, and shows no value")
  func halfOfProfile() async throws {
    let files = [".aws/credentials": "[default]\naws_access_key_id = AKIAVISIBLE\n"]
    try await withFiles(files) { home in
      #expect(
        await found(["HOME": home], in: home)
          == "profile default in /.aws/credentials has no aws_secret_access_key: add it")
    }
  }

  @Test("A secret with a space or a line break is refused before it is used")
  func oddSecret() async {
    for secret in ["a b", "a\nX-Evil: 1", "ä", "\u{0}"] {
      let odd = ["AWS_ACCESS_KEY_ID": "key", "AWS_SECRET_ACCESS_KEY": secret]
      #expect(
        await found(odd)
          == "the secret access key of the environment contains a space or a character beyond ASCII"
      )
    }
  }

  @Test("An unreadable file is an error and does not count as absent")
  func unreadable() async throws {
    let large = "[default]\n" + String(repeating: "#", count: SharedAWSFile.maximumSize)
    try await withFiles(["large": large, "dir/x": "", "latin": ""]) { path in
      try Data([0x5b, 0xe4, 0x5d]).write(to: URL(filePath: path + "/latin"))
      func message(_ name: String) async -> String {
        await found(["AWS_SHARED_CREDENTIALS_FILE": "\(path)/\(name)"], in: path)
      }
      #expect(await message("large") == "/large is over 1 MiB")
      #expect(await message("dir") == "/dir is not a regular file")
      #expect(
        await message("latin").hasSuffix(
          "; /latin:1: the line is not UTF-8: save the file as UTF-8"))
      #expect(await message("none").hasPrefix("there is no profile default in /none"))
      #expect(
        await found(
          ["AWS_SHARED_CREDENTIALS_FILE": "/dev/null", "AWS_CONFIG_FILE": "/dev/null"], in: path
        ).hasPrefix("there is no profile default in /dev/null"))
    }
  }

  @Test("A line that cannot be read affects its own profile alone, in either file")
  func unreadableLine() async throws {
    let files = [
      "c": "[a]\n\(keys("a"))[b]\nhunter2\n\(keys("b"))[d]\n\(keys("d"))[e\n\(keys("e"))",
      "config": "stray = hunter2\n[profile d]\nhunter2\n[profile f]\naws_access_key_id: f-key\n"
        + "aws_secret_access_key =\u{a0}f-secret\n",
    ]
    try await withFiles(files) { path in
      let variables = [
        "AWS_SHARED_CREDENTIALS_FILE": "\(path)/c", "AWS_CONFIG_FILE": "\(path)/config",
      ]
      func message(_ profile: String) async -> String {
        await found(variables, profile: profile, in: path)
      }
      let problem =
        "the line is not a [section], a comment or \"key = value\": correct it, or begin it with #"
      #expect(await message("a") == "a-key a-secret")
      #expect(await message("f") == "f-key f-secret")
      #expect(await message("b") == "/c:5: \(problem)")
      #expect(await message("d") == "/config:3: \(problem)")
      #expect(await message("e") == "/c:11: a section begins with [ and has no ]: add it")
      #expect(
        await message("none")
          == "there is no profile none in /c and /config: set AWS_ACCESS_KEY_ID and "
          + "AWS_SECRET_ACCESS_KEY, or write the profile; "
          + "/config:1: there is a key before the first [section]: move it below one")
    }
  }

  @Test("A changed file is read again after a second, and at once after a refusal or when asked")
  func changedFile() async throws {
    try await withFiles(["c": "[default]\n"]) { path in
      let file = URL(filePath: path + "/c")
      let stage = CredentialStage(environment: [
        "AWS_SHARED_CREDENTIALS_FILE": file.path, "AWS_EC2_METADATA_DISABLED": "true",
      ])
      func write(_ name: String) throws {
        try Data("[default]\n\(keys(name))".utf8).write(to: file)
      }
      #expect(await stage.found().hasPrefix("profile default has no aws_access_key_id"))
      try write("first")
      #expect(await stage.found().hasPrefix("profile default has no aws_access_key_id"))
      stage.clock.pass(.seconds(1))
      #expect(await stage.found() == "first-key first-secret")
      try write("the-second")
      #expect(await stage.found() == "first-key first-secret")
      stage.cache.refresh()
      #expect(await stage.found() == "the-second-key the-second-secret")
      try write("third")
      let refused = try await stage.keys()
      stage.cache.invalidate(Identity(), refused: refused, at: stage.clock.uptime)
      #expect(await stage.found() == "third-key third-secret")
    }
  }

  @Test("Printed credentials show no secret")
  func redaction() {
    let keys = Credentials(
      accessKeyID: "AKIAVISIBLE", secretAccessKey: "seen", sessionToken: "tok-seen", origin: "here")
    var dumped = ""
    dump(keys, to: &dumped)
    for text in ["\(keys)", String(reflecting: keys), dumped, "\(keys.secretAccessKey)"] {
      #expect(text.contains("‹redacted›") || text == dumped)
      #expect(!text.contains("VISIBLE") && !text.contains("seen"))
    }
  }
}
