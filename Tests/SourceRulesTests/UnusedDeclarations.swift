/// One thing to remove.
struct Finding: Hashable, Comparable, CustomStringConvertible, Sendable {
  let path: String
  let line: Int
  let what: String

  var description: String { "\(path):\(line): \(what)" }

  static func < (left: Finding, right: Finding) -> Bool {
    (left.path, left.line, left.what) < (right.path, right.line, right.what)
  }
}

/// Finds declarations that no code uses.
///
/// There are no types here: a use is matched to declarations by its name and its shape.
/// - `value.name` is no use of a static member or a case, `.name` none of an instance's.
/// - `Type.name`, `self.name` and `name` are of the named or surrounding type, when it has one.
/// - A call uses the functions and cases that take its labels. A name without a call uses a
///   function if it is the one argument of a call, or if no variable or case can be meant.
/// - Writing to a variable is no use, unless it has a setter; nor is passing it to `init`.
/// - A case is used where it is made: a pattern or a comparison is no use. The cases of an enum
///   that is `CaseIterable`, or that `Enum(rawValue:)` makes, come from outside, and pass.
/// - A use inside the declaration, or inside one that is not used itself, does not count.
/// - A requirement of a protocol of ours, and what implements it, is used by any use of the name.
/// - Operators and subscripts are not looked at, nor `init()` without parameters.
struct UnusedDeclarations {
  private struct Site: Hashable {
    let file: Int
    let number: Int
  }

  /// Those of the tests come last.
  private let outlines: [Outline]
  private let sourceCount: Int
  /// The modules that are there for tests, whose uses count for them alone.
  private let testSupport: Set<String>
  private let isAllowed: (Declaration) -> Bool
  private var byName: [String: [Declaration]] = [:]
  private var uses: [String: [(file: Int, use: Use)]] = [:]
  private var protocols: Set<String> = []
  /// The enums whose cases come from outside.
  private var enumerated: Set<String> = []

  init(
    _ sources: [Outline], tests: [Outline] = [], testSupport: Set<String> = [],
    isAllowed: @escaping (Declaration) -> Bool = { _ in false }
  ) {
    outlines = sources + tests
    sourceCount = sources.count
    self.testSupport = testSupport
    self.isAllowed = isAllowed
    for (file, outline) in outlines.enumerated() {
      if file < sourceCount {
        for declaration in outline.declarations {
          byName[declaration.name, default: []].append(declaration)
        }
      }
      for (name, found) in outline.uses {
        uses[name, default: []] += found.map { (file, $0) }
      }
      for conformance in outline.conformances {
        if conformance.isProtocol { protocols.insert(conformance.typeName) }
        if conformance.inherited.contains("CaseIterable") {
          enumerated.insert(conformance.typeName)
        }
      }
    }
    for (name, found) in uses where byName[name]?.contains(where: { $0.kind == .type }) == true {
      if found.contains(where: { $0.use.call?.labels == ["rawValue"] }) { enumerated.insert(name) }
    }
  }

  func findings() -> [Finding] {
    unused().map { declaration in
      let owner = declaration.typeName.map { $0 + "." } ?? ""
      return Finding(
        path: declaration.path, line: declaration.line,
        what: "\(owner)\(declaration.fullName) is not used")
    }.sorted()
  }

  func unused() -> [Declaration] {
    var unused: Set<Site> = []
    var candidates: [Site] = []
    for (file, outline) in outlines.prefix(sourceCount).enumerated() {
      for (number, declaration) in outline.declarations.enumerated() {
        if isCandidate(declaration) { candidates.append(Site(file: file, number: number)) }
      }
    }
    while true {
      let found = candidates.filter { !isUsed($0, unused: unused) }
      if found.isEmpty { break }
      unused.formUnion(found)
      candidates.removeAll { unused.contains($0) }
    }
    return unused.map { outlines[$0.file].declarations[$0.number] }
  }

  private func isCandidate(_ declaration: Declaration) -> Bool {
    if declaration.isOverride || declaration.name == "subscript" || isAllowed(declaration) {
      return false
    }
    switch declaration.kind {
    case .initializer:
      return declaration.parameters?.isEmpty == false && !declaration.isRequirement
        && !isWitness(declaration)
    case .function: return declaration.name.first?.isOperatorCharacter == false
    case .enumCase: return declaration.typeName.map { !enumerated.contains($0) } ?? true
    case .type, .alias, .variable: return true
    }
  }

