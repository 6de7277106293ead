/// Finds imports of modules of which a file names nothing.
///
/// A type or a function of a module counts where its name stands, a member of its types only after
/// a dot, or in an extension. Of other packages' modules only those are looked at for which
/// `known` tells names; C modules are known by the beginnings of their names.
struct UnusedImports {
  /// What tells that an identifier is a module's.
  struct Names: Sendable {
    var words: Set<String> = []
    /// Names that count after a dot only.
    var members: Set<String> = []
    var prefixes: [String] = []

    func contain(_ word: String, isMember: Bool) -> Bool {
      words.contains(word) || isMember && members.contains(word)
        || prefixes.contains { word.hasPrefix($0) }
    }
  }

  private let outlines: [Outline]
  private var names: [String: Names]

  init(_ outlines: [Outline], known: [String: Names]) {
    self.outlines = outlines
    names = known
    for outline in outlines {
      for declaration in outline.declarations {
        let isVisible =
          declaration.isExported || declaration.isRequirement || declaration.kind == .enumCase
        guard isVisible else { continue }
        var names = self.names[outline.module] ?? Names()
        let isMember =
          declaration.typeName != nil && declaration.kind != .type && declaration.kind != .alias
        if isMember {
          names.members.insert(declaration.name)
        } else {
          names.words.insert(declaration.name)
        }
        self.names[outline.module] = names
      }
    }
  }

  func findings() -> [Finding] {
    outlines.flatMap { outline in
      outline.imports.compactMap { statement in
        guard let names = names[statement.module], !isUsed(names, in: outline) else { return nil }
        return Finding(
          path: outline.path, line: statement.line,
          what: "nothing of \(statement.module) is named, which is imported")
      }
    }.sorted()
  }

  private func isUsed(_ names: Names, in outline: Outline) -> Bool {
    let hasExtension = outline.tokens.indices.contains { index in
      index > 0 && outline.tokens[index - 1].text == "extension"
        && names.words.contains(outline.tokens[index].text)
    }
    if hasExtension { return true }
    return outline.tokens.indices.contains { index in
      let token = outline.tokens[index]
      guard token.isIdentifier else { return false }
      let before = index > 0 ? outline.tokens[index - 1].text : ""
      if before == "import" { return false }
      return names.contain(token.text, isMember: before == ".")
    }
  }
}
