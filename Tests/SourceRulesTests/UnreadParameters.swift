/// Finds parameters of functions, initializers and subscripts that their body does not read.
///
/// `_` is not looked at, nor a parameter that is a type, nor a function that a protocol of ours asks for by its full name. Closures
/// are not looked at.
enum UnreadParameters {
  static func findings(
    in outlines: [Outline], isAllowed: (Declaration) -> Bool
  ) -> [Finding] {
    let declarations = outlines.flatMap(\.declarations)
    let required = Set(declarations.filter(\.isRequirement).map(\.fullName))
    return outlines.flatMap { outline in
      outline.declarations.flatMap { declaration -> [Finding] in
        guard let body = declaration.body, !declaration.isOverride,
          !required.contains(declaration.fullName), !isAllowed(declaration)
        else { return [] }
        let words = read(outline.tokens, in: body)
        return (declaration.parameters ?? []).filter { !$0.isMetatype }.compactMap(\.name)
          .filter { !words.contains($0) }
          .map { name in
            Finding(
              path: declaration.path, line: declaration.line,
              what: "\(declaration.fullName) does not read its parameter \(name)")
          }
      }
    }.sorted()
  }

  /// The names in a body that are neither members nor labels.
  private static func read(_ tokens: [Token], in body: ClosedRange<Int>) -> Set<String> {
    var words: Set<String> = []
    for index in body.dropFirst() where tokens[index].isIdentifier {
      let before = tokens[index - 1].text
      let isLabel =
        (before == "(" || before == ",") && tokens[index + 1].text == ":"
        && !tokens[index + 1].isSpaced
      if before != ".", !isLabel { words.insert(tokens[index].text) }
    }
    return words
  }
}
