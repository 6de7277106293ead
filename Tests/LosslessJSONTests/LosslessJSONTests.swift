import LosslessJSON
import Testing

@Suite("JSON texts")
struct LosslessJSONTests {
  @Test(
    "Text that RFC 8259 allows is read, and written unchanged",
    arguments: [
      "null", "true", "false", "0", "-0", "1.0", "1e5", "1E+5", "-12.50e-3",
      "12345678901234567890", "0.10000000000000000555", "1e999", "\"\"", "\"é😀\"", "[]", "{}",
      "[1,[2,[]],{}]", "{\"a\":1,\"b\":{\"c\":null}}", "{\"\":\"\"}", "{\"b\":1,\"a\":2}",
    ])
  func accepted(text: String) throws {
    #expect(try JSONValue(parsing: text).encoded == text)
    #expect(try JSONValue(parsing: " \n\t\r" + text + " \n").encoded == text)
  }

  @Test(
    "Text that RFC 8259 forbids is refused",
    arguments: [
      "", " ", "nul", "True", "NaN", "Infinity", "-", "+1", "01", "-01", ".5", "1.", "1.e5", "1e",
      "1e+", "0x10", "--1", "\"", "\"a", "\"\\\"", "\"\\x\"", "\"\\u12\"", "\"\\u12G4\"",
      "\"\\ud800\"", "\"\\ud800x\"", "\"\\ud800\\u0041\"", "\"\\udc00\"", "\"a\nb\"", "'a'",
      "[", "[1", "[1,", "[1,]", "[,1]", "[1 2]", "{", "{\"a\"", "{\"a\":", "{\"a\":1",
      "{\"a\":1,", "{\"a\":1,}", "{a:1}", "{\"a\" 1}", "{1:2}", "{\"a\":1,\"a\":2}",
      "{\"a\":1}{}", "1 2", "[]]", "// comment\n1", "\u{feff}1",
    ])
  func refused(text: String) {
    #expect(throws: JSONError.self) { try JSONValue(parsing: text) }
  }

  @Test("Bytes that are not UTF-8 are refused inside and outside of strings")
  func notUTF8() {
    for bytes: [UInt8] in [
      [0x22, 0xff, 0x22], [0x22, 0xc3, 0x22], [0x22, 0xed, 0xa0, 0x80, 0x22], [0xff], [0x00],
      [0x22, 0xc0, 0x80, 0x22],
    ] {
      #expect(throws: JSONError.self) { try JSONValue(parsing: bytes) }
    }
  }

  @Test("Every escape is read, and each character is written in one form")
  func escapes() throws {
    let value = try JSONValue(
      parsing: #""\"\\\/\b\f\n\r\t\u00e9\u0000\ud83d\ude00\u2028""#)
    #expect(value.string == "\"\\/\u{8}\u{c}\n\r\té\u{0}😀\u{2028}")
    #expect(value.encoded == #""\"\\/\u0008\u000c\n\r\té\u0000😀"# + "\u{2028}\"")
    #expect(try JSONValue(parsing: value.encoded) == value)
  }

  @Test("64 levels are accepted and one more is refused")
  func depth() throws {
    for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
      let limit = JSONValue.maximumDepth
      let core = open == "[" ? "" : "1"
      func nested(_ levels: Int) -> String {
        String(repeating: open, count: levels) + core + String(repeating: close, count: levels)
      }
      #expect(try JSONValue(parsing: nested(limit)).encoded == nested(limit))
      #expect(throws: JSONError.self) { try JSONValue(parsing: nested(limit + 1)) }
      #expect(throws: JSONError.self) {
        try JSONValue(parsing: String(repeating: open, count: 100_000))
      }
    }
  }

  @Test("The error names the byte at which the text is malformed")
  func offset() {
    do throws(JSONError) {
      let value = try JSONValue(parsing: "{\"a\":-}")
      Issue.record("read as \(value)")
    } catch {
      #expect(error.description == "expected a digit at byte 6")
    }
  }

  @Test("Equal values have equal canonical texts, whatever the order of their members")
  func canonical() throws {
    let left = try JSONValue(parsing: "{\"b\":[1.0,{\"d\":1,\"c\":2}],\"a\":null}")
    let right = try JSONValue(parsing: " {\"a\":null,\"b\":[1.0,{\"c\":2,\"d\":1}]} ")
    #expect(left.canonical == right.canonical)
    #expect(left.canonical == "{\"a\":null,\"b\":[1.0,{\"c\":2,\"d\":1}]}")
    #expect(left.encoded != right.encoded)
  }

  @Test("A number that does not fit an integer is nil, and never a trap")
  func numbers() throws {
    #expect(try JSONValue(parsing: "9223372036854775807").int == .max)
    #expect(try JSONValue(parsing: "9223372036854775808").int == nil)
    #expect(try JSONValue(parsing: "-9223372036854775808").int == .min)
    #expect(try JSONValue(parsing: "1.0").int == nil)
    #expect(try JSONValue(parsing: "1e3").double == 1000)
    #expect(try JSONValue(parsing: "\"1\"").int == nil)
  }

  @Test("The form for people has two spaces for each level")
  func pretty() throws {
    let value = try JSONValue(parsing: "{\"a\":[1,{}],\"b\":[],\"c\":{\"d\":\"e\"}}")
    #expect(
      value.pretty == """
        {
          "a": [
            1,
            {}
          ],
          "b": [],
          "c": {
            "d": "e"
          }
        }
        """)
    #expect(try JSONValue(parsing: value.pretty) == value)
  }

  @Test("No mutated text makes the parser trap, and every value that is read can be written")
  func mutations() throws {
    let seed = Array(
      #"{"DomainDescription":{"Domain":"a.x.com","V":1.50e-3,"x":["\ud83d\ude00",{},null,1]}}"#
        .utf8)
    var state: UInt64 = 0x9e37_79b9_7f4a_7c15
    func next(below bound: Int) -> Int {
      state ^= state << 13
      state ^= state >> 7
      state ^= state << 17
      return Int(state % UInt64(bound))
    }
    let pieces: [[UInt8]] = [
      [0x00], [0x22], [0x5c], [0xff], [0xc3], [0x5b], [0x7b], [0x7d], [0x2c],
      Array("\\ud800".utf8), Array("\\u".utf8), Array("1e".utf8), Array("-".utf8),
    ]
    var read = 0
    for _ in 0..<20_000 {
      var bytes = seed
      for _ in 0...next(below: 4) where !bytes.isEmpty {
        let place = next(below: bytes.count)
        switch next(below: 4) {
        case 0: bytes.remove(at: place)
        case 1: bytes[place] = UInt8(next(below: 256))
        case 2: bytes.insert(contentsOf: pieces[next(below: pieces.count)], at: place)
        case _: bytes.removeSubrange(place...)
        }
      }
      guard let value = try? JSONValue(parsing: bytes) else { continue }
      read += 1
      #expect(try JSONValue(parsing: value.encoded) == value)
      #expect(try JSONValue(parsing: value.pretty) == value)
      #expect(try JSONValue(parsing: value.canonical).canonical == value.canonical)
    }
    #expect(read > 100 && read < 19_000)
  }
}
