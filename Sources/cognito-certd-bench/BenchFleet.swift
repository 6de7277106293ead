import Foundation
import RolloutCore
import SimulatedAWS

/// A simulated AWS with many small accounts, and a configuration for it.
final class BenchFleet {
  let directory: String
  private let aws: FakeAWS
  private let server: SimulatorHTTPServer

  var config: String { directory + "/config.yaml" }
  private var credentials: String { directory + "/credentials" }
  /// In memory, like systemd's RuntimeDirectory.
  let runtime: String
  private var state: String { directory + "/state.sqlite" }

  init(domains: Int, accounts: Int, latency: Duration) throws {
    // On disk, because the bytes written to disk are measured.
    let name = "cognito-certd-bench-\(getpid())-\(domains)"
    directory = FileManager.default.currentDirectoryPath + "/.build/\(name)"
    runtime = "/dev/shm/\(name)"
    for path in [directory, runtime] {
      try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }
    let aws = FakeAWS()
    self.aws = aws
    let now = BenchFleet.now
    let mint = try CertificateMint(notBefore: now - .days(400), notAfter: now + .days(400))
    let leaf = try mint.issue(
      names: ["*.example.com"], notBefore: now - .days(10), notAfter: now + .days(80), serial: 7)
    let material = CertificateMaterial(
      certificatePEM: leaf.certificatePEM, chainPEM: leaf.chainPEM, sha256: leaf.sha256,
      serial: leaf.serial, notBefore: leaf.notBefore, notAfter: leaf.notAfter)
    for index in 0..<accounts {
      let account = String(100_000_000_000 + index)
      aws.withCloud { cloud in
        cloud.add(
          FakeAccessKey(id: "AKIA\(account)", secret: "bench-secret", account: account))
        let arn = cloud.issue(
          CertificateOrder(
            account: account, names: ["*.example.com"], material: material,
            createdAt: now - .days(10)), at: now - .days(10))
        for number in stride(from: index, to: domains, by: accounts) {
          cloud.add(
            FakeDomain(
              name: "d\(number).example.com", userPoolID: "eu-west-1_Pool\(number)",
              region: "eu-west-1", account: account, certificateARN: arn, since: now - .days(9)))
        }
      }
    }
    server = try SimulatorHTTPServer { request in
      SimulatorHTTPServer.Answer(
        .whole(aws.handle(request, at: BenchFleet.now)), after: latency)
    }
    try write(domains: domains, accounts: accounts)
  }

  private func write(domains: Int, accounts: Int) throws {
    var text = """
      state_file: \(state)
      poll_interval: 1h
      concurrency: \(Bench.concurrency)
      log: { format: logfmt, level: info }
      domains:

      """
    for number in 0..<domains {
      text += """
          - domain: d\(number).example.com
            user_pool_id: eu-west-1_Pool\(number)
            profile: account\(number % accounts)
            certificate: { any: true }
            probe: { enabled: false }

        """
    }
    try text.write(toFile: config, atomically: true, encoding: .utf8)
    let keys = (0..<accounts).map { index in
      """
      [account\(index)]
      aws_access_key_id = AKIA\(100_000_000_000 + index)
      aws_secret_access_key = bench-secret

      """
    }
    try keys.joined().write(toFile: credentials, atomically: true, encoding: .utf8)
  }

  var environment: [String: String] {
    [
      "AWS_ENDPOINT_URL": "http://127.0.0.1:\(server.port)",
      "AWS_SHARED_CREDENTIALS_FILE": credentials, "AWS_CONFIG_FILE": directory + "/none",
      "RUNTIME_DIRECTORY": runtime, "LIBDISPATCH_LOG": "NO",
      "LD_LIBRARY_PATH": ProcessInfo.processInfo.environment["LD_LIBRARY_PATH"] ?? "",
    ]
  }

  func calls() -> [String: Int] {
    aws.withCloud { cloud in cloud.calls.reduce(into: [:]) { $0[$1.operation, default: 0] += 1 } }
  }

  /// The content of the heartbeat, which changes with every poll.
  func polls() -> String? {
    FileManager.default.contents(atPath: runtime + "/heartbeat").map {
      String(decoding: $0, as: UTF8.self)
    }
  }

  func waitForPoll(since before: String?) throws {
    for _ in 0..<600 {
      if let now = polls(), now != before, now.contains("T") { return }
      usleep(50_000)
    }
    throw BenchProblem("no poll was completed within 30 seconds")
  }

  /// The sizes and times of the state file and its -wal file.
  func stateStamp() -> [String] {
    ["", "-wal"].map { suffix in
      var info = stat()
      guard stat(state + suffix, &info) == 0 else { return "absent" }
      return "\(info.st_size) \(info.st_mtim.tv_sec).\(info.st_mtim.tv_nsec)"
    }
  }

  func remove() {
    server.stop()
    for path in [directory, runtime] {
      do {
        try FileManager.default.removeItem(atPath: path)
      } catch {
        print("\(path) was not removed: \(error)")
      }
    }
  }

  private static var now: Instant {
    var time = timespec()
    clock_gettime(CLOCK_REALTIME, &time)
    return Instant(milliseconds: Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000)
  }
}
