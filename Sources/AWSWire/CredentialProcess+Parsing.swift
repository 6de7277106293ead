extension CredentialProcess {
  init(_ command: ProfileSetting) throws(CredentialProblem) {
    guard let words = ShellWords.split(command.text) else {
      throw CredentialProblem(
        "\(command.place): a quotation mark or a backslash has no end: correct the command")
    }
    guard let program = words.first, !program.isEmpty else {
      throw CredentialProblem("\(command.place): it names no program: write its path")
    }
    arguments = words
    place = command.place
  }
}

/// Splits a command into words as the SDKs do: like a shell, but with no meaning for `$`, `*`, `|`
/// and the like. It is `shlex.split` of Python.
enum ShellWords {
  private enum Quote { case none, single, double }

  /// nil when a quotation mark is not closed, or a backslash is last.
  static func split(_ command: String) -> [String]? {
    var words: [String] = []
    var word: String?
    var quote = Quote.none
    var rest = command.unicodeScalars[...]
    func append(_ scalar: Unicode.Scalar) { word = (word ?? "") + String(scalar) }
    while let scalar = rest.popFirst() {
      switch (quote, scalar) {
      case (.none, " "), (.none, "\t"), (.none, "\r"), (.none, "\n"):
        if let word { words.append(word) }
        word = nil
      case (.none, "'"), (.none, "\""):
        quote = scalar == "'" ? .single : .double
        word = word ?? ""
      case (.single, "'"), (.double, "\""): quote = .none
      case (.none, "\\"):
        guard let next = rest.popFirst() else { return nil }
        append(next)
      case (.double, "\\"):
        guard let next = rest.popFirst() else { return nil }
        // Before any other character the backslash stands for itself.
        if next != "\"" && next != "\\" { append(scalar) }
        append(next)
      case (.none, _), (.single, _), (.double, _): append(scalar)
      }
    }
    if quote != .none { return nil }
    if let word { words.append(word) }
    return words
  }
}
