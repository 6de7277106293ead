import Foundation
import Glibc
import LosslessJSON
import POSIX
import TestSupport
import Testing
import Transport

/// A simulated AWS of a test's own, and everything that is run against it, in a directory that
/// is removed with it.
final class Stage: Sendable {
  private let temporary: TemporaryDirectory
  var directory: String { temporary.path }
  let simulator: ChildProcess
  /// The simulator ends when this is closed, even if the tests crash.
  private let leash: Int32
  private let ready: JSONValue
  private let http = CurlTransport()
  private let started = Guarded<[ChildProcess]>([])
  /// Set where a test has Cognito itself change what was sent.
  let overwritesSettings = Guarded(false)

  var configPath: String { directory + "/config.yaml" }
  var statePath: String { directory + "/state.sqlite" }
  var endpoint: String { ready["endpoint"]?.string ?? "" }
  var caFile: String { ready["ca_file"]?.string ?? "" }

  /// What must never be seen anywhere.
  static let secrets = [
    "TopSecretKeyOfTheTests/0123456789+abcdef", "TopSecretTokenOfTheTests//////////0123456789",
  ]

  /// The one account, with credentials that can be searched for.
  static let account: JSONValue = [
    "account": "123456789012", "access_key_id": "ASIAENDTOENDTESTS000",
    "secret_access_key": .string(secrets[0]), "session_token": .string(secrets[1]),
  ]

  /// - Parameter scenario: as docs/simulator.md describes it; the account need not be named.
  fileprivate init(_ scenario: JSONValue) async throws {
    temporary = try TemporaryDirectory()
    let directory = temporary.path
    var members = scenario.members ?? []
    if scenario["accounts"] == nil { members.append(.init("accounts", [Stage.account])) }
    let path = directory + "/scenario.json"
    try write(JSONValue.object(members).encoded, to: path)
    // No pipe: both ends of a FIFO can be kept from every other program that is started.
    let fifo = directory + "/leash"
    guard mkfifo(fifo, 0o600) == 0 else { throw SystemError.last }
    leash = open(fifo, O_RDWR | O_CLOEXEC)
    var arguments = ["serve", "--config", path, "--directory", directory, "--until-stdin-closes"]
    if (scenario["accounts"]?.array?.count ?? 1) > 1 {
      // For the profiles of all accounts.
      arguments += ["--write-config", directory + "/private"]
    }
    let process = try ChildProcess(
      "cognito-certd-simulator", arguments, environment: [:], output: directory + "/simulator",
      input: .file(fifo))
    simulator = process
    ready = try await eventually("the simulator is ready") {
      if let ending = process.poll() {
        throw TooLate(what: "it ended: \(ending)", limit: .zero, evidence: process.errorText)
      }
      let text = process.outputText
      guard text.hasSuffix("\n") else { return .none }
      return try JSONValue(parsing: text)
    }
  }

  /// Runs `body` with a stage of its own, and puts everything away afterwards, whatever came
  /// of it. Then nothing may have leaked.
  static func with(
    _ scenario: JSONValue, _ body: (Stage) async throws -> Void
  ) async throws {
    await Seats.shared.take()
    do {
      let stage = try await Stage(scenario)
      do {
        try await body(stage)
        try await stage.checkCalls()
        stage.checkTraces(try await stage.secrets())
      } catch {
        await stage.end()
        throw error
      }
      await stage.end()
    } catch {
      await Seats.shared.giveBack()
      throw error
    }
    await Seats.shared.giveBack()
  }

  private func end() async {
    for process in started.withLock({ $0 }) { process.kill() }
    close(leash)
    _ = try? await simulator.end(within: .seconds(5))
    simulator.kill()
    await http.shutDown()
  }

  // MARK: What is run

