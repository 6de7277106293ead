import LosslessJSON
import POSIX
import RolloutCore
import SimulatedAWS
import Transport

/// The transport of the simulated daemon: AWS behind it, latencies and hanging accounts on the
/// way, and the checkers watching every request.
struct WorldTransport: HTTPTransport {
  let world: World

  private var machine: WorldMachine { world.machine }

  func send(_ request: HTTPRequest) async throws(TransportError) -> HTTPResponse {
    let call = WorldCall(request, uptime: machine.uptime)
    guard call.isUpdate ? machine.point() : machine.isOn else {
      throw .notSent("the power is out")
    }
    world.checkers.begins(call)
    let result: Result<HTTPResponse, TransportError>
    var isGood = false
    do throws(TransportError) {
      let (response, isFaultless) = try await exchange(request, call)
      isGood = isFaultless
      result = .success(response)
    } catch {
      result = .failure(error)
    }
    let isOn = call.isUpdate ? machine.point() : machine.isOn
    world.checkers.ends(call, result, isGood: isGood && isOn)
    guard isOn else { throw .answerLost("the power is out") }
    return try result.get()
  }

  private func exchange(
    _ request: HTTPRequest, _ call: WorldCall
  ) async throws(TransportError) -> (HTTPResponse, isFaultless: Bool) {
    let aws = world.aws
    await machine.sleep(for: world.latency())
    if Task.isCancelled { throw .answerLost("the request was cancelled") }
    let inner = FakeAWSTransport(
      aws, now: { machine.trueTime }, elapse: { await machine.sleep(for: $0) })
    let before = aws.withCloud { $0.attachments.count }
    defer {
      for change in aws.withCloud({ Array($0.attachments.dropFirst(before)) })
      where change.isByCall && change.domain == call.domain {
        world.checkers.attached(change, by: call)
      }
    }
    if world.hangs(call) {
      if call.isUpdate && world.chance(2) { _ = aws.exchange(request, at: machine.trueTime) }
      await machine.sleep(for: request.timeout)
      throw .timedOut("Operation timed out", sent: true)
    }
    let response = try await inner.send(request)
    let isFaultless = response.status == 200 && aws.withCloud { $0.calls.last?.fault == nil }
    machine.takeStepInRequest()
    await machine.sleep(for: world.latency())
    if Task.isCancelled { throw .answerLost("the request was cancelled") }
    return (response, isFaultless)
  }
}

/// One request, as far as the world and its checkers need to know it.
struct WorldCall: Sendable {
  let operation: String
  /// The index of the account whose key signed it.
  let account: Int
  /// The domain that it is about; empty for a certificate or a list.
  let domain: String
  /// The certificate that an update names.
  let certificate: String
  let userPool: String
  /// Whether it asks for the first page of a list.
  let isFirstPage: Bool
  let begunAt: Duration

  var isUpdate: Bool { operation == "UpdateUserPoolDomain" }
  var isDescription: Bool { operation == "DescribeUserPoolDomain" }
  var isList: Bool { operation == "ListCertificates" }

  init(_ request: HTTPRequest, uptime: Duration) {
    let target = request.header("X-Amz-Target") ?? ""
    operation = target.split(separator: ".").last.map(String.init) ?? ""
    account = WorldCall.account(of: request.header("Authorization") ?? "")
    begunAt = uptime
    // Of a certificate only the first page matters, and of a list nothing else.
    let body =
      operation == "DescribeCertificate" || operation == "GetCertificate"
      ? nil : try? JSONValue(parsing: request.body)
    domain = body?["Domain"]?.string ?? ""
    certificate = body?["CustomDomainConfig"]?["CertificateArn"]?.string ?? ""
    userPool = body?["UserPoolId"]?.string ?? ""
    isFirstPage = body?["NextToken"] == nil && body?["PaginationToken"] == nil
  }

  /// The last two digits of the access key's id.
  private static func account(of authorization: String) -> Int {
    guard let scope = authorization.split(separator: "=").dropFirst().first,
      let id = scope.split(separator: "/").first
    else { return -1 }
    return Int(id.suffix(2)) ?? -1
  }
}

extension HTTPRequest {
  fileprivate func header(_ name: String) -> String? {
    headers.first { $0.name == name }?.value
      ?? headers.first { $0.name.lowercased() == name.lowercased() }?.value
  }
}
