internal import RolloutCore

/// Turns the tree of a file into a configuration, reporting all that is wrong with it.
struct ConfigurationReader {
  let reading: Reading

  /// What it returns is right only if `reading` has no errors afterwards.
  func configuration(from root: YAMLNode, path: String) -> Configuration? {
    let start = Place(path: "", position: root.position)
    guard let top = Section(root, at: start, schema: .top, reading: reading) else { return nil }
    let stateFile = stateFile(in: top)
    let log = log(in: top)
    checkMetrics(in: top)
    var pacing = pacing(in: top)
    readRetry(in: top, into: &pacing)
    readPropagation(in: top, into: &pacing)
    let defaults = defaults(in: top)
    let drafts = domains(in: top)
    let mappings = FleetAssembly(reading: reading, defaults: defaults).mappings(of: drafts)
    return Configuration(
      fleet: Fleet(mappings: mappings, pacing: pacing), stateFile: stateFile, log: log,
      path: path, warnings: [])
  }

  // MARK: Top level

  /// Below it, a listing of every certificate is likely to be throttled.
  static let shortestQuietPollInterval = Duration.seconds(30)
  static let shortestPollInterval = Duration.seconds(1)
  static let concurrencies = 1...1024

  private func pacing(in top: Section) -> Pacing {
    var pacing = Pacing()
    let interval = top.duration(
      "poll_interval", atLeast: ConfigurationReader.shortestPollInterval,
      meaning: "ACM answers so few requests a second that more would only be throttled")
    if let given = interval.located, given.value < ConfigurationReader.shortestQuietPollInterval {
      reading.report(
        .warning, at: given.place,
        """
        \(given.shown) is below \(ConfigurationReader.shortestQuietPollInterval.compact): ACM may \
        throttle the listing; write a longer interval unless this is a test
        """)
    }
    pacing.pollInterval = interval.or(pacing.pollInterval)
    pacing.concurrency = top.integer("concurrency", in: ConfigurationReader.concurrencies)
      .or(pacing.concurrency)
    return pacing
  }

  static let standardStateFile = "/var/lib/cognito-certd/state.sqlite"

  /// The path that is written, else one in systemd's state directory, else the standard one.
  private func stateFile(in top: Section) -> String {
    let given = top.absolutePath("state_file")
    if !given.isAbsent { return given.or(ConfigurationReader.standardStateFile) }
    let directories = reading.environment["STATE_DIRECTORY"] ?? ""
    guard let directory = directories.split(separator: ":").first else {
      return ConfigurationReader.standardStateFile
    }
    guard directory.hasPrefix("/") else {
      reading.report(
        at: top.place(of: "state_file"),
        """
        the environment variable STATE_DIRECTORY does not begin with an absolute path; write \
        state_file, or correct the variable
        """)
      return ConfigurationReader.standardStateFile
    }
    return directory + (directory.hasSuffix("/") ? "" : "/") + "state.sqlite"
  }

  private func log(in top: Section) -> LogSettings {
    var settings = LogSettings()
    guard let log = top.section("log", .log).located?.value else { return settings }
    settings.level = log.word("level").or(settings.level)
    settings.format = log.word("format").or(settings.format)
    return settings
  }

  /// The section is refused as a whole; its values are looked at all the same, so that the file
  /// is right once it is supported.
  private func checkMetrics(in top: Section) {
    guard let metrics = top.section("metrics", .metrics).located?.value else { return }
    _ = metrics.value("listen", as: ProbeTarget.Endpoint.kind) { text throws(Malformed) in
      try ProbeTarget.Endpoint(parsing: text)
    }
    _ = metrics.absolutePath("textfile")
  }

  private func readRetry(in top: Section, into pacing: inout Pacing) {
    guard let retry = top.section("retry", .retry).located?.value else { return }
    let initial = retry.positiveDuration("initial")
    let maximum = retry.positiveDuration("maximum")
    pacing.retryInitial = initial.or(pacing.retryInitial)
    pacing.retryMaximum = maximum.or(pacing.retryMaximum)
    reportOrder(
      ("initial", initial, pacing.retryInitial), ("maximum", maximum, pacing.retryMaximum),
      in: retry)
  }

