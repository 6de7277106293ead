import CCurl
import Redaction

/// One running request: libcurl's easy handle, what has arrived, and the task that waits. Only the
/// loop's thread uses it.
final class CurlTransfer {
  let easy: UnsafeMutableRawPointer
  let continuation: CheckedContinuation<CurlLoop.Outcome, Never>
  private let maximumBodySize: Int
  private let reason: UnsafeMutablePointer<CChar>
  private var headerList: UnsafeMutablePointer<curl_slist>?

  private var headers = CurlHeaders()
  private var body: [UInt8] = []
  /// Set when libcurl is connected and about to send the request. From then on the server may carry it
  /// out.
  private var wasSent = false
  private var isTooLarge = false

  init(
    _ request: HTTPRequest, _ continuation: CheckedContinuation<CurlLoop.Outcome, Never>
  ) throws(TransportError) {
    guard let easy = curl_easy_init() else { throw .notSent("libcurl returned no handle") }
    self.easy = easy
    self.continuation = continuation
    maximumBodySize = max(0, request.maximumBodySize)
    reason = .allocate(capacity: Int(CURL_ERROR_SIZE))
    reason.initialize(repeating: 0, count: Int(CURL_ERROR_SIZE))
    try configure(for: request)
  }

  deinit {
    curl_easy_cleanup(easy)
    curl_slist_free_all(headerList)
    reason.deallocate()
  }

  // MARK: Options

  /// In seconds. Older connections are not used again, so that a change of the roots or of the
  /// endpoint's addresses takes effect.
  private static let maximumConnectionAge = 600

  private func configure(for request: HTTPRequest) throws(TransportError) {
    guard !request.url.utf8.contains(0), !request.method.utf8.contains(where: { $0 <= 0x20 }) else {
      throw .notSent("the request's URL or method contains an invalid character")
    }
    try set(CURLOPT_URL, request.url)
    try set(CURLOPT_PROTOCOLS_STR, "http,https")
    try set(CURLOPT_NOSIGNAL, 1)
    // Without this libcurl waits for its resolver's thread when a transfer ends before its name is
    // resolved, and every other transfer of the loop waits, too.
    try set(CURLOPT_QUICK_EXIT, 1)
    try set(CURLOPT_FOLLOWLOCATION, 0)
    try set(CURLOPT_TCP_KEEPALIVE, 1)
    try set(CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_2TLS)
    try set(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1)
    // An empty name also switches the variables off.
    if !request.usesProxy { try set(CURLOPT_PROXY, "") }
    try set(CURLOPT_TIMEOUT_MS, CurlTransfer.milliseconds(request.timeout))
    try set(CURLOPT_CONNECTTIMEOUT_MS, CurlTransfer.milliseconds(request.connectTimeout))
    // A request never waits for another one's connection: that one may hang.
    try set(CURLOPT_PIPEWAIT, 0)
    try set(CURLOPT_MAXLIFETIME_CONN, CurlTransfer.maximumConnectionAge)
    try set(CURLOPT_FRESH_CONNECT, request.usesFreshConnection ? 1 : 0)
    try set(CURLOPT_FORBID_REUSE, request.usesFreshConnection ? 1 : 0)
    try check(
      certd_setopt_offset(easy, CURLOPT_MAXFILESIZE_LARGE, curl_off_t(max(1, maximumBodySize))))
    try check(certd_setopt_pointer(easy, CURLOPT_ERRORBUFFER, reason))
    try configureTrust(caBundle: request.caBundle)
    try configureBody(of: request)
    try configureHeaders(of: request)
    try configureCallbacks()
  }

  /// Verification is set although it is libcurl's default, so that no variable and no build of libcurl
  /// can switch it off.
  private func configureTrust(caBundle: String?) throws(TransportError) {
    try set(CURLOPT_SSL_VERIFYPEER, 1)
    try set(CURLOPT_SSL_VERIFYHOST, 2)
    try set(CURLOPT_SSLVERSION, CURL_SSLVERSION_TLSv1_2)
    if let caBundle {
      try set(CURLOPT_CAINFO, caBundle)
      // libcurl would keep what it has read for a day. A corrected file is used for the next connection.
      try set(CURLOPT_CA_CACHE_TIMEOUT, 0)
      // Without this the system's directory of roots would be trusted, too.
      try check(certd_setopt_string(easy, CURLOPT_CAPATH, nil))
    }
  }

  private func configureBody(of request: HTTPRequest) throws(TransportError) {
    if request.method == "GET" && request.body.isEmpty {
      return try set(CURLOPT_HTTPGET, 1)
    }
    try check(
      certd_setopt_offset(easy, CURLOPT_POSTFIELDSIZE_LARGE, curl_off_t(request.body.count)))
    try check(
      request.body.withUnsafeBytes { bytes in
        withUnsafeBytes(of: UInt8(0)) { empty in
          certd_setopt_copied_body(easy, bytes.baseAddress ?? empty.baseAddress)
        }
      })
    if request.method != "POST" { try set(CURLOPT_CUSTOMREQUEST, request.method) }
  }

