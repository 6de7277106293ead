import Testing

@testable import AWSWire

@Suite("The format of the shared AWS files")
struct INIFileTests {
  private func parse(_ text: String) throws -> INIFile {
    try INIFile(parsing: Array(text.utf8), path: "f")
  }

  private let text = """
    \u{feff}# a comment
    ; another
    [default]
    plain=value
      \t
    Spaced Key  =  value with spaces \t
    comment = value # comment
    semicolon = value ;comment
    hash = a#b;c
    empty =
    equals = a=b
    [ profile  dev ]   # the developers'
    s3 =
      max_queue = 1
      # a comment
      Region: nested
    region = top
    [profile "two words"]
      indented = 1
      too = 2
        nested = 3
    [profile 'single']
    [default]
    plain = later
    """

  @Test("Sections, keys, comments and white space are read as the SDKs read them")
  func reading() throws {
    let file = try parse(text)
    #expect(
      file.sections == [
        "default": INIFile.Section(values: [
          "plain": "later", "spaced key": "value with spaces", "comment": "value",
          "semicolon": "value", "hash": "a#b;c", "empty": "", "equals": "a=b",
        ]),
        "profile dev": INIFile.Section(
          values: ["s3": "", "region": "top"],
          nested: ["s3": ["max_queue": "1", "region": "nested"]]),
        "profile two words": INIFile.Section(
          values: ["indented": "1", "too": "2\nnested = 3"]),
        "profile single": INIFile.Section(),
      ])
    #expect(file.strayProblem == nil)
    for end in ["\r\n", "\r"] {
      #expect(try parse(text.replacing("\n", with: end)).sections == file.sections)
    }
  }

  @Test(
    "A colon separates key and value as = does, and the first of both counts",
    arguments: [
      ("key: value", "value"), ("key : value", "value"), ("key:value", "value"),
      ("KEY:\tvalue", "value"), ("key = http://h:1", "http://h:1"),
      ("key: http://h:1/?a=b", "http://h:1/?a=b"), ("key:=value", "=value"),
    ])
  func colon(line: String, value: String) throws {
    #expect(try parse("[a]\n\(line)").sections["a"]?.values == ["key": value])
  }

  @Test(
    "Any white space around key and value is removed",
    arguments: ["\u{a0}", "\u{3000}", "\u{2003}", "\u{85}", "\u{b}", "\u{c}", "\u{1f}", "\t"])
  func whiteSpace(blank: String) throws {
    for line in ["key =\(blank)value", "key\(blank)=\(blank)\(blank)value\(blank)"] {
      #expect(try parse("[a]\n\(line)\n[b]").sections["a"]?.values == ["key": "value"])
    }
    #expect(try parse("[\(blank)a\(blank)]\nkey=1").sections["a"]?.values == ["key": "1"])
    #expect(try parse("[profile\(blank)a]\n").sections.keys.first == "profile a")
  }

  @Test("Text after the ] of a section is ignored")
  func tail() throws {
    #expect(try parse("[a] b\nkey=1").sections == ["a": INIFile.Section(values: ["key": "1"])])
  }

  private static let unreadable =
    "the line is not a [section], a comment or \"key = value\": correct it, or begin it with #"

  @Test(
    "A line that cannot be read is a problem of its own section, without its content",
    arguments: [
      ("hunter2", unreadable), ("= hunter2", unreadable), (": hunter2", unreadable),
      ("s3 =\n  hunter2", unreadable), ("s3 =\n  = hunter2", unreadable),
    ])
  func ownSection(lines: String, problem: String) throws {
    let file = try parse("[a]\nk = 1\n[bad]\n\(lines)\n[b]\nk = 2\n")
    #expect(file.sections["a"] == INIFile.Section(values: ["k": "1"]))
    #expect(file.sections["b"] == INIFile.Section(values: ["k": "2"]))
    let number = 3 + lines.split(separator: "\n").count
    #expect(file.sections["bad"]?.problem == "f:\(number): \(problem)")
    #expect(file.strayProblem == nil)
  }

  @Test("A section without ] is a problem of that section, and not of the one before it")
  func unclosed() throws {
    let file = try parse("[a]\nk = 1\n[profile bad # why\nk = 2\n[b]\nk = 3\n")
    #expect(file.sections["a"] == INIFile.Section(values: ["k": "1"]))
    #expect(file.sections["b"] == INIFile.Section(values: ["k": "3"]))
    #expect(
      file.sections["profile bad"]?.problem == "f:3: a section begins with [ and has no ]: add it")
  }

  @Test("A key before the first section is a problem of the file, which stays usable")
  func stray() throws {
    let file = try parse("hunter2 = 1\n[a]\nk = 1\n")
    #expect(file.sections == ["a": INIFile.Section(values: ["k": "1"])])
    #expect(
      file.strayProblem == "f:1: there is a key before the first [section]: move it below one")
  }

  @Test("A line that is not UTF-8 is a problem of its section, and none in a comment")
  func encoding() throws {
    let umlaut: [UInt8] = [0xe4]
    let bytes =
      Array("# f".utf8) + umlaut + Array("r\n[a]\nk = 1\n[bad]\nk = ".utf8) + umlaut
      + Array("\n[x".utf8) + umlaut + Array("]\nk = 2\n[b]\nk = 3".utf8)
    let file = try INIFile(parsing: bytes, path: "f")
    #expect(file.sections["a"] == INIFile.Section(values: ["k": "1"]))
    #expect(file.sections["b"] == INIFile.Section(values: ["k": "3"]))
    let problem = "the line is not UTF-8: save the file as UTF-8"
    #expect(file.sections["bad"] == INIFile.Section(problem: "f:5: \(problem)"))
    #expect(file.strayProblem == "f:6: \(problem)")
    #expect(throws: UnreadableFile("f is UTF-16: save it as UTF-8")) {
      try INIFile(parsing: [0xff, 0xfe, 0x5b, 0x00], path: "f")
    }
  }
}
