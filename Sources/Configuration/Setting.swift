/// A file that is read as a part of the configuration.
struct SourceFile: Hashable, Sendable {
  /// The main file is 0. The included ones follow in the order in which they are read.
  let index: Int
  let path: String

  /// Fit for a message: a name in a directory may contain any character.
  var shownPath: String { path.onOneLine(limit: AbsolutePath.maximumLength) }
}

/// Where a key or a value is: the file, the path of keys that leads to it, and the position.
struct Location: Hashable, Sendable {
  let file: SourceFile
  let path: String
  let position: Position
  /// Whether it is an entry of a list rather than a key.
  var isListEntry = false

  func key(_ key: String, at position: Position) -> Location {
    let isWord = !key.isEmpty && key.utf8.count <= 64 && key.utf8.allSatisfy(Location.isWordByte)
    let step = isWord ? key : "[\(key.quoted(limit: 40))]"
    let dot = path.isEmpty || !isWord ? "" : "."
    return Location(file: file, path: path + dot + step, position: position)
  }

  func element(_ index: Int, at position: Position) -> Location {
    Location(file: file, path: "\(path)[\(index)]", position: position, isListEntry: true)
  }

  /// The place in a message about something in `file`: `in line 7`, or `in b.yaml:7` when it is
  /// in another file.
  func place(from file: SourceFile) -> String {
    self.file == file
      ? "in line \(position.line)" : "in \(self.file.shownPath):\(position.line)"
  }

  /// ` (in b.yaml:7)` in a message about something in `file`; empty when it is in the same file.
  func place(outside file: SourceFile) -> String {
    self.file == file ? "" : " (\(place(from: file)))"
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

/// A value, its location, and how a message may show it.
struct Located<Value> {
  let value: Value
  /// In quotes, as written in the file: `${NAME}` is not expanded.
  var shown: String {
    switch text {
    case .ready(let shown): shown
    case .written(let written): written.quoted()
    }
  }

  private let text: Text

  /// Few values are shown, and to quote one is expensive.
  private enum Text {
    case ready(String)
    case written(String)
  }

  init(value: Value, shown: String, location: Location) {
    self.value = value
    text = .ready(shown)
    self.location = location
  }

  /// - Parameter written: the value as it is written in the file.
  init(value: Value, written: String, location: Location) {
    self.value = value
    text = .written(written)
    self.location = location
  }

  let location: Location
}

/// The value of one key of the file.
enum Setting<Value> {
  case absent
  /// Wrong and reported. Checks that depend on the value are skipped.
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

  /// The value, or `fallback` when there is none. It also replaces an invalid value: that error
  /// was reported, so the configuration that is built with the fallback is not returned.
  func value(or fallback: Value) -> Value { located?.value ?? fallback }

  /// This setting, or that of the defaults when this one is absent.
  func inheriting(_ defaults: Setting<Value>) -> Setting<Value> {
    isAbsent ? defaults : self
  }
}
