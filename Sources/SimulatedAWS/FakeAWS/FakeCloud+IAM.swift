import RolloutCore

/// The parameters of a request to IAM.
enum IAMInput {
  static let version = "2010-05-08"
}

extension FakeCloud {
  mutating func performIAM(_ call: CallContext) throws(ServiceError) -> Reply {
    switch call.request.operation {
    case "SimulatePrincipalPolicy": return .xml(try simulatePrincipalPolicy(call))
    default: throw .unknownOperation
    }
  }

  /// Whether a principal may do something. Everything is allowed that was not denied to its account.
  private func simulatePrincipalPolicy(_ call: CallContext) throws(ServiceError) -> String {
    let form = call.request.form
    guard let principal = form["PolicySourceArn"], let action = form["ActionNames.member.1"] else {
      throw ServiceError("ValidationError", "Value null failed to satisfy constraint")
    }
    guard FakeRole.account(of: principal) == call.account,
      principal.hasPrefix("arn:aws:iam:"), !FakeRole.isRole(principal) || roles[principal] != nil
    else {
      throw ServiceError("NoSuchEntity", "No such entity: \(principal)", status: 404)
    }
    let decision = isDenied(action, in: call.account) ? "implicitDeny" : "allowed"
    return XMLText.answer(
      call.request.operation, call.requestID,
      """
          <IsTruncated>false</IsTruncated>
          <EvaluationResults>
            <member>
              <EvalActionName>\(XMLText.escape(action))</EvalActionName>
              <EvalResourceName>\(XMLText.escape(form["ResourceArns.member.1"] ?? "*"))</EvalResourceName>
              <EvalDecision>\(decision)</EvalDecision>
            </member>
          </EvaluationResults>
      """)
  }
}
