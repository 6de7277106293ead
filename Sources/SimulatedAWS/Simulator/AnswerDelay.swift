import Transport

/// Calls whose answers are kept back until `release`.
struct AnswerDelay: Sendable {
  /// nil: any.
  var operation: String?
  /// nil: any. A domain or an ARN.
  var object: String?

  func concerns(_ request: HTTPRequest) -> Bool {
    guard let call = try? FakeRequest.read(request) else { return false }
    return (operation ?? call.operation) == call.operation && (object ?? call.object) == call.object
  }
}
