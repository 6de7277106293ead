internal import RolloutCore

/// Turns the YAML tree of a file into a configuration and reports every problem in it.
struct ConfigurationReader {
  let context: ParseContext

  /// The result is valid only if `context` has no errors afterwards.
  func configuration(from root: YAMLNode, of main: SourceFile) -> Configuration? {
    guard let top = top(root, of: main) else { return nil }
    let stateFile = stateFile(in: top)
    let log = log(in: top)
    let metrics = metrics(in: top)
    var pacing = pacing(in: top)
    readRetry(in: top, into: &pacing)
    readPropagation(in: top, into: &pacing)
    let files = IncludedFiles(context: context, mainFile: main).mappings(including: top)
    let mappings = FleetAssembly(context: context, files: files).mappings()
    return Configuration(
      fleet: Fleet(mappings: mappings, pacing: pacing), stateFile: stateFile, log: log,
      metrics: metrics, path: main.path, warnings: [])
  }

  /// nil when `root` is not a section, which is reported.
  func stateFile(from root: YAMLNode, of main: SourceFile) -> String? {
    top(root, of: main).map(stateFile(in:))
  }

  /// nil when `root` is not a section, which is reported.
  func domains(from root: YAMLNode, of main: SourceFile) -> Set<DomainName>? {
    guard let top = top(root, of: main) else { return nil }
    let files = IncludedFiles(context: context, mainFile: main).mappings(including: top)
    return Set(files.flatMap(\.domains).compactMap { $0.domain.located?.value })
  }

  private func top(_ root: YAMLNode, of main: SourceFile) -> Section? {
    let start = Location(file: main, path: "", position: root.position)
    return Section(root, at: start, keySet: .top, context: context)
  }

  // MARK: Top level

  /// ACM is likely to throttle the listing of certificates at shorter intervals.
  static let shortestRecommendedPollInterval = Duration.seconds(30)
  static let shortestPollInterval = Duration.seconds(1)
  static let concurrencies = 1...1024
  /// More rollouts than mappings cannot be under way, or fail.
  static let fleetLimits = 0...FileMappings.maximumMappings

  private func pacing(in top: Section) -> Pacing {
    var pacing = Pacing()
    let interval = top.duration(
      "poll_interval", atLeast: ConfigurationReader.shortestPollInterval,
      explanation: "ACM throttles more frequent requests; write a longer one")
    if let given = interval.located,
      given.value < ConfigurationReader.shortestRecommendedPollInterval
    {
      context.report(
        .warning, at: given.location,
        """
        \(given.shown) is shorter than \
        \(ConfigurationReader.shortestRecommendedPollInterval.compact): ACM may throttle the \
        requests; write a longer interval unless this is a test
        """)
    }
    pacing.pollInterval = interval.value(or: pacing.pollInterval)
    pacing.concurrency = top.integer("concurrency", in: ConfigurationReader.concurrencies)
      .value(or: pacing.concurrency)
    pacing.driftInterval = top.duration("drift_interval").value(or: pacing.driftInterval)
    pacing.maxInFlight = top.integer("max_in_flight", in: ConfigurationReader.fleetLimits)
      .value(or: pacing.maxInFlight)
    pacing.stopAfterFailures = top.integer(
      "stop_after_failures", in: ConfigurationReader.fleetLimits
    ).value(or: pacing.stopAfterFailures)
    pacing.waveSoak = top.duration("wave_soak").value(or: pacing.waveSoak)
    pacing.expiryWarnings = top.positiveDurations("expiry_warnings")
      .value(or: pacing.expiryWarnings)
    return pacing
  }

  static let defaultStateFile = "/var/lib/cognito-certd/state.sqlite"

