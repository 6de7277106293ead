import LosslessJSON
import RolloutCore
import Transport

/// Makes the response of an answer, and corrupts it for a fault.
struct AnswerWriter {
  let admission: Admission
  let now: Instant

  init(admission: Admission, at now: Instant) {
    self.admission = admission
    self.now = now
  }

  func exchange(for result: Result<Reply, ServiceError>) -> Exchange {
    AnswerWriter.exchange(of: response(for: result), under: admission.fault)
  }

  /// How an answer arrives under a fault.
  static func exchange(of response: HTTPResponse, under fault: Fault?) -> Exchange {
    switch fault {
    case .unreachable: return .lost(.unreachable, response)
    case .requestLost: return .lost(.request, response)
    case .answerLost: return .lost(.answer, response)
    case .hangs, .unanswered: return .lost(.hang, response)
    case .halfAnswer: return .cutShort(response)
    case nil, .throttled, .internalError, .unavailable, .proxyUnavailable, .expiredCredentials,
      .wrongSignature, .accessDenied, .distributionDenied, .concurrentModification,
      .internalErrorAfterwards, .truncated, .proxyPage, .emptyObject, .missingMembers,
      .unknownValues, .oversized, .endlessPages, .emptyDescription, .staysUpdating,
      .endsFailed, .staleEdges, .oneStaleEdge:
      return .answered(response)
    }
  }

  private func response(for result: Result<Reply, ServiceError>) -> HTTPResponse {
    switch result {
    case .failure(let error): return answer(error)
    case .success(let reply):
      if admission.fault == .internalErrorAfterwards {
        return answer(FaultAnswer.internalError(admission.service))
      }
      if admission.fault == .proxyPage {
        return answer(
          status: 200, type: "text/html", body: FaultAnswer.proxyPage("Sign in to the network"),
          isFromAWS: false)
      }
      let response: HTTPResponse
      switch reply.content {
      case .xml(let text):
        let corrupted = admission.fault.map { FaultAnswer.corrupt(text, by: $0) } ?? text
        response = answer(status: 200, type: "text/xml", body: corrupted)
      case .json(let value):
        let corrupted = admission.fault.map { FaultAnswer.corrupt(value, by: $0) } ?? value
        response = answer(status: 200, type: FakeRequest.contentType, body: corrupted.encoded)
      }
      return admission.fault.map { FaultAnswer.corrupt(response, by: $0) } ?? response
    }
  }

  private func answer(_ error: ServiceError) -> HTTPResponse {
    if let body = error.rawBody {
      let isProxy = body.hasPrefix("<!DOCTYPE")
      return answer(
        status: error.status, type: isProxy ? "text/html" : "application/xml", body: body,
        isFromAWS: !isProxy)
    }
    if admission.service == .sts {
      let code = XMLText.code(of: error)
      return answer(
        status: XMLText.forbidden.contains(code) ? 403 : error.status, type: "text/xml",
        body: XMLText.error(code: code, message: error.message, admission.requestID))
    }
    var response: HTTPResponse
    switch error.origin {
    case .service:
      response = answer(
        status: error.status, type: FakeRequest.contentType,
        body: JSONValue.object([
          .init("__type", .string(error.code)), .init("message", .string(error.message)),
        ]).encoded)
    case .framework:
      let name = error.code == "AccessDeniedException" ? "Message" : "message"
      var members: [JSONValue.Member] = [
        .init("__type", .string("com.amazon.coral.service#" + error.code))
      ]
      if !error.message.isEmpty { members.append(.init(name, .string(error.message))) }
      response = answer(
        status: error.status, type: FakeRequest.contentType,
        body: JSONValue.object(members).encoded)
    }
    if admission.service == .cognito {
      response.headers.append(Header("x-amzn-ErrorType", error.code + ":"))
      response.headers.append(Header("x-amzn-ErrorMessage", error.message))
    }
    return response
  }

  private func answer(
    status: Int, type: String, body: String, isFromAWS: Bool = true
  ) -> HTTPResponse {
    var headers = [
      Header("Date", HTTPDate.text(now + admission.clockOffset)), Header("Content-Type", type),
    ]
    if isFromAWS { headers.append(Header("x-amzn-RequestId", admission.requestID)) }
    let bytes = Array(body.utf8)
    headers.append(Header("Content-Length", String(bytes.count)))
    return HTTPResponse(status: status, headers: headers, body: bytes)
  }
}

/// The date of HTTP headers: `Mon, 23 Nov 2026 21:36:51 GMT`.
enum HTTPDate {
  private static let days = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"]
  private static let months = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
  ]

  static func text(_ instant: Instant) -> String {
    let (year, month, day) = instant.civilDate
    let second = instant.millisecondOfDay / 1000
    let dayNumber = (instant.milliseconds - instant.millisecondOfDay) / 86_400_000
    let weekday = days[Int(((dayNumber % 7) + 7) % 7)]
    let monthName = months[Int(min(max(month, 1), 12)) - 1]
    return "\(weekday), \(two(day)) \(monthName) \(year) "
      + "\(two(second / 3600)):\(two(second / 60 % 60)):\(two(second % 60)) GMT"
  }

  private static func two(_ value: Int64) -> String {
    value < 10 ? "0\(value)" : String(value)
  }
}

/// The answers of the query protocol.
enum XMLText {
  static let namespace = "https://sts.amazonaws.com/doc/2011-06-15/"

  static func escape(_ text: String) -> String {
    var escaped = ""
    for character in text {
      switch character {
      case "&": escaped += "&amp;"
      case "<": escaped += "&lt;"
      case ">": escaped += "&gt;"
      case "\"": escaped += "&quot;"
      case let other: escaped.append(other)
      }
    }
    return escaped
  }

  static func answer(_ operation: String, _ requestID: String, _ body: String) -> String {
    """
    <\(operation)Response xmlns="\(namespace)">
      <\(operation)Result>
    \(body)
      </\(operation)Result>
      <ResponseMetadata>
        <RequestId>\(requestID)</RequestId>
      </ResponseMetadata>
    </\(operation)Response>

    """
  }

  static func error(code: String, message: String, _ requestID: String) -> String {
    """
    <ErrorResponse xmlns="\(namespace)">
      <Error>
        <Type>Sender</Type>
        <Code>\(escape(code))</Code>
        <Message>\(escape(message))</Message>
      </Error>
      <RequestId>\(requestID)</RequestId>
    </ErrorResponse>

    """
  }

  /// The codes of the framework that the query protocol answers with 403, where the JSON protocol
  /// answers with 400.
  static let forbidden: Set<String> = [
    "InvalidClientTokenId", "SignatureDoesNotMatch", "MissingAuthenticationToken", "ExpiredToken",
    "AccessDenied",
  ]

  /// The code that the query protocol uses for an error of the framework. A service's own stays.
  static func code(of error: ServiceError) -> String {
    guard error.origin == .framework else { return error.code }
    return switch error.code {
    case "UnrecognizedClientException": "InvalidClientTokenId"
    case "InvalidSignatureException": "SignatureDoesNotMatch"
    case "IncompleteSignatureException": "IncompleteSignature"
    case "MissingAuthenticationTokenException": "MissingAuthenticationToken"
    case "ExpiredTokenException": "ExpiredToken"
    case "AccessDeniedException": "AccessDenied"
    case "UnknownOperationException": "InvalidAction"
    default: error.code
    }
  }
}