  private func configureHeaders(of request: HTTPRequest) throws(TransportError) {
    // A name without a value removes a header that libcurl would add.
    var lines = ["Expect:", "Accept:"]
    if !request.headers.contains(where: { $0.name.lowercased() == "content-type" }) {
      lines.append("Content-Type:")
    }
    for header in request.headers {
      let isSafe = [header.name, header.value].allSatisfy { text in
        !text.utf8.contains { $0 == 0x0a || $0 == 0x0d || $0 == 0 }
      }
      guard isSafe, !header.name.isEmpty else {
        throw .notSent("a request header has no name, or contains a line break")
      }
      lines.append(
        header.value.isEmpty ? "\(header.name);" : "\(header.name): \(header.value)")
    }
    for line in lines {
      guard let list = curl_slist_append(headerList, line) else {
        throw .notSent("libcurl is out of memory")
      }
      headerList = list
    }
    try check(certd_setopt_headers(easy, headerList))
  }

  private func configureCallbacks() throws(TransportError) {
    let context = Unmanaged.passUnretained(self).toOpaque()
    try check(certd_setopt_pointer(easy, CURLOPT_WRITEDATA, context))
    try check(certd_setopt_pointer(easy, CURLOPT_HEADERDATA, context))
    try check(certd_setopt_pointer(easy, CURLOPT_PREREQDATA, context))
    try check(
      certd_setopt_data_callback(easy, CURLOPT_WRITEFUNCTION) { bytes, size, count, context in
        CurlTransfer.receive(bytes, size * count, context) { $0.append(body: $1) }
      })
    try check(
      certd_setopt_data_callback(easy, CURLOPT_HEADERFUNCTION) { bytes, size, count, context in
        CurlTransfer.receive(bytes, size * count, context) { $0.headers.append(line: $1) }
      })
    try check(
      certd_setopt_before_request(easy) { context, _, _, _, _ in
        guard let context else { return CURL_PREREQFUNC_ABORT }
        Unmanaged<CurlTransfer>.fromOpaque(context).takeUnretainedValue().wasSent = true
        return CURL_PREREQFUNC_OK
      })
  }

  private func set(_ option: CURLoption, _ value: Int) throws(TransportError) {
    try check(certd_setopt_long(easy, option, value))
  }

  private func set(_ option: CURLoption, _ value: String) throws(TransportError) {
    try check(certd_setopt_string(easy, option, value))
  }

  private func check(_ code: CURLcode) throws(TransportError) {
    if code != CURLE_OK { throw .notSent(CurlTransfer.words(for: code)) }
  }

  /// At least 1, because 0 means "no limit" to libcurl.
  private static func milliseconds(_ duration: Duration) -> Int {
    let (seconds, attoseconds) = duration.components
    let whole = min(max(seconds, 0), 1_000_000) * 1000 + attoseconds / 1_000_000_000_000_000
    return Int(max(whole, 1))
  }

  // MARK: What arrives

  /// Passes bytes to `append`. A result other than their number makes libcurl end the transfer.
  private static func receive(
    _ bytes: UnsafeMutablePointer<CChar>?, _ count: Int, _ context: UnsafeMutableRawPointer?,
    _ append: (CurlTransfer, UnsafeRawBufferPointer) -> Bool
  ) -> Int {
    guard let context, let bytes else { return 0 }
    let transfer = Unmanaged<CurlTransfer>.fromOpaque(context).takeUnretainedValue()
    let isAccepted = append(transfer, UnsafeRawBufferPointer(start: bytes, count: count))
    return isAccepted ? count : Int(CURL_WRITEFUNC_ERROR)
  }

  private func append(body bytes: UnsafeRawBufferPointer) -> Bool {
    guard bytes.count <= maximumBodySize - body.count else {
      isTooLarge = true
      return false
    }
    body.append(contentsOf: bytes)
    return true
  }

  // MARK: The end

  func tag(with id: UInt64) {
    certd_setopt_pointer(easy, CURLOPT_PRIVATE, UnsafeMutableRawPointer(bitPattern: UInt(id)))
  }

  static func tag(of easy: UnsafeMutableRawPointer) -> UInt64? {
    certd_getinfo_private(easy).map { UInt64(UInt(bitPattern: $0)) }
  }

  /// The outcome when the transfer ends before the response is complete.
  func interrupted(_ why: String) -> CurlLoop.Outcome {
    .failure(wasSent ? .answerLost(why) : .notSent(why))
  }

  func outcome(_ code: CURLcode) -> CurlLoop.Outcome {
    if code == CURLE_OK {
      guard headers.areComplete else {
        return .failure(.answerLost("the connection closed within the answer's headers"))
      }
      var status = 0
      certd_getinfo_long(easy, CURLINFO_RESPONSE_CODE, &status)
      return .success(HTTPResponse(status: status, headers: headers.fields, body: body))
    }
    if isTooLarge || code == CURLE_FILESIZE_EXCEEDED {
      return .failure(.tooLarge(limit: maximumBodySize))
    }
    if let problem = headers.problem { return .failure(.answerLost(problem)) }
    // It quotes the URL of a proxy, with its password.
    let detail = Redaction.foreignText(String(cString: reason))
    let words = detail.isEmpty ? CurlTransfer.words(for: code) : detail
    if code == CURLE_OPERATION_TIMEDOUT { return .failure(.timedOut(words, sent: wasSent)) }
    return interrupted(words)
  }

  private static func words(for code: CURLcode) -> String {
    String(cString: curl_easy_strerror(code))
  }
}