  /// Credentials and endpoint as the daemon gets them.
  var environment: [String: String] {
    [
      "AWS_ENDPOINT_URL": endpoint, "AWS_REGION": "us-east-1", "HOME": directory,
      "PATH": "/usr/bin:/bin", "LIBDISPATCH_LOG": "NO",
      "AWS_ACCESS_KEY_ID": ready["access_key_id"]?.string ?? "",
      "AWS_SECRET_ACCESS_KEY": ready["secret_access_key"]?.string ?? "",
      "AWS_SESSION_TOKEN": ready["session_token"]?.string ?? "",
      "AWS_SHARED_CREDENTIALS_FILE": directory + "/private.credentials",
    ]
  }

  /// A configuration with every domain of the scenario.
  var config: ConfigFile {
    ConfigFile(
      mappings: (ready["domains"]?.array ?? []).map { domain in
        ConfigFile.Mapping(
          domain: domain["domain"]?.string ?? "",
          userPoolID: domain["user_pool_id"]?.string ?? "",
          edges: (domain["edges"]?.array ?? []).compactMap(\.string))
      })
  }

  /// The same for several accounts: each domain with the profile of its own.
  var configWithProfiles: ConfigFile {
    var config = config
    for domain in ready["domains"]?.array ?? [] {
      guard let index = config.mappings.firstIndex(where: { $0.domain == domain["domain"]?.string })
      else { continue }
      config.mappings[index].more["profile"] = "account-\(domain["account"]?.string ?? "")"
    }
    return config
  }

  func configure(_ config: ConfigFile, stateFile: String? = nil) throws {
    try write(config.yaml(stateFile: stateFile ?? statePath, caFile: caFile), to: configPath)
  }

  /// Starts `cognito-certd run`.
  func daemon(
    _ arguments: String..., environment more: [String: String] = [:]
  ) throws -> Daemon {
    Daemon(try start(["run", "--config", configPath] + arguments, more))
  }

  /// The same, once its first poll is over.
  func pollingDaemon(environment more: [String: String] = [:]) async throws -> Daemon {
    let daemon = Daemon(try start(["run", "--config", configPath], more))
    try await daemon.line("poll.completed")
    return daemon
  }

  struct Result: Sendable {
    let status: Int32
    let output: String
    let errors: String
  }

  /// Runs a command of cognito-certd to its end, with the stage's configuration.
  func run(
    _ command: String, _ arguments: String..., environment more: [String: String] = [:]
  ) async throws -> Result {
    try await run([command] + arguments + ["--config", configPath], more)
  }

  func run(_ arguments: [String], _ more: [String: String] = [:]) async throws -> Result {
    let process = try start(arguments, more)
    switch try await process.end() {
    case .exited(let status):
      return Result(status: status, output: process.outputText, errors: process.errorText)
    case .killed(let signal):
      throw TooLate(what: "\(arguments) was killed by \(signal)", limit: .zero)
    }
  }

  /// Starts a command whose streams go to `output` with `.out` and `.err` behind it.
  func process(_ arguments: [String], output: String) throws -> ChildProcess {
    try start(arguments + ["--config", configPath], [:], output: output)
  }

  /// `cognito-certd run` with a reader of its log that sees each line as it is written.
  func watchedDaemon(_ see: @escaping @Sendable (LogLine) -> Void) throws -> ChildProcess {
    let output = directory + "/watched"
    guard mkfifo(output + ".err", 0o600) == 0 else { throw SystemError.last }
    let thread = Thread {
      guard let log = fopen(output + ".err", "re") else { return }
      defer { fclose(log) }
      var line: UnsafeMutablePointer<CChar>?
      var capacity = 0
      defer { free(line) }
      // Ends with the program that writes.
      while getline(&line, &capacity, log) > 0, let text = line {
        if let parsed = LogLine(String(cString: text).dropLast()) { see(parsed) }
      }
    }
    thread.start()
    return try start(["run", "--config", configPath], [:], output: output)
  }

  /// - Parameter wrapper: a command that ends by running the program that follows it.
  func start(
    _ arguments: [String], _ more: [String: String], output: String? = nil,
    through wrapper: [String] = []
  ) throws -> ChildProcess {
    let number = started.withLock { $0.count }
    let command = wrapper + [ChildProcess.directory + "/cognito-certd"] + arguments
    let process = try ChildProcess(
      command[0], Array(command.dropFirst()), environment: environment.merging(more) { $1 },
      output: output ?? directory + "/\(number)-\(UUID().uuidString)")
    started.withLock { $0.append(process) }
    return process
  }

