import Transport

/// Calls whose answers are kept back until `release`.
struct AnswerDelay: Sendable {
  /// nil: any.
  var operation: String?
  /// nil: any. A domain or an ARN.
  var object: String?

  func concerns(_ request: HTTPRequest) -> Bool {
    if let host = HostRequest(request) { return concerns(host.operation, host.object) }
    guard let call = try? FakeRequest.read(request) else { return false }
    return concerns(call.operation, call.object)
  }

  private func concerns(_ operation: String, _ object: String) -> Bool {
    (self.operation ?? operation) == operation && (self.object ?? object) == object
  }
}
