/// Reads declarations and uses from tokens in one pass. It knows as much of Swift's grammar as the
/// rules need: scopes, declarations, local names, patterns, calls. It has no types.
struct OutlineReader {
  struct Scope {
    enum Kind: Equatable {
      case file
      case enumBody
      case protocolBody
      case typeBody
      case code
    }

    let kind: Kind
    /// The types around, the innermost first.
    var types: [String]
    /// The declaration that holds the scope.
    var owner: Int?
    /// Whether members are `package` without saying so.
    var isExported = false
    /// The declarations of the statement that is being read.
    var current: [Int] = []
    /// The modifiers before the next declaration.
    var modifiers: Set<String> = []
  }

  /// `if`, `guard`, `while` or `for`, up to its brace.
  struct Condition {
    let tokens: Range<Int>
    let depth: Int
    let bound: Range<Int>
  }

  private(set) var outline: Outline
  let tokens: [Token]
  /// The other bracket of each bracket.
  let partners: [Int]
  var scopes: [Scope] = [Scope(kind: .file, types: [])]
  /// What the brace at an index opens, when it is not just code.
  var pendingScopes: [Int: Scope] = [:]
  /// Where a local name is known.
  var bindings: [String: [Range<Int>]] = [:]
  var conditions: [Condition] = []
  var pattern = 0..<0
  /// Where the pattern's names are known; nil in a condition, which says so itself.
  var patternBound: Range<Int>?
  /// Identifiers that are no use: names of declarations, labels.
  var isSilent: [Bool]

  init(_ outline: Outline) {
    self.outline = outline
    tokens = outline.tokens
    isSilent = Array(repeating: false, count: tokens.count)
    partners = OutlineReader.partners(of: tokens)
  }

  private static func partners(of tokens: [Token]) -> [Int] {
    var partners = Array(repeating: tokens.count, count: tokens.count)
    var open: [Int] = []
    for index in tokens.indices where tokens[index].kind == .sign {
      switch tokens[index].text {
      case "(", "[", "{": open.append(index)
      case ")", "]", "}":
        guard let start = open.popLast() else { continue }
        partners[start] = index
        partners[index] = start
      default: continue
      }
    }
    return partners
  }

  mutating func read() -> Outline {
    for index in tokens.indices {
      let token = tokens[index]
      if token.kind == .sign {
        if token.text == "{" { open(index) }
        if token.text == "}", scopes.count > 1 { scopes.removeLast() }
        if token.text == ":" || token.text == "(" || token.text == "," { silenceLabel(index) }
      } else if token.isIdentifier, !isSilent[index] {
        readIdentifier(index)
      }
    }
    return outline
  }

  // MARK: Looking around

  func text(_ index: Int) -> String { tokens.indices.contains(index) ? tokens[index].text : "" }

  /// The index after `index`, past the whole bracket that it opens or the generic
  /// arguments that follow it.
  func next(_ index: Int) -> Int {
    switch tokens[index].text {
    case "(", "[", "{": partners[index] + 1
    case _ where tokens[index].isIdentifier: skipGenerics(index + 1)
    default: index + 1
    }
  }

  /// The first of the signs from `index` on at the same depth; the end when there is none.
  func find(_ signs: Set<String>, from index: Int) -> Int {
    var index = index
    while index < tokens.count {
      let text = tokens[index].text
      if signs.contains(text) { return index }
      if text == "}" || text == ")" || text == "]" { return tokens.count }
      index = next(index)
    }
    return tokens.count
  }

  /// Past `<…>` when it follows without a space.
  func skipGenerics(_ index: Int) -> Int {
    guard index < tokens.count, text(index) == "<", !tokens[index].isSpaced else { return index }
    var depth = 0
    var index = index
    while index < tokens.count {
      let text = tokens[index].text
      if tokens[index].kind == .sign, text != "->" {
        for character in text.utf8 {
          if character == UInt8(ascii: "<") { depth += 1 }
          if character == UInt8(ascii: ">") { depth -= 1 }
        }
      }
      index = next(index)
      if depth <= 0 { return index }
    }
    return index
  }

  /// Where the scope ends that the token at `index` is in.
  func scopeEnd(from index: Int) -> Int {
    var index = index
    while index < tokens.count, tokens[index].text != "}" { index = next(index) }
    return index
  }

