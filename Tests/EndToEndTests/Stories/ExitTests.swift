import LosslessJSON
import TestSupport
import Testing

@Suite("How commands end", .timeLimit(.minutes(5)))
struct ExitTests {
  let name = Scene.name

  @Test("check says OK and ends with 0, or says every problem with its place and ends with 78")
  func check() async throws {
    try await Stage.with(Scene.one()) { stage in
      var config = stage.config
      config.top["poll_interval"] = "5m"
      try stage.configure(config)
      let good = try await stage.run("check")
      #expect(good.status == 0 && good.errors.isEmpty)
      #expect(good.output == "OK: 1 domains, 1 identities\n")

      config.top["poll_intervall"] = "5m"
      config[name].more["mode"] = "aply"
      config[name].userPoolID = "nonsense"
      try stage.configure(config)
      let bad = try await stage.run("check")
      #expect(bad.status == 78)
      let problems = bad.output.split(separator: "\n")
      #expect(problems.count == 3, "\(bad.output)")
      for problem in problems {
        let text = problem.dropFirst(stage.configPath.count)
        #expect(problem.hasPrefix(stage.configPath))
        #expect(text.prefixMatch(of: /:\d+:\d+: error: [^ ]+: ./) != nil, "\(problem)")
      }
      #expect(bad.output.contains("did you mean \"poll_interval\""))
      #expect(bad.output.contains("domains[0].mode") && bad.output.contains("aply"))
    }
  }

  @Test("a wrong configuration keeps the service from starting, with 78 and every problem")
  func wrongConfiguration() async throws {
    try await Stage.with(Scene.one()) { stage in
      for arguments in [["run"], ["run", "--once"], ["run", "--once", "--wait"]] {
        try write("domains: [{}]\nfoo: 1\n", to: stage.configPath)
        let result = try await stage.run(
          arguments + ["--config", stage.configPath, "--log-format", "json"])
        #expect(result.status == 78 && result.output.isEmpty)
        let lines = result.errors.split(separator: "\n").compactMap(LogLine.init)
        #expect(lines.allSatisfy { $0.event == "config.rejected" })
        #expect(lines.map(\.level) == ["error", "error", "error"])
        for line in lines { line.check() }
      }
      let missing = try await stage.run(["run", "--config", "/nowhere/config.yaml"])
      #expect(missing.status == 78 && missing.errors.contains("/nowhere/config.yaml"))
    }
  }

  @Test(
    "wrong usage ends with 64 and says how it goes",
    arguments: [
      [], ["sing"], ["run", "--twice"], ["run", "--wait"], ["status", "--yaml"], ["hold"],
      ["hold", "not a domain"], ["hold", "a.example.com", "--for", "5"], ["retry"],
      ["hold", "a.example.com", "--for", "-1h"], ["hold", "a.example.com", "--for", "0"],
      ["run", "--log-level", "loud"],
      ["check", "more"], ["status", "not a domain"], ["resume", "a.b", "c.d"],
    ])
  func usage(arguments: [String]) async throws {
    try await Stage.with([:]) { stage in
      let more = arguments.isEmpty ? ["--fail"] : arguments
      let result = try await stage.run(more)
      #expect(result.status == 64 && result.output.isEmpty && !result.errors.isEmpty)
    }
  }

  @Test("a domain on the command line is refused with its ASCII form, too")
  func international() async throws {
    try await Stage.with([:]) { stage in
      for command in ["status", "hold", "resume", "retry"] {
        let result = try await stage.run([command, "Mu\u{308}ller.example.com"])
        #expect(result.status == 64 && result.output.isEmpty)
        #expect(result.errors.contains(", xn--mller-kva.example.com\n"), "\(result.errors)")
      }
    }
  }

  @Test("every command has --help and --version")
  func help() async throws {
    try await Stage.with([:]) { stage in
      for command in ["run", "check", "status", "hold", "resume", "retry"] {
        let help = try await stage.run([command, "--help"])
        #expect(help.status == 0 && help.output.contains("USAGE: cognito-certd \(command)"))
        for option in ["--config", "--log-level", "--log-format", "--version"] {
          #expect(help.output.contains(option), "\(command) \(option)")
        }
        let version = try await stage.run([command, "--version"])
        #expect(version.status == 0 && version.output == "0.1.0\n", "\(command)")
      }
    }
  }

