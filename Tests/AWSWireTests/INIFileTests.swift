import Testing

@testable import AWSWire

@Suite("The format of the shared AWS files")
struct INIFileTests {
  @Test("Sections, keys, comments and white space are read as the SDKs read them")
  func reading() throws {
    let text = """
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
        region = nested
      region = top
      [profile "two words"]
        indented = 1
        too = 2
          nested = 3
      [default]
      plain = later
      """
    let file = try INIFile(parsing: Array(text.utf8), path: "f")
    #expect(
      file.sections == [
        "default": [
          "plain": "later", "spaced key": "value with spaces", "comment": "value",
          "semicolon": "value", "hash": "a#b;c", "empty": "", "equals": "a=b",
        ],
        "profile dev": ["s3": "", "region": "top"],
        "profile two words": ["indented": "1", "too": "2"],
      ])
    let windows = text.replacing("\n", with: "\r\n")
    #expect(try INIFile(parsing: Array(windows.utf8), path: "f").sections == file.sections)
  }

  @Test(
    "A malformed line is an error that names its place and does not show its content",
    arguments: [
      ("[a]\nhunter2", "f:2: this is not a [section], a comment or \"key = value\""),
      ("hunter2 = 1", "f:1: there is a key before the first [section]"),
      ("[a]\n= hunter2", "f:2: there is no key before the ="),
      ("[hunter2", "f:1: a section begins with [ and has no ]"),
      ("[a] hunter2", "f:1: text after the ] of a section"),
    ])
  func refusing(text: String, expected: String) {
    #expect(throws: UnreadableFile(expected)) {
      try INIFile(parsing: Array(text.utf8), path: "f")
    }
  }
}
