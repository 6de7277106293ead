import LosslessJSON
import Redaction
import RolloutCore
import Transport

/// The code and message of an error answer, as far as they can be read.
struct ErrorAnswer {
  let code: String?
  let message: String
  let kind: Failure.Kind

  /// A code may have a namespace before `#` and a URL after `:`.
  init(reading response: HTTPResponse, hiding secrets: [Secret]) {
    var code = response.header("x-amzn-errortype")
    var message: String?
    if let body = try? JSONValue(parsing: response.body), body.members != nil {
      code = code ?? body["__type"]?.string ?? body["code"]?.string ?? body["Code"]?.string
      message = body["message"]?.string ?? body["Message"]?.string ?? ""
    } else if let error = QueryAnswer(response.body)?.error {
      code = code ?? error.code
      message = error.message
    }
    self.code = code.flatMap { ErrorAnswer.plainCode($0, hiding: secrets) }
    // The whole message decides, because the shown one may end before the error that it wraps.
    kind = ErrorClassification.kind(
      status: response.status, code: self.code, message: message ?? "")
    let place = ErrorAnswer.place(of: response)
    guard let message else {
      self.message = ErrorAnswer.describeUnexpectedBody(of: response)
      return
    }
    let text = SafeMessage.text(message, hiding: secrets)
    guard let known = self.code else {
      self.message = "an error without a code (\(place)): \(text)"
      return
    }
    self.message =
      ErrorClassification.isKnown(known)
      ? text : "\(text) (\(known), a code this version does not know, \(place))"
  }

  private static func plainCode(_ raw: String, hiding secrets: [Secret]) -> String? {
    let withoutURL = raw.split(separator: ":", maxSplits: 1).first ?? ""
    let name = withoutURL.split(separator: "#").last ?? ""
    return SafeMessage.token(String(name), hiding: secrets)
  }

  /// Describes a body that is not a JSON object: `HTML instead of JSON (HTTP 503, text/html)`.
  static func describeUnexpectedBody(of response: HTTPResponse, problem: JSONError? = nil) -> String
  {
    let place = place(of: response)
    let first = response.body.first { $0 > 0x20 }
    guard let first else { return "an empty body instead of JSON (\(place))" }
    let type = response.header("content-type")?.lowercased() ?? ""
    if type.hasPrefix("text/html") || first == UInt8(ascii: "<") {
      return "HTML instead of JSON (\(place))"
    }
    guard let problem else { return "no JSON object (\(place))" }
    return "malformed JSON at byte \(problem.offset) of \(response.body.count) (\(place))"
  }

  private static func place(of response: HTTPResponse) -> String {
    let type = response.header("content-type").flatMap { $0.split(separator: ";").first }
    let isPlain = type?.utf8.allSatisfy { (0x21...0x7e).contains($0) } ?? false
    let shown = type.flatMap {
      isPlain && $0.utf8.count <= 80 ? ", \(Redaction.foreignText(String($0)))" : nil
    }
    return "HTTP \(response.status)\(shown ?? "")"
  }
}
