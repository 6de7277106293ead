import Foundation
import LosslessJSON
import POSIX
import RolloutCore
import SimulatedAWS
import Transport

/// A simulated AWS with many small accounts, and what the daemon and the boto3 loop need to use it.
///
/// It runs in this process, the measured programs in others.
final class BenchFleet {
  let domains: Int
  let accounts: Int
  let directory: String
  /// In memory, like systemd's RuntimeDirectory.
  private let runtime: String
  private let aws: FakeAWS
  private let server: SimulatorHTTPServer
  private let counts = Guarded<[String: Int]>([:])

  var config: String { directory + "/config.yaml" }
  /// The accounts for the boto3 loop.
  var fleetFile: String { directory + "/fleet.json" }
  private var credentials: String { directory + "/credentials" }
  private var state: String { directory + "/state.sqlite" }

  /// AWS's limit for a region and an account.
  static let domainsPerAccount = 4
  /// The boto3 loop keeps a connection for each of its clients.
  private static let maximumConnections = 8192

  /// - Parameter pollInterval: in seconds.
  init(domains: Int, latency: Duration, pollInterval: Int) throws {
    self.domains = domains
    accounts = max(1, domains / BenchFleet.domainsPerAccount)
    // On disk, because the bytes written to disk are measured.
    let name = "cognito-certd-bench-\(getpid())-\(domains)"
    directory = FileManager.default.currentDirectoryPath + "/.build/\(name)"
    runtime = "/dev/shm/\(name)"
    for path in [directory, runtime] {
      try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }
    let aws = FakeAWS()
    self.aws = aws
    var limits = HTTPServerLimits()
    limits.maximumConnections = BenchFleet.maximumConnections
    limits.idleTimeout = .minutes(10)
    let counts = counts
    server = try SimulatorHTTPServer(limits: limits) { request in
      let target = request.headers.first { $0.name.lowercased() == "x-amz-target" }?.value ?? ""
      // STS has no target: its form begins with the action.
      let action = String(decoding: request.body, as: UTF8.self).split(separator: "&").first
      let operation = String(target.split(separator: ".").last ?? action ?? "")
      counts.withLock { $0[operation, default: 0] += 1 }
      return SimulatorHTTPServer.Answer(
        .whole(aws.handle(request, at: BenchFleet.now)), after: latency)
    }
    try populate()
    try write(pollInterval: pollInterval)
  }

  private func populate() throws {
    let now = BenchFleet.now
    let mint = try CertificateMint(notBefore: now - .days(400), notAfter: now + .days(400))
    let leaf = try mint.issue(
      names: ["*.example.com"], notBefore: now - .days(10), notAfter: now + .days(80), serial: 7)
    let material = CertificateMaterial(leaf)
    for index in 0..<accounts {
      let account = String(100_000_000_000 + index)
      aws.withCloud { cloud in
        cloud.add(FakeAccessKey(id: "AKIA\(account)", secret: "bench-secret", account: account))
        let arn = cloud.issue(
          CertificateOrder(
            account: account, names: ["*.example.com"], material: material,
            createdAt: now - .days(10)), at: now - .days(10))
        for number in numbers(of: index) {
          cloud.add(
            FakeDomain(
              name: "d\(number).example.com", userPoolID: "eu-west-1_Pool\(number)",
              region: "eu-west-1", account: account, certificateARN: arn, since: now - .days(9)))
        }
      }
    }
  }

  /// The numbers of an account's domains.
  private func numbers(of account: Int) -> StrideTo<Int> {
    stride(from: account, to: domains, by: accounts)
  }

  private func write(pollInterval: Int) throws {
    var text = """
      state_file: \(state)
      poll_interval: \(pollInterval)s
      concurrency: \(Bench.concurrency)
      log: { format: logfmt, level: info }
      defaults:
        certificate: { any: true }
        probe: { enabled: false }
      domains:

      """
    // Short, because a file has at most 1 MiB.
    for number in 0..<domains {
      text += """
          - { domain: d\(number).example.com, user_pool_id: eu-west-1_Pool\(number), \
        profile: account\(number % accounts) }

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
    let fleet = JSONValue.array(
      (0..<accounts).map { index in
        .object([
          .init("access_key_id", .string("AKIA\(100_000_000_000 + index)")),
          .init("secret_access_key", "bench-secret"),
          .init(
            "domains", .array(numbers(of: index).map { .string("d\($0).example.com") })),
        ])
      })
    try fleet.encoded.write(toFile: fleetFile, atomically: true, encoding: .utf8)
  }

  var endpoint: String { "http://127.0.0.1:\(server.port)" }

  var environment: [String: String] {
    [
      "AWS_ENDPOINT_URL": endpoint, "AWS_SHARED_CREDENTIALS_FILE": credentials,
      "AWS_CONFIG_FILE": directory + "/none", "AWS_EC2_METADATA_DISABLED": "true",
      "RUNTIME_DIRECTORY": runtime, "LIBDISPATCH_LOG": "NO",
      "LD_LIBRARY_PATH": ProcessInfo.processInfo.environment["LD_LIBRARY_PATH"] ?? "",
    ]
  }

  /// The end of what the daemon logged.
  var log: String {
    let text = FileManager.default.contents(atPath: directory + "/log") ?? Data()
    return String(decoding: text.suffix(2000), as: UTF8.self)
  }

  /// The requests so far, by operation.
  var calls: [String: Int] { counts.withLock { $0 } }

  /// The times that every account was listed, with the accounts listed once more as a fraction.
  var polls: Double { Double(calls["ListCertificates"] ?? 0) / Double(accounts) }

  /// Waits until `polls` is that number.
  func wait(forPolls wanted: Double, within limit: Double) throws {
    let end = MeasuredProcess.uptime + limit
    while polls < wanted {
      guard MeasuredProcess.uptime < end else {
        throw TooSlow(description: "no more than \(polls) polls in \(limit) seconds")
      }
      usleep(10_000)
    }
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

  static var now: Instant {
    var time = timespec()
    clock_gettime(CLOCK_REALTIME, &time)
    return Instant(milliseconds: Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000)
  }
}