  /// The first token of the next statement. A line that begins with a sign goes on with the
  /// statement before it.
  func statementEnd(from index: Int) -> Int {
    var index = index
    while index < tokens.count {
      let following = next(index)
      guard following < tokens.count, text(following) != "}" else { return following }
      if text(index) == ";" { return following }
      let last = tokens[following - 1]
      let begins = tokens[following]
      let goesOn =
        last.kind == .sign && ![")", "]", "}"].contains(last.text) && !last.text.hasSuffix("?")
        && !last.text.hasSuffix("!")
      if begins.line > last.line, begins.kind != .sign || begins.text == "@", !goesOn {
        return following
      }
      index = following
    }
    return index
  }

  // MARK: Changing what is known

  mutating func bind(_ name: String, in range: Range<Int>) {
    if name != "_", !range.isEmpty { bindings[name, default: []].append(range) }
  }

  func isLocal(_ name: String, at index: Int) -> Bool {
    bindings[name]?.contains { $0.contains(index) } ?? false
  }

  var scope: Scope { scopes[scopes.count - 1] }

  /// The declarations of one statement; more than one for `case a, b`.
  mutating func declare(_ declaration: Declaration, continuing: Bool = false) {
    var declaration = declaration
    let scope = scopes[scopes.count - 1]
    declaration.typeName = scope.types.first
    declaration.path = outline.path
    declaration.parent = scope.owner
    declaration.isStatic = scope.modifiers.contains("static") || scope.modifiers.contains("class")
    declaration.isRequirement = scope.kind == .protocolBody
    declaration.isOverride = scope.modifiers.contains("override")
    declaration.isExported =
      scope.isExported || scope.modifiers.contains("package") || scope.modifiers.contains("public")
    let number = outline.declarations.count
    outline.declarations.append(declaration)
    if scope.kind != .code {
      if continuing {
        scopes[scopes.count - 1].current.append(number)
      } else {
        scopes[scopes.count - 1].current = [number]
      }
    }
    if !continuing { scopes[scopes.count - 1].modifiers = [] }
  }

  mutating func add(_ use: Use, of name: String) { outline.uses[name, default: []].append(use) }
  mutating func add(_ statement: Import) { outline.imports.append(statement) }
  mutating func add(_ conformance: Conformance) { outline.conformances.append(conformance) }
  mutating func markSetter() {
    if let number = owner { outline.declarations[number].hasSetter = true }
  }

  var lastDeclaration: Int { outline.declarations.count - 1 }

  // MARK: Scopes

  private mutating func open(_ index: Int) {
    if let pending = pendingScopes.removeValue(forKey: index) {
      scopes.append(pending)
    } else {
      scopes.append(Scope(kind: .code, types: scope.types, owner: owner))
      bindClosure(index)
    }
  }

  var owner: Int? { scope.current.last ?? scope.owner }

  /// `{ [weak self] a, b in`, `{ (a, b) -> C in`
  private mutating func bindClosure(_ open: Int) {
    var index = open + 1
    if text(index) == "[" {
      for inner in index..<partners[index] where text(inner + 1) == "=" { isSilent[inner] = true }
      index = partners[index] + 1
    }
    var names: [Int] = []
    if text(index) == "(" {
      let end = partners[index]
      guard end < tokens.count else { return }
      names = (index..<end).filter { tokens[$0].isIdentifier && ["(", ","].contains(text($0 - 1)) }
      index = end + 1
    } else {
      while index < tokens.count, tokens[index].isIdentifier, text(index) != "in" {
        names.append(index)
        index += text(index + 1) == "," ? 2 : 1
        if text(index - 1) != "," { break }
      }
    }
    while ["async", "throws", "->"].contains(text(index)) {
      index = text(index) == "->" ? find(["in"], from: index) : index + 1
      if text(index) == "(" { index = next(index) }
    }
    guard text(index) == "in" else { return }
    for name in names {
      isSilent[name] = true
      bind(text(name), in: open..<partners[open])
    }
  }

  // MARK: Labels

  /// In parentheses a name between `(` or `,` and `:` is a label.
  private mutating func silenceLabel(_ index: Int) {
    guard text(index) != ":", text(index + 2) == ":", tokens[index + 1].isIdentifier else { return }
    if text(index) == "," {
      // The comma of an array or of a statement stands before no label.
      var outer = index
      while outer > 0 {
        outer -= 1
        if [")", "]", "}"].contains(text(outer)) {
          guard partners[outer] < outer else { return }
          outer = partners[outer]
        } else if ["(", "[", "{"].contains(text(outer)) {
          break
        }
      }
      guard text(outer) == "(" else { return }
    }
    isSilent[index + 1] = true
  }
}
