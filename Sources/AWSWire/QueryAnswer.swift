/// An answer of the query protocol, which is XML.
///
/// This is not a general parser: it reads an element only if there is one of that name and it contains
/// plain text.
struct QueryAnswer {
  private let text: String

  /// Returns nil when the body is not an XML answer of AWS.
  init?(_ body: [UInt8]) {
    guard let text = String(validating: body, as: UTF8.self),
      text.contains("Response>") || text.contains("Response ")
    else { return nil }
    self.text = text
  }

  /// `<Error><Code>…</Code><Message>…</Message></Error>`.
  var error: (code: String?, message: String)? {
    guard text.contains("<ErrorResponse"), text.contains("<Error>") else { return nil }
    return (element("Code"), element("Message") ?? "")
  }

  /// The text of the only element of that name.
  func element(_ name: String) -> String? {
    let opening = text.ranges(of: "<\(name)>")
    let closing = text.ranges(of: "</\(name)>")
    guard let open = opening.first, let close = closing.first, opening.count == 1,
      closing.count == 1, open.upperBound <= close.lowerBound
    else { return nil }
    let content = text[open.upperBound..<close.lowerBound]
    return content.contains("<") ? nil : QueryAnswer.decoded(content)
  }

  private static func decoded(_ content: Substring) -> String {
    let entities = [
      ("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&apos;", "'"), ("&amp;", "&"),
    ]
    return entities.reduce(String(content)) { $0.replacing($1.0, with: $1.1) }
  }
}
