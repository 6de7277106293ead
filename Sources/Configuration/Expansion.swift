/// A value in which `${NAME}` was replaced, and the text that a message may show instead.
struct ExpandedText: Equatable, Sendable {
  let text: String
  /// As written in the file. What comes from the environment may be secret.
  let written: String
  /// Whether a part of the text comes from the environment.
  var isFromEnvironment: Bool

  /// In bytes of UTF-8. No setting needs more: the longest is a path of 4,095 bytes.
  static let maximumLength = 8192

  /// Replaces every `${NAME}` in `written`. The values of variables are not expanded again.
  /// `$$` is one dollar sign, so that `$${NAME}` means the characters `${NAME}`; any other
  /// dollar sign is kept.
  init(expanding written: String, environment: [String: String]) throws(ExpansionFailure) {
    var text = ""
    var messages: [String] = []
    var isFromEnvironment = false
    var rest = Substring(written)
    while text.utf8.count <= ExpandedText.maximumLength,
      let dollar = rest.utf8.firstIndex(of: UInt8(ascii: "$"))
    {
      text += rest[..<dollar]
      rest = rest[rest.utf8.index(after: dollar)...]
      if rest.utf8.first == UInt8(ascii: "$") {
        text += "$"
        rest = rest[rest.utf8.index(after: rest.startIndex)...]
      } else if rest.utf8.first == UInt8(ascii: "{") {
        guard let end = rest.utf8.firstIndex(of: UInt8(ascii: "}")) else {
          messages.append(
            "\"${\" has no matching \"}\"; add it, or write $${ for the characters ${")
          break
        }
        let name = String(rest[rest.utf8.index(after: rest.startIndex)..<end])
        rest = rest[rest.utf8.index(after: end)...]
        switch ExpandedText.value(of: name, in: environment) {
        case .success(let value):
          text += value
          isFromEnvironment = true
        case .failure(let failure): messages += failure.messages
        }
      } else {
        text += "$"
      }
    }
    text += rest
    if messages.isEmpty, text.utf8.count > ExpandedText.maximumLength {
      messages.append("the value is longer than \(ExpandedText.maximumLength) bytes; shorten it")
    }
    if !messages.isEmpty { throw ExpansionFailure(messages: messages) }
    self.text = text
    self.written = written
    self.isFromEnvironment = isFromEnvironment
  }

  private static func value(
    of name: String, in environment: [String: String]
  ) -> Result<String, ExpansionFailure> {
    let isName =
      name.utf8.first.map { !(0x30...0x39).contains($0) } ?? false
      && name.utf8.allSatisfy {
        (0x30...0x39).contains($0) || (0x41...0x5a).contains($0) || (0x61...0x7a).contains($0)
          || $0 == UInt8(ascii: "_")
      }
    if !isName {
      return .failure(
        ExpansionFailure(messages: [
          """
          \("${\(name)}".quoted(limit: 80)) is not the name of an environment variable; \
          use letters, digits and underscores, or write $${ for the characters ${
          """
        ]))
    }
    guard let value = environment[name] else {
      return .failure(
        ExpansionFailure(messages: [
          "the environment variable \(name) is not set; set it for the service, or remove ${\(name)}"
        ]))
    }
    return .success(value)
  }
}

/// Why a value cannot be expanded: one message for each error in it.
struct ExpansionFailure: Error, Equatable {
  var messages: [String]
}
