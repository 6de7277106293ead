/// An answer of the query protocol, which is XML: as much of it as the one call here needs.
///
/// No general parser: an element is taken only when it stands once and holds plain text.
struct QueryAnswer {
  private let text: String

  /// nil when it is not XML of the AWS kind.
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
