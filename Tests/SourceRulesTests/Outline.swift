/// Something that a source file declares.
struct Declaration: Sendable {
  enum Kind: Equatable, Sendable {
    case type
    case alias
    case function
    case initializer
    case variable
    case enumCase
  }

  var kind: Kind
  var name: String
  /// The simple name of the type that it is a member of; nil at the top of a file.
  var typeName: String?
  /// The module's directory and the file, `Service/Daemon.swift`.
  var path: String
  var line: Int
  /// Of a function, an initializer, or a case with a payload.
  var parameters: [Parameter]?
  var isStatic = false
  /// Said in a protocol.
  var isRequirement = false
  /// `override`, and so used through the class above.
  var isOverride = false
  /// Its type is said to be a function.
  var isCallable = false
  /// Writing to it runs code.
  var hasSetter = false
  /// `package` or `public`; of a case, that of its enum.
  var isExported = false
  /// The declaration in the same file that holds this one.
  var parent: Int?
  /// From the brace that opens the body to the one that closes it, in the file's tokens.
  var body: ClosedRange<Int>?
}

struct Parameter: Equatable, Sendable {
  /// nil for `_`.
  let label: String?
  /// nil for `_`.
  let name: String?
  let isOptional: Bool
  let isVariadic: Bool
  /// `Type.Type`: it tells the compiler a type, and the body need not read it.
  let isMetatype: Bool
}

/// A place where an identifier is used that is no local variable's.
struct Use: Sendable {
  enum Base: Equatable, Sendable {
    /// `name`
    case none
    /// `.name`
    case implied
    /// `Type.name`; `Self` and `self` are resolved to the type around them.
    case type(String)
    /// `value.name`, and `\.name`
    case value
  }

  struct Call: Equatable, Sendable {
    let labels: [String?]
    var closures: Int
    /// The arguments are not known: a reference by its full name, or a brace alone, which may be
    /// a closure or the body of a statement.
    var isAny: Bool
  }

  let base: Base
  let line: Int
  /// nil when it is not called.
  let call: Call?
  /// It is all that stands in parentheses, as `f` in `map(f)`.
  let isArgument: Bool
  let isAssigned: Bool
  /// In a pattern, or beside `==`: nothing is made of it here.
  let isCompared: Bool
  /// The types around it, the innermost first.
  let types: [String]
  /// The innermost declaration around it, in its file.
  let owner: Int?
}

/// What a type says about itself, in its declaration and its extensions.
struct Conformance: Sendable {
  let typeName: String
  let isProtocol: Bool
  let inherited: [String]
}

struct Import: Sendable {
  let module: String
  let line: Int
}

/// The declarations and uses of one file.
struct Outline: Sendable {
  let path: String
  var tokens: [Token] = []
  var declarations: [Declaration] = []
  var uses: [String: [Use]] = [:]
  var imports: [Import] = []
  var conformances: [Conformance] = []

  var module: String { String(path.prefix { $0 != "/" }) }

  init(path: String, source: String) {
    var reader = OutlineReader(Outline(path: path, tokens: Lexer.tokens(of: source)))
    self = reader.read()
  }

  private init(path: String, tokens: [Token]) {
    self.path = path
    self.tokens = tokens
  }
}
