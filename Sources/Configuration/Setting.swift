/// Where a value stands: the path of its key, and the place in the file.
struct Place: Equatable, Sendable {
  let path: String
  let position: Position

  func key(_ key: String, at position: Position) -> Place {
    let isWord = !key.isEmpty && key.utf8.count <= 64 && key.utf8.allSatisfy(Place.isWordByte)
    let step = isWord ? key : "[\(key.quoted(limit: 40))]"
    let dot = path.isEmpty || !isWord ? "" : "."
    return Place(path: path + dot + step, position: position)
  }

  func element(_ index: Int, at position: Position) -> Place {
    Place(path: "\(path)[\(index)]", position: position)
  }

  private static func isWordByte(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "-"):
      true
    default: false
    }
  }
}

/// A value, where it stands, and how a message may show it.
struct Located<Value> {
  let value: Value
  /// In quotes, as it is written in the file: never what came from the environment.
  let shown: String
  let place: Place
}

/// What the file says about one setting.
enum Setting<Value> {
  case absent
  /// Reported already, so that nothing which follows from it is reported as well.
  case invalid
  case given(Located<Value>)

  var located: Located<Value>? {
    switch self {
    case .given(let located): located
    case .absent, .invalid: nil
    }
  }

  var isAbsent: Bool {
    switch self {
    case .absent: true
    case .invalid, .given: false
    }
  }

  var isInvalid: Bool {
    switch self {
    case .invalid: true
    case .absent, .given: false
    }
  }

  /// The value, or what holds when there is none. An invalid one is replaced too: it was
  /// reported, and what is built with the replacement never leaves the parser.
  func or(_ standard: Value) -> Value { located?.value ?? standard }

  /// This setting, or `other` where the file leaves this one out.
  func orElse(_ other: Setting<Value>) -> Setting<Value> {
    isAbsent ? other : self
  }
}
