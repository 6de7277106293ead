/// Finds what reads beyond the entries of `readdir` in a process with many open files.
enum DirectoryEntries {
  /// The one file that reads a name in place.
  private static let reader = "POSIX/DirectoryEntry.swift"

  static func offences(in file: SourceFile) -> [String] {
    if file.path == reader { return [] }
    let tokens = Lexer.tokens(of: file.text)
    return tokens.indices.filter { index in
      switch tokens[index].text {
      case "d_name": true
      case "Process": isFoundations(tokens, at: index)
      default: false
      }
    }.map { "\(file.path):\(tokens[$0].line)" }
  }

  /// Whether something is made or asked of the type here. One of that name within another type is
  /// not Foundation's.
  private static func isFoundations(_ tokens: [Token], at index: Int) -> Bool {
    guard tokens[index].isIdentifier, index > 0, index + 1 < tokens.count,
      ["(", "."].contains(tokens[index + 1].text)
    else { return false }
    guard tokens[index - 1].text == "." else { return true }
    return index > 1 && tokens[index - 2].text == "Foundation"
  }
}
