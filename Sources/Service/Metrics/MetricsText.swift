import Reconciliation
import RolloutCore

/// The text format of Prometheus, version 0.0.4.
///
/// A fleet has about twenty lines a domain: they are written as bytes, with what repeats made once.
package struct MetricsText {
  package private(set) var bytes: [UInt8] = []
  /// Of the present family.
  private var name: [UInt8] = []

  package static let contentType = "text/plain; version=0.0.4; charset=utf-8"

  package init(_ snapshot: MetricsSnapshot) {
    bytes.reserveCapacity(snapshot.fleet.domains.count * MetricsText.bytesOfDomain + 1 << 14)
    writeDomains(snapshot.fleet)
    writeCounters(snapshot.counters)
    writeDaemon(snapshot)
  }

  /// What a domain with an ordinary name takes.
  private static let bytesOfDomain = 2048

  // MARK: Domains

  private mutating func writeDomains(_ fleet: FleetFacts) {
    let domains = fleet.domains.map {
      (facts: $0, labels: labels(("domain", $0.record.domain.text)))
    }
    begin(.domainCondition)
    let known = Condition.known.map { ($0, suffix("condition", $0.word)) }
    for (facts, labels) in domains {
      let condition = facts.record.condition
      for (candidate, suffix) in known {
        sample(labels, suffix, value: candidate == condition ? "1" : "0")
      }
      if case .other(let word) = condition {
        sample(labels, suffix("condition", word), value: "1")
      }
    }
    begin(.domainEnding)
    for (facts, labels) in domains {
      sample(labels, value: facts.record.isEnding(at: fleet.now) ? "1" : "0")
    }
    begin(.domainRolledBack)
    for (facts, labels) in domains {
      sample(labels, value: facts.record.rolledBack == nil ? "0" : "1")
    }
    begin(.certificateNotAfter)
    let sources = ["attached", "served", "desired"].map { suffix("source", $0) }
    for (facts, labels) in domains {
      let served = facts.record.served.map(\.notAfter).min()
      let ends = [facts.record.attachedNotAfter, served, facts.desiredNotAfter]
      for (end, suffix) in zip(ends, sources) {
        guard let end else { continue }
        sample(labels, suffix, value: MetricsText.seconds(end))
      }
    }
    begin(.rolloutStarted)
    for (facts, labels) in domains {
      guard let rollout = facts.record.rollout, rollout.isOpen else { continue }
      sample(labels, value: MetricsText.seconds(rollout.startedAt))
    }
    begin(.edges)
    let states = ["serving", "other", "refusing", "unreachable"].map { suffix("state", $0) }
    for (facts, labels) in domains {
      guard let edges = facts.edges else { continue }
      let counts = [edges.serving, edges.other, edges.refusing, edges.unreachable]
      for (count, suffix) in zip(counts, states) {
        sample(labels, suffix, value: String(count))
      }
    }
  }

  // MARK: What is counted

  private mutating func writeCounters(_ counters: Counters) {
    begin(.rolloutDuration)
    histogram([], counters.rolloutDurations)
    begin(.apiRequests)
    let requests = counters.requests.sorted { left, right in
      let (one, other) = (left.key, right.key)
      return (one.operation.service, one.operation.name, one.outcome)
        < (other.operation.service, other.operation.name, other.outcome)
    }
    for (request, count) in requests {
      let operation = request.operation
      sample(
        labels(
          ("service", operation.service), ("operation", operation.name),
          ("outcome", request.outcome)), value: String(count))
    }
    begin(.apiRequestDuration)
    let durations = counters.requestDurations.sorted {
      ($0.key.service, $0.key.name) < ($1.key.service, $1.key.name)
    }
    for (operation, durations) in durations {
      histogram(labels(("service", operation.service), ("operation", operation.name)), durations)
    }
    begin(.reloadSuccessful)
    sample([], value: counters.lastReloadSucceeded ? "1" : "0")
    begin(.reloadSucceededAt)
    sample([], value: MetricsText.seconds(counters.reloadSucceededAt))
  }

  /// The counts of a histogram's buckets are those of all smaller ones, too.
  private mutating func histogram(_ labels: [UInt8], _ histogram: Histogram) {
    var count: UInt64 = 0
    for (index, own) in histogram.counts.enumerated() {
      count += own
      let bound =
        histogram.bounds.indices.contains(index)
        ? MetricsText.seconds(histogram.bounds[index]) : "+Inf"
      sample(labels, suffix("le", bound), value: String(count), ending: "_bucket")
    }
    sample(labels, value: MetricsText.seconds(histogram.sum), ending: "_sum")
    sample(labels, [], value: String(count), ending: "_count")
  }

  // MARK: The daemon

  private mutating func writeDaemon(_ snapshot: MetricsSnapshot) {
    let fleet = snapshot.fleet
    begin(.waveStopped)
    for wave in fleet.waves {
      sample(labels(("wave", String(wave.number))), value: wave.isStopped ? "1" : "0")
    }
    begin(.lastSuccessfulPoll)
    for poll in fleet.polls {
      sample(
        labels(("account", poll.account)),
        value: poll.succeededAt.map(MetricsText.seconds) ?? "0")
    }
    begin(.pollInterval)
    sample([], value: MetricsText.seconds(fleet.pollInterval))
    begin(.stateWrites)
    sample([], value: String(fleet.stateWrites))
    begin(.stateWriteSuccessful)
    sample([], value: fleet.stateHasFailed ? "0" : "1")
    begin(.processStart)
    sample([], value: MetricsText.seconds(snapshot.startedAt))
    begin(.buildInfo)
    sample(labels(("version", snapshot.version)), value: "1")
  }

  // MARK: Lines

  private mutating func begin(_ metric: Metric) {
    name = Array(metric.name.utf8)
    bytes +=
      "# HELP \(metric.name) \(metric.help)\n# TYPE \(metric.name) \(metric.kind.rawValue)\n"
      .utf8
  }

  /// A sample of the family that was begun last.
  private mutating func sample(
    _ labels: [UInt8], _ more: [UInt8] = [], value: String, ending: String = ""
  ) {
    bytes += name
    bytes += ending.utf8
    if !labels.isEmpty || !more.isEmpty {
      bytes.append(UInt8(ascii: "{"))
      bytes += labels
      // `more` begins with a comma.
      if labels.isEmpty { bytes += more.dropFirst() } else { bytes += more }
      bytes.append(UInt8(ascii: "}"))
    }
    bytes.append(UInt8(ascii: " "))
    bytes += value.utf8
    bytes.append(UInt8(ascii: "\n"))
  }

  private func labels(_ labels: (name: String, value: String)...) -> [UInt8] {
    Array(labels.flatMap { suffix($0.name, $0.value) }.dropFirst())
  }

  private func suffix(_ name: String, _ value: String) -> [UInt8] {
    Array(",\(name)=\"".utf8) + MetricsText.escaped(value) + [UInt8(ascii: "\"")]
  }

  /// A label's value with the three characters escaped that the format escapes.
  package static func escaped(_ value: String) -> [UInt8] {
    var escaped: [UInt8] = []
    for byte in value.utf8 {
      switch byte {
      case UInt8(ascii: "\\"): escaped += Array("\\\\".utf8)
      case UInt8(ascii: "\""): escaped += Array("\\\"".utf8)
      case UInt8(ascii: "\n"): escaped += Array("\\n".utf8)
      default: escaped.append(byte)
      }
    }
    return escaped
  }

  static func seconds(_ instant: Instant) -> String { seconds(milliseconds: instant.milliseconds) }

  static func seconds(_ duration: Duration) -> String {
    seconds(milliseconds: duration.inMilliseconds)
  }

  /// As a decimal number without needless digits: 1.5, 90, 0.025.
  private static func seconds(milliseconds: Int64) -> String {
    let sign = milliseconds < 0 ? "-" : ""
    let (whole, rest) = milliseconds.magnitude.quotientAndRemainder(dividingBy: 1000)
    if rest == 0 { return sign + String(whole) }
    var digits = String(1000 + rest).dropFirst()
    while digits.hasSuffix("0") { digits = digits.dropLast() }
    return "\(sign)\(whole).\(digits)"
  }
}