  @Test("without a state file, status and requests end with 1 and say where it should be")
  func noState() async throws {
    try await Stage.with(Scene.one()) { stage in
      try stage.configure(stage.config)
      for arguments in [["status"], ["status", "--json"], ["hold", name], ["resume", name]] {
        let result = try await stage.run(arguments + ["--config", stage.configPath])
        #expect(result.status == 1 && result.output.isEmpty)
        #expect(result.errors.contains(stage.statePath), "\(result.errors)")
      }
    }
  }

  @Test("a domain that the daemon does not have ends with 1 and the names of those it has")
  func unknownDomain() async throws {
    try await Stage.with(Scene.one()) { stage in
      try stage.configure(stage.config)
      _ = try await stage.pollingDaemon()
      for command in ["status", "hold", "resume", "retry"] {
        let result = try await stage.run(command, "other.example.com")
        #expect(result.status == 1 && result.output.isEmpty)
        #expect(result.errors.contains("other.example.com") && result.errors.contains(name))
      }
    }
  }

  @Test("a result that cannot be written ends with 1, and a reader that goes away is no failure")
  func unwritten() async throws {
    try await Stage.with(Scene.one()) { stage in
      try stage.configure(stage.config)
      _ = try await stage.pollingDaemon()
      let script = """
        for command in check status plan "explain \(name)" "probe \(name)" doctor history; do
          "$0" $command --config "$1" > /dev/full
          echo "$command $?"
        done
        "$0" discover --region eu-west-1 --config "$1.none" > /dev/full
        echo "discover $?"
        { "$0" discover --region eu-west-1 --config "$1.none"; echo "closed $?" > "$2"; } | true
        cat "$2"
        """
      let shell = try ChildProcess(
        "/bin/bash",
        [
          "-c", script, ChildProcess.directory + "/cognito-certd", stage.configPath,
          stage.directory + "/closed",
        ],
        environment: stage.environment, output: stage.directory + "/shell")
      #expect(try await shell.end(within: .seconds(120)) == .exited(0))
      let lines = shell.outputText.split(separator: "\n").map(String.init)
      #expect(lines.count == 9 && lines.dropLast().allSatisfy { $0.hasSuffix(" 1") }, "\(lines)")
      #expect(lines.last == "closed 0")
    }
  }

  @Test("status asks for a person when the daemon does not run, or no longer polls well")
  func daemonStanding() async throws {
    try await Stage.with(Scene.one()) { stage in
      try stage.configure(stage.config)
      let daemon = try await stage.pollingDaemon()
      let well = try await stage.status()
      #expect(well.exit == 0 && well.json["daemon"]?["running"] == true)
      #expect(well.json["daemon"]?["pid"]?.int == Int64(daemon.process.pid))
      #expect(well.json["daemon"]?["last_successful_poll_at"]?.string != nil)

      try await stage.simulate("deny", ["action": "acm:ListCertificates"])
      let ill = try await eventually("status asks for a person") {
        let status = try await stage.status()
        return status.exit == 3 ? status : nil
      }
      #expect(ill.json["daemon"]?["running"] == true)
      try await stage.simulate("allow", ["action": "acm:ListCertificates"])
      _ = try await eventually("status is content") { try await stage.status().exit == 0 ? 0 : nil }

      #expect(try await daemon.stop() == .exited(0))
      let stopped = try await stage.status()
      #expect(stopped.exit == 3 && stopped.json["daemon"]?["running"] == false)
      #expect(stopped.json["daemon"]?["pid"] == .null && stopped.condition(name) == "in_sync")
    }
  }

  @Test("status tells of one domain alone, and of all while the configuration is being broken")
  func statusArguments() async throws {
    try await Stage.with(Scene.two) { stage in
      try stage.configure(stage.config)
      _ = try await stage.pollingDaemon()
      #expect(try await stage.status().domains.count == 2)
      let one = try await stage.status(Scene.other)
      #expect(one.domains.map { $0["domain"]?.string } == [Scene.other])
      let text = text(stage.configPath)
      try write(text + "\nnonsense: 1\n", to: stage.configPath)
      #expect(try await stage.status().exit == 0)
    }
  }
}