  // MARK: The simulated world

  @discardableResult
  func simulate(_ command: String, _ arguments: JSONValue = [:]) async throws -> JSONValue {
    let answer = try await http.send(
      HTTPRequest(
        url: endpoint + "/_simulator/" + command, body: Array(arguments.encoded.utf8)))
    let value = try JSONValue(parsing: answer.body)
    guard answer.status == 200 else {
      throw TooLate(what: "\(command) \(arguments.encoded): \(value.encoded)", limit: .zero)
    }
    return value
  }

  /// Issues a certificate that is newer than every other, and returns its ARN.
  func issue(_ names: String..., more: JSONValue = [:]) async throws -> String {
    let fields =
      [JSONValue.Member("names", .array(names.map(JSONValue.string)))] + (more.members ?? [])
    return try #require(try await simulate("issue", .object(fields))["arn"]?.string)
  }

  /// The certificate that Cognito shows.
  func attached(to domain: String) async throws -> String {
    let domains = try await simulate("domains")["domains"]?.array ?? []
    return domains.first { $0["domain"]?.string == domain }?["certificate_arn"]?.string ?? ""
  }

  /// Every call so far of one operation.
  func calls(_ operation: String, domain: String? = nil) async throws -> [JSONValue] {
    let answer = try await simulate("calls", ["operation": .string(operation)])
    return (answer["calls"]?.array ?? []).filter {
      domain == nil || $0["object"]?.string == domain
    }
  }

  /// The certificates that calls attached, in their order.
  func effects(on domain: String) async throws -> [String] {
    try await calls("UpdateUserPoolDomain", domain: domain)
      .filter { $0["had_effect"]?.bool == true }.compactMap { $0["certificate_arn"]?.string }
  }

  // MARK: Traces

  /// What holds of every update in every test: it is made when Cognito takes updates, for a
  /// certificate that it can serve, and changes nothing but the certificate.
  private func checkCalls() async throws {
    for call in try await calls("UpdateUserPoolDomain") where call["fault"] == .null {
      let code = call["code"]?.string
      #expect(code != "ConcurrentModificationException", "\(call.encoded)")
      #expect(call["had_effect"]?.bool == true || code != nil, "\(call.encoded)")
    }
    let changes = try await simulate("attachments")["attachments"]?.array ?? []
    for change in changes where change["by"] == "call" && !overwritesSettings.withLock({ $0 }) {
      #expect(change["settings_changed"] == false, "\(change.encoded)")
    }
  }

  /// Nothing that was written holds a secret, or a part of a signed request.
  private func checkTraces(_ handedOut: [String]) {
    let files = FileManager.default.enumerator(atPath: directory)
    for case let name as String in files ?? .init()
    where !["scenario.json", "simulator.out", "leash", "watched.err", "config.yaml"].contains(name)
      && !name.hasPrefix("private")
    {
      let text = text(directory + "/" + name)
      for secret in Stage.secrets + handedOut + ["AWS4-HMAC-SHA256", "Signature=", "Authorization"]
      {
        #expect(!text.contains(secret), "\(secret) stands in \(name)")
      }
    }
  }
}

/// So that scenarios can be written as they are documented.
extension JSONValue: ExpressibleByFloatLiteral {
  package init(floatLiteral value: Double) { self = .number(String(value)) }
}

func write(_ text: String, to path: String) throws {
  try Data(text.utf8).write(to: URL(filePath: path))
}

/// How many stages there are at a time: each is two processes, and windows of seconds are to
/// mean something.
private actor Seats {
  static let shared = Seats(count: 14)

  private var free: Int
  private var waiting: [CheckedContinuation<Void, Never>] = []

  init(count: Int) { free = count }

  func take() async {
    if free > 0 {
      free -= 1
      return
    }
    await withCheckedContinuation { waiting.append($0) }
  }

  func giveBack() {
    if waiting.isEmpty { free += 1 } else { waiting.removeFirst().resume() }
  }
}
