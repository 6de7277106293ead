import Foundation
import Glibc
import LosslessJSON
import POSIX
import RolloutCore
import TestSupport
import Testing
import Transport

@Suite("Metrics", .timeLimit(.minutes(5)))
struct MetricsTests {
  let name = Scene.name

  /// A scrape of the running daemon, and what it answers elsewhere.
  private struct Scraper {
    let http = CurlTransport()
    let address: String

    func get(_ path: String) async throws -> (status: Int, text: String) {
      let answer = try await http.send(
        HTTPRequest(method: "GET", url: "http://\(address)\(path)", body: []))
      return (answer.status, String(decoding: answer.body, as: UTF8.self))
    }

    func lines() async throws -> [String] {
      try await get("/metrics").text.split(separator: "\n").map(String.init)
    }

    /// The value of the first series that begins so.
    func value(_ series: String) async throws -> String? {
      try await lines().first { $0.hasPrefix("cognito_certd_" + series) }
        .flatMap { $0.split(separator: " ").last.map(String.init) }
    }
  }

  /// Calls `body` with what scrapes the daemon that has logged where it listens.
  private func scraping(
    _ daemon: Daemon, skipping: Int = 0, _ body: (Scraper) async throws -> Void
  ) async throws {
    let line = try await daemon.line("metrics.listening", skipping: skipping)
    let scraper = Scraper(address: try #require(line["address"]))
    do {
      try await body(scraper)
    } catch {
      await scraper.http.shutDown()
      throw error
    }
    await scraper.http.shutDown()
  }

  @Test("promtool accepts the text of a daemon after a rotation, and its values are right")
  func rotation() async throws {
    try await Stage.with(Scene.two) { stage in
      var config = stage.config
      config.metrics = [
        "listen": "127.0.0.1:0", "textfile": stage.directory + "/certd.prom",
      ]
      try stage.configure(config)
      let daemon = try await stage.pollingDaemon()
      try await stage.simulate(
        "fault", ["fault": "throttled", "operation": "ListCertificates", "count": 1])
      try await scraping(daemon) { scraper in
        _ = try await stage.issue(name)
        try await daemon.line("rollout.completed", domain: name)
        try await daemon.polls(2)
        let lines = try await scraper.lines()
        let path = stage.directory + "/scraped"
        try write(lines.joined(separator: "\n") + "\n", to: path)
        let check = try await Promtool.run("check", "metrics", input: path)
        #expect(check.status == 0 && check.text == "", "\(check.text)")
        let labels = "domain=\"\(name)\""
        let expected = [
          "domain_condition{\(labels),condition=\"in_sync\"} 1",
          "domain_condition{\(labels),condition=\"propagating\"} 0",
          "domain_ending{\(labels)} 0", "edges{\(labels),state=\"serving\"} 2",
          "edges{\(labels),state=\"refusing\"} 0", "rollout_duration_seconds_count 1",
          "config_last_reload_successful 1", "state_last_write_successful 1",
          "wave_stopped{wave=\"0\"} 0", "poll_interval_seconds 1",
          "api_requests_total{service=\"cognito-idp\",operation=\"UpdateUserPoolDomain\",outcome=\"ok\"} 1",
          "api_requests_total{service=\"acm\",operation=\"ListCertificates\",outcome=\"throttled\"} 1",
        ]
        for line in expected { #expect(lines.contains("cognito_certd_" + line), "\(line)") }
        for series in [
          "last_successful_poll_timestamp_seconds{account=\"123456789012\"} ",
          "certificate_not_after_timestamp_seconds{\(labels),source=\"attached\"} ",
          "certificate_not_after_timestamp_seconds{\(labels),source=\"served\"} ",
          "certificate_not_after_timestamp_seconds{\(labels),source=\"desired\"} ",
          "process_start_time_seconds 1", "build_info{version=\"",
        ] {
          #expect(lines.contains { $0.hasPrefix("cognito_certd_" + series) }, "\(series)")
        }
        #expect(!lines.contains { $0.contains("rollout_started") && $0.contains(name) })
        #expect(try await scraper.get("/healthz").status == 200)
        #expect(try await scraper.get("/").status == 404)
      }
      let file = stage.directory + "/certd.prom"
      _ = try await eventually("the text file shows the proof") {
        text(file).contains("\ncognito_certd_rollout_duration_seconds_count 1\n") ? true : nil
      }
      #expect(try await Promtool.run("check", "metrics", input: file).status == 0)
      #expect(try await daemon.stop() == .exited(0))
      #expect(text(file).contains("\ncognito_certd_build_info{"))
      var status = stat()
      #expect(stat(file, &status) == 0 && status.st_mode & 0o777 == 0o644)
    }
  }

  @Test("promtool accepts the alert rules, and their unit tests pass")
  func rules() async throws {
    let directory = Promtool.root + "/config/"
    let check = try await Promtool.run("check", "rules", directory + "alerts.yaml")
    #expect(check.status == 0, "\(check.text)")
    let tests = try await Promtool.run("test", "rules", directory + "alerts_test.yaml")
    #expect(tests.status == 0, "\(tests.text)")
  }

  @Test("promtool refuses a text with a wrong line")
  func promtoolCanFail() async throws {
    let directory = try TemporaryDirectory()
    try write("# TYPE a counter\na{b=\"c} 1\n", to: directory["wrong"])
    #expect(try await Promtool.run("check", "metrics", input: directory["wrong"]).status != 0)
  }

  @Test("A domain and an account that leave the configuration leave the metrics")
  func departure() async throws {
    try await Stage.with(Scene.fleet(2)) { stage in
      var config = stage.configWithProfiles
      config.metrics = ["listen": "127.0.0.1:0"]
      try stage.configure(config)
      let daemon = try stage.daemon()
      try await daemon.polledAccounts(2)
      try await scraping(daemon) { scraper in
        let before = try await scraper.lines()
        for index in 0..<2 {
          #expect(before.contains { $0.contains(Scene.name(index)) })
          #expect(before.contains { $0.contains("account=\"\(Scene.account(index))\"") })
        }
        config.mappings.removeAll { $0.domain == Scene.name(1) }
        try stage.configure(config)
        let length = daemon.log.count
        daemon.process.send(SIGHUP)
        try await daemon.line("config.loaded", skipping: length) { $0.level == "info" }
        let after = try await scraper.lines()
        #expect(after.contains { $0.contains(Scene.name(0)) })
        #expect(!after.contains { $0.contains(Scene.name(1)) })
        #expect(!after.contains { $0.contains(Scene.account(1)) })
      }
    }
  }

  @Test("A rejected configuration, a denied permission and a missing poll show in the metrics")
  func troubles() async throws {
    try await Stage.with(Scene.one()) { stage in
      var config = stage.config
      config.metrics = ["listen": "127.0.0.1:0"]
      try stage.configure(config)
      let daemon = try await stage.pollingDaemon()
      try await scraping(daemon) { scraper in
        let loaded = try await scraper.value("config_last_reload_success_timestamp_seconds")
        try write("nonsense: true\n", to: stage.configPath)
        daemon.process.send(SIGHUP)
        try await daemon.line("config.rejected")
        #expect(try await scraper.value("config_last_reload_successful") == "0")
        #expect(try await scraper.value("config_last_reload_success_timestamp_seconds") == loaded)
        try await stage.simulate(
          "fault",
          ["fault": "access_denied", "operation": "ListCertificates", "count": 100_000])
        try await daemon.line("poll.failed")
        _ = try await eventually("the daemon is not ready") {
          let health = try await scraper.get("/healthz")
          return health.status == 503 && health.text.hasPrefix("the last successful poll was ")
            ? true : nil
        }
        let denied =
          "api_requests_total{service=\"acm\",operation=\"ListCertificates\",outcome=\"access_denied\"}"
        #expect(try await scraper.value(denied).flatMap { Int($0) } ?? 0 > 0)
      }
    }
  }

  @Test("A port in use keeps nothing from rotating, and is taken when it is free")
  func portInUse() async throws {
    try await Stage.with(Scene.one()) { stage in
      let other = try EchoServer(.message)
      var config = stage.config
      config.metrics = ["listen": "127.0.0.1:\(other.port)"]
      try stage.configure(config)
      let daemon = try await stage.pollingDaemon()
      let line = try await daemon.line("metrics.failed")
      #expect(line.level == "error")
      #expect(line["error"]?.contains("127.0.0.1:\(other.port)") == true)
      #expect(line["error"]?.contains("address already in use (errno 98)") == true)
      _ = try await stage.issue(name)
      try await daemon.line("rollout.completed", domain: name)
      #expect(daemon.lines("metrics.failed").count == 1)
      // A new address is in force at once.
      config.metrics = ["listen": "127.0.0.1:0"]
      try stage.configure(config)
      daemon.process.send(SIGHUP)
      try await scraping(daemon) { scraper in
        let status = try await scraper.get("/healthz").status
        #expect(status == 200)
      }
      #expect(try await daemon.stop() == .exited(0))
    }
  }

  @Test("SIGHUP moves the metrics to another address and another file, and turns them off")
  func reload() async throws {
    try await Stage.with(Scene.one()) { stage in
      let files = ["a", "b"].map { stage.directory + "/\($0).prom" }
      var config = stage.config
      config.metrics = ["listen": "127.0.0.1:0", "textfile": files[0]]
      try stage.configure(config)
      let daemon = try await stage.pollingDaemon()
      let first = try #require(try await daemon.line("metrics.listening")["address"])
      _ = try await eventually("the first file is there") {
        text(files[0]).contains("build_info") ? true : nil
      }
      config.metrics = ["listen": "'[::1]:0'", "textfile": files[1]]
      try stage.configure(config)
      let length = daemon.log.count
      daemon.process.send(SIGHUP)
      try await scraping(daemon, skipping: length) { scraper in
        #expect(scraper.address.hasPrefix("[::1]:"))
        let status = try await scraper.get("/healthz").status
        #expect(status == 200)
      }
      _ = try await eventually("the second file is there, and the first is gone") {
        text(files[1]).contains("build_info") && text(files[0]).isEmpty ? true : nil
      }
      config.metrics = [:]
      try stage.configure(config)
      let end = daemon.log.count
      daemon.process.send(SIGHUP)
      try await daemon.line("config.loaded", skipping: end) { $0.level == "info" }
      #expect(text(files[1]).isEmpty)
      let http = CurlTransport()
      await #expect(throws: TransportError.self) {
        try await http.send(HTTPRequest(method: "GET", url: "http://\(first)/healthz", body: []))
      }
      await http.shutDown()
    }
  }

  @Test(
    "A text file that cannot be written is logged once, keeps nothing from rotating, and recovers",
    .enabled(if: SmallDisk.canMount, "a tmpfs cannot be mounted here: not proven"),
    arguments: ["missing", "full"])
  func unwritable(why: String) async throws {
    try await Stage.with(Scene.one()) { stage in
      let directory = stage.directory + "/node"
      let disk = why == "full" ? try SmallDisk(directory) : nil
      try disk?.fill()
      var config = stage.config
      config.metrics = ["textfile": directory + "/certd.prom"]
      try stage.configure(config)
      let daemon = try await stage.pollingDaemon()
      let line = try await daemon.line("metrics.failed")
      let error = try #require(line["error"])
      #expect(error.contains(directory + "/certd.prom"))
      #expect(error.hasSuffix(why == "full" ? "make room on the disk" : "create the directory"))
      _ = try await stage.issue(name)
      try await daemon.line("rollout.completed", domain: name)
      try await daemon.polls(2)
      #expect(daemon.lines("metrics.failed").count == 1)
      if let disk { disk.empty() } else { #expect(mkdir(directory, 0o755) == 0) }
      _ = try await eventually("the file is there") {
        text(directory + "/certd.prom").contains("build_info") ? true : nil
      }
      #expect(try await daemon.stop() == .exited(0))
    }
  }

  @Test("run --once leaves its metrics in the file")
  func once() async throws {
    try await Stage.with(Scene.one()) { stage in
      var config = stage.config
      config.metrics = ["textfile": stage.directory + "/certd.prom"]
      try stage.configure(config)
      #expect(try await stage.run("run", "--once").status == 0)
      let labels = "domain=\"\(name)\",condition=\"in_sync\""
      #expect(
        text(stage.directory + "/certd.prom")
          .contains("\ncognito_certd_domain_condition{\(labels)} 1\n"))
    }
  }
}
