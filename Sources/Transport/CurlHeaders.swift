/// Collects the headers of a response as they arrive, within limits of number and size.
struct CurlHeaders {
  static let maximumCount = 200
  static let maximumSize = 64 << 10

  private(set) var fields: [Header] = []
  /// Whether the empty line after the headers has arrived. If the connection closes before it, libcurl
  /// reports success.
  private(set) var areComplete = false
  /// Why no more headers are accepted.
  private(set) var problem: String?
  private var size = 0

  /// Appends one line as it arrived. Returns false when it is over a limit.
  mutating func append(line bytes: some Collection<UInt8>) -> Bool {
    let line = String(decoding: bytes, as: UTF8.self)
    if line.hasPrefix("HTTP/") {
      // A status line. Earlier headers belong to an interim response, such as 100 Continue.
      fields = []
      areComplete = false
      return true
    }
    size += bytes.count
    guard size <= CurlHeaders.maximumSize, fields.count < CurlHeaders.maximumCount else {
      problem =
        "the answer's headers are over \(CurlHeaders.maximumCount) lines"
        + " or \(CurlHeaders.maximumSize >> 10) KiB"
      return false
    }
    if line == "\r\n" || line == "\n" {
      areComplete = true
      return true
    }
    let parts = line.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
    guard parts.count == 2 else { return true }
    fields.append(Header(CurlHeaders.trimmed(parts[0]), CurlHeaders.trimmed(parts[1])))
    return true
  }

  private static func trimmed(_ text: Substring) -> String {
    let isSpace: (UInt8) -> Bool = { $0 == 0x20 || (0x09...0x0d).contains($0) }
    let bytes = text.utf8.drop(while: isSpace)
    let end = bytes.lastIndex { !isSpace($0) }.map { bytes.index(after: $0) }
    return String(decoding: bytes[..<(end ?? bytes.startIndex)], as: UTF8.self)
  }
}
