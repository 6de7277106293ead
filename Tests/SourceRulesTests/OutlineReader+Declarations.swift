extension OutlineReader {
  private func declaration(_ kind: Declaration.Kind, _ name: String, at index: Int) -> Declaration {
    Declaration(kind: kind, name: name, path: outline.path, line: tokens[index].line)
  }

  mutating func readType(_ index: Int) {
    let word = tokens[index].text
    // `extension [Element]`
    var name = text(index + 1) == "[" ? index + 2 : index + 1
    guard name < tokens.count, tokens[name].isIdentifier,
      !["func", "var", "let"].contains(text(name))
    else {
      scopes[scopes.count - 1].modifiers.insert(word)
      return
    }
    isSilent[name] = true
    while text(name + 1) == ".", !tokens[name + 1].isSpaced {
      name += 2
      isSilent[name] = true
    }
    let start = find(["{"], from: index)
    guard start < tokens.count else { return }
    let typeName = text(index + 1) == "[" ? "Array" : text(name)
    let modifiers = scope.modifiers
    if word == "extension" {
      scopes[scopes.count - 1].current = []
      scopes[scopes.count - 1].modifiers = []
    } else {
      declare(declaration(.type, text(name), at: name))
    }
    let kind: Scope.Kind =
      switch word {
      case "enum": .enumBody
      case "protocol": .protocolBody
      default: .typeBody
      }
    let isOpen = modifiers.contains("package") || modifiers.contains("public")
    pendingScopes[start] = Scope(
      kind: kind, types: [typeName] + scope.types,
      owner: word == "extension" ? nil : lastDeclaration,
      isExported: isOpen && (word == "extension" || word == "protocol"))
    let inherited = (name + 1..<start).filter { tokens[$0].isIdentifier }.map(text)
    add(
      Conformance(typeName: typeName, isProtocol: word == "protocol", inherited: inherited))
  }

  mutating func readAlias(_ index: Int) {
    isSilent[index + 1] = true
    declare(declaration(.alias, text(index + 1), at: index + 1))
  }

  mutating func readFunction(_ index: Int) {
    isSilent[index + 1] = true
    readParameters(
      declaration(.function, text(index + 1), at: index + 1), from: skipGenerics(index + 2))
  }

  mutating func readInitializer(_ index: Int) {
    var start = index + 1
    if ["?", "!"].contains(text(start)) { start += 1 }
    readParameters(declaration(.initializer, "init", at: index), from: skipGenerics(start))
  }

  mutating func readSubscript(_ index: Int) {
    readParameters(
      declaration(.initializer, "subscript", at: index), from: skipGenerics(index + 1))
  }

  private mutating func readParameters(_ declaration: Declaration, from start: Int) {
    var declaration = declaration
    guard text(start) == "(", partners[start] < tokens.count else { return }
    let end = partners[start]
    var names: [String] = []
    declaration.parameters = parameters(start, end, hasNames: true) { names.append($0) }
    let isCode = scope.kind == .code
    var body: Int?
    if scope.kind != .protocolBody {
      let brace = find(["{"], from: end + 1)
      if brace < tokens.count { body = brace }
    }
    declaration.body = body.map { $0...partners[$0] }
    declare(declaration)
    guard let body else { return }
    for name in names { bind(name, in: body..<partners[body]) }
    pendingScopes[body] = Scope(
      kind: .code, types: scope.types, owner: isCode ? lastDeclaration : owner)
  }

  /// The parameters in the parentheses from `start` to `end`. Without names, as in the payload of
  /// a case, one word is a type and not a label.
  private mutating func parameters(
    _ start: Int, _ end: Int, hasNames: Bool, name take: (String) -> Void = { _ in }
  ) -> [Parameter] {
    var parameters: [Parameter] = []
    var index = start + 1
    while index < end {
      let comma = min(find([","], from: index), end)
      while text(index) == "@" { index += 2 }
      let colon = min(find([":"], from: index), comma)
      let isNamed = colon < comma
      let label = isNamed && text(index) != "_" ? text(index) : nil
      let name = isNamed && text(colon - 1) != "_" ? text(colon - 1) : nil
      if isNamed { for word in index..<colon { isSilent[word] = true } }
      if hasNames, let name { take(name) }
      let isOptional =
        find(["="], from: index) < comma || !hasNames && text(comma - 1).hasSuffix("?")
      parameters.append(
        Parameter(
          label: label, name: name, isOptional: isOptional,
          isVariadic: text(comma - 1).hasSuffix("..."), isMetatype: text(comma - 1) == "Type"))
      index = comma + 1
    }
    return parameters
  }

  /// `let a = 1, b = 2` in a type or a file.
  mutating func readMember(_ index: Int) {
    var name = index + 1
    var isFirst = true
    while name < tokens.count, tokens[name].isIdentifier {
      isSilent[name] = true
      var member = declaration(.variable, text(name), at: name)
      let end = statementEnd(from: name)
      if text(name + 1) == ":" {
        let type = name..<min(end, min(find(["="], from: name), find(["{"], from: name)))
        member.isCallable = type.contains { text($0) == "->" }
      }
      let modifiers = scope.modifiers
      declare(member, continuing: !isFirst)
      scopes[scopes.count - 1].modifiers = modifiers
      isFirst = false
      // The next name of the same statement stands after a comma, before `:`, `=` or a comma.
      var comma = find([","], from: name)
      while comma < end, ![":", "=", ","].contains(text(comma + 2)) {
        comma = find([","], from: comma + 1)
      }
      if comma >= end { break }
      name = comma + 1
    }
    scopes[scopes.count - 1].modifiers = []
  }

  mutating func readCases(_ index: Int) {
    var name = index + 1
    var isFirst = true
    while name < tokens.count, tokens[name].isIdentifier {
      isSilent[name] = true
      var member = declaration(.enumCase, text(name), at: name)
      member.isExported = true
      if text(name + 1) == "(" {
        member.parameters = parameters(name + 1, partners[name + 1], hasNames: false)
      }
      declare(member, continuing: !isFirst)
      isFirst = false
      let end = statementEnd(from: name)
      let comma = find([","], from: name)
      if comma >= end { break }
      name = comma + 1
    }
  }
}
