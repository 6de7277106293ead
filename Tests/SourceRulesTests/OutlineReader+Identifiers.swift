extension OutlineReader {
  private static let modifiers: Set<String> = [
    "package", "public", "private", "fileprivate", "internal", "static", "class",
    "override",
  ]

  private static let keywords: Set<String> = [
    "as", "async", "await", "break", "catch", "continue", "default", "defer", "do",
    "else", "fallthrough", "false", "final", "in", "indirect", "inout", "is", "lazy", "mutating",
    "nil", "nonisolated", "nonmutating", "repeat", "rethrows", "return", "super",
    "switch", "throw", "throws", "true", "try", "unowned", "weak", "where", "_",
  ]

  mutating func readIdentifier(_ index: Int) {
    let word = tokens[index].text
    // After a dot a keyword is a name like any other.
    guard text(index - 1) != "." else { return readUse(index) }
    switch word {
    case "import": readImport(index)
    case "struct", "enum", "actor", "protocol", "extension", "class": readType(index)
    case "typealias", "associatedtype": readAlias(index)
    case "func": readFunction(index)
    case "init" where scope.kind != .code: readInitializer(index)
    case "subscript" where scope.kind != .code: readSubscript(index)
    case "deinit" where scope.kind != .code: scopes[scopes.count - 1].current = []
    case "let", "var": readVariable(index)
    case "case" where scope.kind == .enumBody: readCases(index)
    case "case" where !isInCondition(index): readSwitchCase(index)
    case "case": readConditionCase(index)
    case "if", "while", "guard", "for": readCondition(index)
    case "set", "didSet", "willSet":
      let brace = text(index + 1) == "(" ? index + 4 : index + 1
      if text(brace) == "{" { markSetter() } else { readUse(index) }
    case "Self" where text(index + 1) == "(": readUse(index, as: scope.types.first)
    case "self", "Self": return
    default:
      if OutlineReader.modifiers.contains(word) {
        scopes[scopes.count - 1].modifiers.insert(word)
      } else if !OutlineReader.keywords.contains(word) {
        readUse(index)
      }
    }
  }

  private mutating func readImport(_ index: Int) {
    isSilent[index + 1] = true
    add(Import(module: text(index + 1), line: tokens[index].line))
    scopes[scopes.count - 1].modifiers = []
  }

  // MARK: Local names

  func isInCondition(_ index: Int) -> Bool {
    conditions.last.map { $0.tokens.contains(index) && $0.depth == scopes.count } ?? false
  }

  private mutating func readCondition(_ index: Int) {
    let start = find(["{"], from: index)
    let endsRepeat = text(index) == "while" && text(index - 1) == "}"
    guard start < tokens.count, scope.kind == .code, !endsRepeat else { return }
    let end = partners[start]
    let bound = text(index) == "guard" ? end..<scopeEnd(from: end + 1) : start..<end
    while let last = conditions.last, last.tokens.upperBound <= index { conditions.removeLast() }
    conditions.append(Condition(tokens: index..<start, depth: scopes.count, bound: bound))
    if text(index) == "for", text(index + 1) != "case" {
      for name in index + 1..<find(["in", "{"], from: index + 1)
      where tokens[name].isIdentifier && !["await", "try"].contains(text(name)) {
        isSilent[name] = true
        bind(text(name), in: bound)
      }
    }
  }

  private mutating func readSwitchCase(_ index: Int) {
    let end = find([":"], from: index)
    guard end < tokens.count else { return }
    pattern = index..<min(end, find(["where"], from: index))
    var next = end
    while next < tokens.count {
      next = find(["case", "default"], from: next + 1)
      let before = text(next - 1)
      if before == "."
        || next < tokens.count && ["if", "guard", "while", "for", ","].contains(before)
      {
        continue
      }
      break
    }
    patternBound = index..<min(next, scopeEnd(from: end))
  }

  private mutating func readConditionCase(_ index: Int) {
    pattern = index..<min(find(["="], from: index), find(["in"], from: index))
    patternBound = nil
  }

  /// `let` and `var`: members, or local names.
  private mutating func readVariable(_ index: Int) {
    if scope.kind != .code { return readMember(index) }
    var names: [Int] = []
    let range: Range<Int>
    if isInCondition(index) {
      range = conditions[conditions.count - 1].bound
    } else if pattern.contains(index), let patternBound {
      range = patternBound
    } else {
      let end = statementEnd(from: index)
      range = end..<scopeEnd(from: end)
    }
    if text(index + 1) == "(" {
      names = (index + 1..<partners[index + 1]).filter {
        tokens[$0].isIdentifier && text($0 - 1) != "." && text($0 + 1) != ":"
      }
    } else {
      names = [index + 1]
    }
    // `if let name {` is a use of the name that it hides.
    let isShort =
      isInCondition(index) && !pattern.contains(index) && text(index + 1) != "("
      && (text(index + 2) == "," || text(index + 2) == "{" || text(index + 2) == "else")
    for name in names {
      if !isShort { isSilent[name] = true }
      bind(text(name), in: range)
    }
  }

  // MARK: Uses

  private mutating func readUse(_ index: Int, as type: String? = nil) {
    let name = type ?? tokens[index].text
    let base = base(of: index)
    if base == .none, isLocal(name, at: index) { return }
    let following = text(index + 1)
    let isAssigned =
      tokens.indices.contains(index + 1) && tokens[index + 1].isSpaced
      && ["=", "+=", "-=", "*=", "/=", "|=", "&="].contains(following)
    let start = startOfPath(index)
    let isCompared =
      pattern.contains(index) || following == "==" || following == "!="
      || text(start - 1) == "==" || text(start - 1) == "!="
    add(
      Use(
        base: base, line: tokens[index].line, call: call(index),
        isArgument: text(start - 1) == "(" && following == ")", isAssigned: isAssigned,
        isCompared: isCompared, types: scope.types, owner: owner),
      of: name)
  }

  /// `A` of `A.B.name`
  private func startOfPath(_ index: Int) -> Int {
    var index = index
    while text(index - 1) == "." {
      index -= 1
      if index > 0, tokens[index - 1].isIdentifier, !tokens[index].isSpaced {
        index -= 1
      } else {
        break
      }
    }
    return index
  }

  private func base(of index: Int) -> Use.Base {
    guard text(index - 1) == "." else { return .none }
    let before = index - 2
    guard before >= 0, !tokens[index - 1].isSpaced || tokens[index - 1].line > tokens[before].line
    else { return .implied }
    let token = tokens[before]
    switch token.kind {
    case .identifier:
      if token.text == "self" || token.text == "Self" {
        return scope.types.first.map { .type($0) } ?? .value
      }
      if token.text == "super" { return .type(token.text) }
      if OutlineReader.keywords.contains(token.text) { return .implied }
      return token.text.first?.isUppercase == true ? .type(token.text) : .value
    case .number, .string: return .value
    case .sign:
      switch token.text {
      case ")", "]", "}", "\\": return .value
      case _ where token.text.hasSuffix("?") || token.text.hasSuffix("!"):
        // `x?.name`, or `a ? .name`
        return token.isSpaced ? .implied : .value
      case _ where token.text.hasSuffix(">"): return token.isSpaced ? .implied : .type(">")
      default: return .implied
      }
    }
  }

  private func call(_ index: Int) -> Use.Call? {
    var next = index + 1
    if text(next) == "?" { next += 1 }
    let start = skipGenerics(next)
    guard start < tokens.count, tokens[start].line == tokens[start - 1].line else { return nil }
    if text(start) == "{" {
      return isInCondition(index) ? nil : Use.Call(labels: [], closures: 1, isAny: true)
    }
    guard text(start) == "(", !tokens[start].isSpaced else { return nil }
    let end = partners[start]
    guard end < tokens.count else { return nil }
    var labels: [String?] = []
    var argument = start + 1
    var isAny = false
    while argument < end {
      let hasLabel = tokens[argument].isIdentifier && text(argument + 1) == ":"
      labels.append(hasLabel ? tokens[argument].text : nil)
      if text(argument + 1) == ":", argument + 2 == end || text(argument + 3) == ":" {
        isAny = true
      }
      argument = min(find([","], from: argument), end) + 1
    }
    var closures = 0
    var after = end + 1
    while after < tokens.count, !isInCondition(index) {
      if text(after) == "{", tokens[after].line == tokens[after - 1].line {
        closures += 1
      } else if closures > 0, tokens[after].isIdentifier, text(after + 1) == ":",
        text(after + 2) == "{"
      {
        after += 2
        closures += 1
      } else {
        break
      }
      after = partners[after] + 1
    }
    return Use.Call(labels: labels, closures: closures, isAny: isAny)
  }
}
