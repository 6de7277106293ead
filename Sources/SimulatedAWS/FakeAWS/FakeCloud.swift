import LosslessJSON
import RolloutCore
import Transport

/// The state of the simulated AWS: accounts, certificates, domains, and the record of requests and
/// changes.
package struct FakeCloud: Sendable {
  package let random: SeededRandom
  package var options: FakeAWSOptions

  package internal(set) var keys: [String: FakeAccessKey] = [:]
  package internal(set) var roles: [String: FakeRole] = [:]
  package var metadata = FakeMetadata()
  /// By name.
  package internal(set) var containers: [String: FakeContainer] = [:]
  /// `ACCOUNT ACTION`, the action in IAM's notation.
  var denied: Set<String> = []

  package internal(set) var certificates: [String: FakeCertificate] = [:]
  /// ARNs in the order of creation.
  var certificatesOfAccount: [String: [String]] = [:]
  package internal(set) var domains: [String: FakeDomain] = [:]
  var domainsOfAccount: [String: [String]] = [:]
  /// Pools without a custom domain. Those of domains are made from these.
  var otherPools: [FakeUserPool] = []

  /// Decides the fault of a request to which no script applies.
  package var decider: FaultDecider?
  package internal(set) var scripted: [ScriptedFault] = []
  var occurrences: [String: Int] = [:]

  /// Every request, in the order of the answers.
  package internal(set) var calls: [FakeCall] = []
  package internal(set) var attachments: [AttachmentChange] = []
  var sequence = 0

  /// When a record is longer, its older half is removed.
  static let maximumRecords = 400_000

  init(random: SeededRandom, options: FakeAWSOptions) {
    self.random = random
    self.options = options
  }

  /// Registers a request and decides its fault.
  mutating func admit(_ request: HTTPRequest, at now: Instant) -> Admission {
    let parsed: Result<FakeRequest, ServiceError>
    do throws(ServiceError) {
      parsed = .success(try FakeRequest.read(request))
    } catch {
      parsed = .failure(error)
    }
    let claim = try? SignatureCheck.claim(of: request)
    let key = claim.flatMap { keys[$0.accessKeyID] }
    let call = try? parsed.get()
    let service = call?.service.rawValue ?? ""
    let operation = call?.operation ?? ""
    let object = call?.object ?? ""
    let account =
      call?.isUnsigned ?? false ? FakeRole.account(of: object) : key?.account ?? ""
    let opportunity = opportunity(
      for: operation, in: account, of: object, at: now)
    return Admission(
      request: parsed, opportunity: opportunity, region: claim?.region ?? "",
      principal: key?.principal ?? "",
      requestID: random.uuid(
        "request", service, FakeCloud.kind(operation, account, object),
        String(opportunity.occurrence)),
      fault: call == nil ? nil : fault(for: opportunity), key: key,
      clockTolerance: options.clockTolerance, clockOffset: options.clockOffset)
  }

  private static func kind(_ operation: String, _ account: String, _ object: String) -> String {
    [operation, account, object].joined(separator: "\u{1f}")
  }

  /// Counts a request, and returns the facts on which its fault may depend.
  mutating func opportunity(
    for operation: String, in account: String, of object: String, at now: Instant
  ) -> FaultOpportunity {
    let kind = FakeCloud.kind(operation, account, object)
    let occurrence = occurrences[kind, default: 0]
    occurrences[kind] = occurrence + 1
    return FaultOpportunity(
      operation: operation, account: account, object: object, occurrence: occurrence, at: now)
  }

  mutating func fault(for opportunity: FaultOpportunity) -> Fault? {
    guard let index = scripted.firstIndex(where: { $0.matches(opportunity) }) else {
      return decider?(opportunity)
    }
    let fault = scripted[index].fault
    scripted[index].count -= 1
    if scripted[index].count <= 0 { scripted.remove(at: index) }
    return fault
  }

  /// Carries out a request whose signature is valid.
  mutating func perform(_ call: CallContext) throws(ServiceError) -> Reply {
    let service = call.request.service
    let action = (service == .tagging ? "tag" : service.rawValue) + ":" + call.request.operation
    if isDenied(action, in: call.key.account) {
      guard service == .sts, !call.request.object.isEmpty else {
        throw .accessDenied(call.key.principal, action)
      }
      throw .roleRefused(call.key.principal, call.request)
    }
    switch service {
    case .acm: return try performACM(call)
    case .cognito: return try performCognito(call)
    case .tagging: return try performTagging(call)
    case .sts: return try performSTS(call)
    case .iam: return try performIAM(call)
    }
  }

  func isDenied(_ action: String, in account: String) -> Bool {
    denied.contains(account + " " + action)
  }

  /// Records an answered request.
  mutating func record(
    _ admission: Admission, _ result: Result<Reply, ServiceError>, _ exchange: Exchange,
    at now: Instant
  ) {
    let outcome: FakeCall.Outcome
    switch exchange {
    case .answered(let response):
      outcome = .answered(status: response.status, code: admission.code(of: result))
    case .cutShort, .lost: outcome = .lost
    }
    let request = try? admission.request.get()
    record(
      FakeCall(
        sequence: sequence + 1, at: now, operation: admission.opportunity.operation,
        account: admission.opportunity.account, region: admission.region,
        object: admission.opportunity.object,
        certificateARN: request?.body["CustomDomainConfig"]?["CertificateArn"]?.string ?? "",
        principal: admission.principal, session: request?.sessionOrder,
        requestID: admission.requestID, fault: admission.fault, outcome: outcome,
        hadEffect: (try? result.get().hadEffect) ?? false))
  }

  mutating func record(_ call: FakeCall) {
    sequence += 1
    calls.append(call)
    if calls.count > FakeCloud.maximumRecords {
      calls.removeFirst(FakeCloud.maximumRecords / 2)
    }
  }
}