  /// The path in the file, otherwise `state.sqlite` in systemd's state directory, otherwise the
  /// default.
  private func stateFile(in top: Section) -> String {
    let given = top.absolutePath("state_file")
    if !given.isAbsent { return given.value(or: ConfigurationReader.defaultStateFile) }
    let directories = context.environment["STATE_DIRECTORY"] ?? ""
    guard let directory = directories.split(separator: ":").first else {
      return ConfigurationReader.defaultStateFile
    }
    guard directory.hasPrefix("/") else {
      context.report(
        at: top.location(of: "state_file"),
        """
        the environment variable STATE_DIRECTORY does not begin with an absolute path; correct the \
        variable, or write state_file
        """)
      return ConfigurationReader.defaultStateFile
    }
    return directory + (directory.hasSuffix("/") ? "" : "/") + "state.sqlite"
  }

  private func log(in top: Section) -> LogSettings {
    var settings = LogSettings()
    guard let log = top.section("log", .log).located?.value else { return settings }
    settings.level = log.word("level").value(or: settings.level)
    settings.format = log.word("format").value(or: settings.format)
    return settings
  }

  private func metrics(in top: Section) -> MetricsSettings {
    guard let metrics = top.section("metrics", .metrics).located?.value else {
      return MetricsSettings()
    }
    let listen = metrics.value("listen", as: ListenAddress.kind) { text throws(Malformed) in
      try ListenAddress(parsing: text)
    }
    let textfile = metrics.value("textfile", as: AbsolutePath.kind) { text throws(Malformed) in
      let path = try AbsolutePath.parse(text)
      // Nothing else reads it, and a mistake does not replace another file.
      guard path.hasSuffix(".prom"), !path.hasSuffix("/.prom") else {
        throw Malformed(
          AbsolutePath.kind, "node_exporter reads files whose names end in .prom; add that ending")
      }
      return path
    }
    return MetricsSettings(listen: listen.located?.value, textfile: textfile.located?.value)
  }

  private func readRetry(in top: Section, into pacing: inout Pacing) {
    guard let retry = top.section("retry", .retry).located?.value else { return }
    let initial = retry.positiveDuration("initial")
    let maximum = retry.positiveDuration("maximum")
    pacing.retryInitial = initial.value(or: pacing.retryInitial)
    pacing.retryMaximum = maximum.value(or: pacing.retryMaximum)
    reportOrder(
      ("initial", initial, pacing.retryInitial), ("maximum", maximum, pacing.retryMaximum))
  }

  static let confirmations = 1...100
  static let resubmits = 0...100

  private func readPropagation(in top: Section, into pacing: inout Pacing) {
    guard let section = top.section("propagation", .propagation).located?.value else { return }
    pacing.window = section.positiveDuration("window").value(or: pacing.window)
    let first = section.positiveDuration("check_interval")
    let last = section.positiveDuration("max_check_interval")
    pacing.checkInterval = first.value(or: pacing.checkInterval)
    pacing.maxCheckInterval = last.value(or: pacing.maxCheckInterval)
    reportOrder(
      ("check_interval", first, pacing.checkInterval),
      ("max_check_interval", last, pacing.maxCheckInterval))
    pacing.confirmations = section.integer(
      "confirmations", in: ConfigurationReader.confirmations
    ).value(or: pacing.confirmations)
    pacing.resubmits = section.integer("resubmits", in: ConfigurationReader.resubmits)
      .value(or: pacing.resubmits)
    if let idle = section.duration("idle_probe_interval").located?.value {
      pacing.idleProbeInterval = idle == .zero ? nil : idle
    }
  }

  /// Reports a first delay that is longer than the longest one, at the location of the first, or
  /// of the other when only that is written.
  private func reportOrder(
    _ first: (key: String, setting: Setting<Duration>, value: Duration),
    _ last: (key: String, setting: Setting<Duration>, value: Duration)
  ) {
    guard !first.setting.isInvalid, !last.setting.isInvalid, first.value > last.value,
      let location = first.setting.located?.location ?? last.setting.located?.location
    else { return }
    func shown(_ setting: Setting<Duration>, _ value: Duration) -> String {
      setting.located?.shown ?? "\(value.compact) (the default)"
    }
    context.report(
      at: location,
      """
      \(first.key) \(shown(first.setting, first.value)) is longer than \(last.key) \
      \(shown(last.setting, last.value)); shorten it, or lengthen \(last.key)
      """)
  }
}