  static let confirmations = 1...100
  static let resubmits = 0...100

  private func readPropagation(in top: Section, into pacing: inout Pacing) {
    guard let section = top.section("propagation", .propagation).located?.value else { return }
    pacing.window = section.positiveDuration("window").or(pacing.window)
    let first = section.positiveDuration("check_interval")
    let last = section.positiveDuration("max_check_interval")
    pacing.checkInterval = first.or(pacing.checkInterval)
    pacing.maxCheckInterval = last.or(pacing.maxCheckInterval)
    reportOrder(
      ("check_interval", first, pacing.checkInterval),
      ("max_check_interval", last, pacing.maxCheckInterval), in: section)
    pacing.confirmations = section.integer(
      "confirmations", in: ConfigurationReader.confirmations
    ).or(pacing.confirmations)
    pacing.resubmits = section.integer("resubmits", in: ConfigurationReader.resubmits)
      .or(pacing.resubmits)
    if let idle = section.duration("idle_probe_interval").located?.value {
      pacing.idleProbeInterval = idle == .zero ? nil : idle
    }
  }

  /// Reports a first delay that is longer than the longest, at whichever of the two was written.
  private func reportOrder(
    _ first: (key: String, setting: Setting<Duration>, value: Duration),
    _ last: (key: String, setting: Setting<Duration>, value: Duration), in section: Section
  ) {
    guard !first.setting.isInvalid, !last.setting.isInvalid, first.value > last.value,
      let place = first.setting.located?.place ?? last.setting.located?.place
    else { return }
    func shown(_ setting: Setting<Duration>, _ value: Duration) -> String {
      setting.located?.shown ?? "\(value.compact) (the default)"
    }
    reading.report(
      at: place,
      """
      \(first.key) \(shown(first.setting, first.value)) is longer than \(last.key) \
      \(shown(last.setting, last.value)); shorten it, or lengthen \(last.key)
      """)
  }

  // MARK: Mappings

  private func defaults(in top: Section) -> MappingDraft {
    switch top.section("defaults", .defaults) {
    case .given(let section): return MappingDraft(section.value)
    case .absent: return MappingDraft(at: top.place)
    case .invalid:
      var draft = MappingDraft(at: top.place)
      draft.certificate.isReadable = false
      return draft
    }
  }

  /// A megabyte holds few more.
  static let maximumMappings = 10_000

  private func domains(in top: Section) -> [MappingDraft] {
    let place = top.place(of: "domains")
    guard let node = top.node("domains") else {
      reading.report(at: place, "it is missing; \(ConfigurationReader.exampleAdvice)")
      return []
    }
    let nodes: [YAMLNode]
    switch node.content {
    case .sequence(let written): nodes = written
    case .scalar where node.isNull: nodes = []
    case .unusable: return []
    case .scalar, .mapping:
      reading.report(
        at: place, "\(node.kind) stands where a list must; begin each mapping with \"- domain:\"")
      return []
    }
    if nodes.isEmpty {
      reading.report(at: place, "the list is empty; \(ConfigurationReader.exampleAdvice)")
    }
    guard nodes.count <= ConfigurationReader.maximumMappings else {
      reading.report(
        at: place,
        """
        there are \(nodes.count) mappings, and one process takes \
        \(ConfigurationReader.maximumMappings); divide them among several
        """)
      return []
    }
    return nodes.enumerated().compactMap { index, node in
      let place = place.element(index, at: node.position)
      return Section(node, at: place, schema: .mapping, reading: reading).map(MappingDraft.init)
    }
  }

  private static let exampleAdvice = """
    add at least one mapping with domain and user_pool_id; an example stands in the comments of \
    the config.yaml that comes with cognito-certd
    """
}
