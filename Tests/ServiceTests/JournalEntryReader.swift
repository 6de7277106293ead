/// Parses a datagram of the journal's native protocol, as journald does.
enum JournalEntryReader {
  struct Malformed: Error { let at: Int }

  static func fields(of bytes: [UInt8]) throws -> [(name: String, value: String)] {
    let newline = UInt8(ascii: "\n")
    let equals = UInt8(ascii: "=")
    var fields: [(name: String, value: String)] = []
    var position = 0
    while position < bytes.count {
      guard
        let end = bytes[position...].firstIndex(where: { $0 == newline || $0 == equals })
      else { throw Malformed(at: position) }
      let name = String(decoding: bytes[position..<end], as: UTF8.self)
      var start = end + 1
      var stop = bytes[start...].firstIndex(of: newline) ?? bytes.count
      if bytes[end] == newline {
        guard start + 8 <= bytes.count else { throw Malformed(at: start) }
        let size = bytes[start..<start + 8].reversed().reduce(0) { $0 << 8 | Int($1) }
        start += 8
        stop = start + size
      }
      guard stop < bytes.count, bytes[stop] == newline else { throw Malformed(at: start) }
      fields.append((name, String(decoding: bytes[start..<stop], as: UTF8.self)))
      position = stop + 1
    }
    return fields
  }
}