  /// Whether a protocol of ours asks for a function of the same full name.
  private func isWitness(_ declaration: Declaration) -> Bool {
    byName[declaration.name]?.contains {
      $0.isRequirement && $0.fullName == declaration.fullName
    } == true
  }

  private func isUsed(_ site: Site, unused: Set<Site>) -> Bool {
    let declaration = outlines[site.file].declarations[site.number]
    let hasTests = testSupport.contains(outlines[site.file].module)
    func counts(_ file: Int, _ use: Use, _ matches: (Use, Declaration) -> Bool) -> Bool {
      guard file < sourceCount || hasTests, matches(use, declaration) else { return false }
      var owner = use.owner
      while let number = owner {
        let around = Site(file: file, number: number)
        if around == site || unused.contains(around) { return false }
        owner = outlines[file].declarations[number].parent
      }
      return true
    }
    if declaration.kind == .initializer, let type = declaration.typeName {
      if (uses[type] ?? []).contains(where: { counts($0.file, $0.use, takesCall) }) { return true }
    }
    return (uses[declaration.name] ?? []).contains { counts($0.file, $0.use, matches) }
  }

  private func takesCall(_ use: Use, _ declaration: Declaration) -> Bool {
    use.call.map { declaration.takes($0) } ?? false
  }

  private func matches(_ use: Use, _ declaration: Declaration) -> Bool {
    guard fitsBase(use, declaration) else { return false }
    let namesakes = byName[declaration.name] ?? []
    switch declaration.kind {
    case .type: return !use.types.contains(declaration.name)
    case .alias: return true
    case .initializer: return use.call.map { declaration.takes($0) } ?? true
    case .function:
      if let call = use.call { return declaration.takes(call) }
      return use.isArgument
        || !namesakes.contains {
          ($0.kind == .variable || $0.kind == .enumCase) && fitsBase(use, $0)
        }
    case .variable:
      if use.isAssigned { return declaration.hasSetter }
      guard let call = use.call, !call.isAny, !declaration.isCallable else { return true }
      return !namesakes.contains { $0.kind != .variable && $0.takes(call) }
    case .enumCase:
      if use.isCompared { return false }
      guard let call = use.call, !call.isAny else { return true }
      return declaration.takes(call)
    }
  }

  private func fitsBase(_ use: Use, _ declaration: Declaration) -> Bool {
    let isMember = declaration.typeName != nil
    let isOfType =
      declaration.isStatic || declaration.kind == .enumCase || declaration.kind == .initializer
      || declaration.kind == .type || declaration.kind == .alias
    let isOfProtocol = declaration.typeName.map { protocols.contains($0) } ?? false
    switch use.base {
    case .implied: return isMember && isOfType
    case .value: return isMember && (!isOfType || declaration.kind == .initializer)
    case .type(let name): return isMember && (isOfProtocol || isOf([name], use, declaration))
    case .none:
      return declaration.kind != .enumCase
        && (isOfProtocol || isOf(use.types, use, declaration))
    }
  }

  /// When one of the types has a member of that name, the use is of that one.
  private func isOf(_ types: [String], _ use: Use, _ declaration: Declaration) -> Bool {
    let namesakes = byName[declaration.name] ?? []
    for type in types {
      if protocols.contains(type) { return true }
      let members = namesakes.filter { $0.typeName == type }
      if !members.isEmpty { return declaration.typeName == type }
    }
    return true
  }
}

extension Declaration {
  /// `name(label:_:)`
  var fullName: String {
    guard let parameters else { return name }
    return name + "(" + parameters.map { ($0.label ?? "_") + ":" }.joined() + ")"
  }

  /// Whether a call with these labels can be one of this.
  func takes(_ call: Use.Call) -> Bool {
    guard let parameters else { return false }
    if call.isAny { return true }
    var closures = call.closures
    var labels = call.labels[...]
    for parameter in parameters {
      let isLabelled = !labels.isEmpty && labels.first == .some(parameter.label)
      // A trailing closure is there instead of a later argument, which is in order too.
      if isLabelled {
        labels.removeFirst()
        while parameter.isVariadic, let label = labels.first, label == nil { labels.removeFirst() }
      } else if !parameter.isOptional, !parameter.isVariadic {
        guard closures > 0 else { return false }
        closures -= 1
      }
    }
    return labels.isEmpty
  }
}

extension Character {
  var isOperatorCharacter: Bool { !isLetter && self != "_" }
}
