/// The text of a value after `${NAME}` was replaced, and what a message may show of it.
struct ExpandedText: Equatable, Sendable {
  let text: String
  /// As it stands in the file: what came from the environment may be secret.
  let written: String
  /// Whether anything came from the environment.
  var isFromEnvironment: Bool

  /// In bytes of UTF-8; nothing that a setting takes is longer.
  static let maximumLength = 8192

  /// Replaces every `${NAME}` in `written` once; what comes in is not looked through again.
  /// `$$` is one dollar sign, so that `$${NAME}` means the characters `${NAME}`; any other
  /// dollar sign stands for itself.
  init(expanding written: String, environment: [String: String]) throws(UnexpandedText) {
    var text = ""
    var problems: [String] = []
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
          problems.append("\"${\" is not closed by \"}\"; write $${ for these characters as such")
          break
        }
        let name = String(rest[rest.utf8.index(after: rest.startIndex)..<end])
        rest = rest[rest.utf8.index(after: end)...]
        switch ExpandedText.value(of: name, in: environment) {
        case .success(let value):
          text += value
          isFromEnvironment = true
        case .failure(let problem): problems += problem.problems
        }
      } else {
        text += "$"
      }
    }
    text += rest
    if problems.isEmpty, text.utf8.count > ExpandedText.maximumLength {
      problems.append("the value is longer than \(ExpandedText.maximumLength) bytes; shorten it")
    }
    if !problems.isEmpty { throw UnexpandedText(problems: problems) }
    self.text = text
    self.written = written
    self.isFromEnvironment = isFromEnvironment
  }

  private static func value(
    of name: String, in environment: [String: String]
  ) -> Result<String, UnexpandedText> {
    let isName =
      name.utf8.first.map { !(0x30...0x39).contains($0) } ?? false
      && name.utf8.allSatisfy {
        (0x30...0x39).contains($0) || (0x41...0x5a).contains($0) || (0x61...0x7a).contains($0)
          || $0 == UInt8(ascii: "_")
      }
    if !isName {
      return .failure(
        UnexpandedText(problems: [
          """
          \("${\(name)}".quoted(limit: 80)) does not name an environment variable; write \
          ${NAME} with letters, digits and underscores, or $${ for these characters as such
          """
        ]))
    }
    guard let value = environment[name] else {
      return .failure(
        UnexpandedText(problems: [
          "the environment variable \(name) is not set; set it for the service, or remove ${\(name)}"
        ]))
    }
    return .success(value)
  }
}

/// Why a value could not be expanded: one sentence for each thing wrong with it.
struct UnexpandedText: Error, Equatable {
  var problems: [String]
}
