/// Parses the format of the shared AWS files as botocore does: `[section]`, `key = value` or
/// `key: value`, and lines that begin with `#` or `;` as comments. As in the other SDKs, repeated
/// sections are merged, the last value of a repeated key counts, and a comment may follow a value.
///
/// Lines that are indented deeper than the key before them belong to that key. After an empty value
/// they are a nested section, as in `acm =` followed by `  endpoint_url = …`.
///
/// A line that cannot be read makes its own section unusable, and no other. Problems name the line and
/// do not show its content.
struct INIFile {
  struct Section: Equatable {
    var values: [String: String] = [:]
    var nested: [String: [String: String]] = [:]
    /// Where the section cannot be read, and what to do. Nothing of such a section is used.
    var problem: String?
  }

  private(set) var sections: [String: Section] = [:]
  /// The first line that cannot be read and whose section is not known.
  private(set) var strayProblem: String?

  init(parsing bytes: [UInt8], path: String) throws(UnreadableFile) {
    if bytes.starts(with: [0xff, 0xfe]) || bytes.starts(with: [0xfe, 0xff]) {
      throw UnreadableFile("\(path) is UTF-16: save it as UTF-8")
    }
    let content = bytes.starts(with: [0xef, 0xbb, 0xbf]) ? bytes[3...] : bytes[...]
    var reader = INIReader()
    for (index, line) in INIFile.lines(of: content).enumerated() {
      reader.read(line, at: "\(path):\(index + 1)")
    }
    sections = reader.sections
    strayProblem = reader.strayProblem
  }

  /// Lines end with `\n`, `\r\n` or `\r`.
  private static func lines(of bytes: ArraySlice<UInt8>) -> [ArraySlice<UInt8>] {
    var lines: [ArraySlice<UInt8>] = []
    var start = bytes.startIndex
    var index = bytes.startIndex
    while index < bytes.endIndex {
      let byte = bytes[index]
      let next = index + 1
      if byte == UInt8(ascii: "\n") || byte == UInt8(ascii: "\r") {
        lines.append(bytes[start..<index])
        let isPair =
          byte == UInt8(ascii: "\r") && next < bytes.endIndex
          && bytes[next] == UInt8(ascii: "\n")
        start = isPair ? next + 1 : next
        index = start
      } else {
        index = next
      }
    }
    return lines + [bytes[start...]]
  }
}
