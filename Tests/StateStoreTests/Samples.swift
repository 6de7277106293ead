import Foundation
import GRDB
import Reconciliation
import RolloutCore
import Testing

@testable import StateStore

func domain(_ text: String = "auth.example.com") throws -> DomainName {
  try DomainName(parsing: text)
}

func certificate(_ id: String) throws -> CertificateARN {
  try CertificateARN(parsing: "arn:aws:acm:us-east-1:123456789012:certificate/\(id)")
}

func at(_ milliseconds: Int64) -> Instant { Instant(milliseconds: milliseconds) }

let person = OperatorName(escaping: "alice")

/// A record with nothing in it that may be absent.
func plainRecord(_ name: String = "auth.example.com") throws -> DomainRecord {
  DomainRecord(
    domain: try domain(name), userPoolID: try UserPoolID(parsing: "eu-west-1_Ab12Cd34E"),
    region: try Region(parsing: "eu-west-1"))
}

/// Settings that SQL, JSON and Unicode could damage.
let oddSettings = EchoedSettings(
  customDomainConfig: [
    "SecurityPolicy": "\"TLS_V1_2_2021\"", "Odd \"name\"": "[1.0,{\"deep\":1e400}]",
  ],
  topLevel: ["ManagedLoginVersion": "2", "Routing": "{\"Failover\":{\"a\":null}}"])

let oddText = "it said: ünïcödé 🔑 'quoted' \"twice\"\nand a line more"

let submission = Rollout.Submission(
  intendedAt: at(2), settings: oddSettings, mapping: "arn=;tags=\"a\"=\"b\"", failures: 3)

/// Every phase that this version knows, with all data that may be absent and without it.
let everyPhase: [Rollout.Phase] = [
  .submitting(submission),
  .submitting(Rollout.Submission(intendedAt: at(.min), settings: EchoedSettings(), mapping: "")),
  .retrying(
    Rollout.Retry(
      dueAt: at(4), failures: 5, error: Explanation(.throttled, oddText),
      lost: Rollout.Submission(
        intendedAt: at(6), settings: oddSettings, mapping: "of the lost call", failures: 7),
      notBefore: at(8), mapping: "of the retry")),
  .retrying(Rollout.Retry(dueAt: at(4), failures: 0, error: Explanation(.answerLost))),
  .propagating(
    Rollout.Propagation(
      acceptedAt: at(1), deadline: at(2), nextCheckAt: at(3), checks: 4, confirmations: 5,
      sent: oddSettings)),
  .propagating(Rollout.Propagation(acceptedAt: at(1), deadline: at(2), nextCheckAt: at(3))),
  .overdue(
    Rollout.Propagation(
      acceptedAt: at(1), deadline: at(2), nextCheckAt: at(3), checks: 4, confirmations: 5,
      sent: EchoedSettings())),
  .refused(
    Rollout.Refusal(
      error: Explanation(.accessDenied, oddText), nextAttemptAt: at(9), mapping: "m")),
  .completed(Rollout.Completion(acceptedAt: at(1), completedAt: at(.max), proof: .controlPlane)),
  .completed(
    Rollout.Completion(acceptedAt: at(1), completedAt: at(2), proof: .edge, releasedAt: at(3))),
  .superseded(at: at(7)),
  .abandoned(at: at(8)),
]

/// A rollout in which every member is set.
func fullRollout(
  _ id: String = "0123456789abcdef",
  phase: Rollout.Phase = .completed(
    Rollout.Completion(acceptedAt: at(2), completedAt: at(4), proof: .edge))
) throws -> Rollout {
  Rollout(
    id: id, certificate: try certificate("new"), previous: try certificate("old"),
    previousNotAfter: at(12), cause: .unusable, startedAt: at(1), freshUntil: at(11),
    isUrgent: true, wasServed: false, attempts: 5, resubmits: 7, phase: phase)
}

/// A record in which every member is set.
func fullRecord(
  _ name: String = "auth.example.com", rollout: String = "0123456789abcdef"
) throws -> DomainRecord {
  DomainRecord(
    domain: try domain(name), userPoolID: try UserPoolID(parsing: "us-gov-west-1_Zz9"),
    region: try Region(parsing: "eu-central-2"), wave: 3, isMapped: true, condition: .drifted,
    reason: Explanation(.drifted, "someone's own; DROP TABLE domains;--"),
    attached: try certificate("attached"), attachedNotAfter: at(.max),
    desired: try certificate("desired"), lastAttached: try certificate("last"),
    selectorFingerprint: "arn=;types=IMPORTED", lastRestoredAt: at(-1),
    driftedTo: try certificate("drifted"),
    shunned: [try certificate("b"), try certificate("a"), try certificate("b")],
    rolledBack: try certificate("failed"),
    failure: CampaignFailure(wave: 3, rollout: "fedcba9876543210", count: 2),
    hold: Hold(since: at(20), until: at(30)), retryRequested: true,
    served: [
      ServedEdge(
        address: "[2001:db8::1]:443", sha256: "ff", serial: "0A", notAfter: at(40), matches: true),
      ServedEdge(
        address: "192.0.2.7:443", sha256: "00", serial: "", notAfter: at(.min), matches: false),
      ServedEdge(
        address: "192.0.2.7:443", sha256: "00", serial: "", notAfter: at(0), matches: false),
    ],
    expiryWarning: ExpiryWarning(notAfter: at(50), threshold: .days(14)),
    rollout: try fullRollout(rollout))
}

/// An entry that differs from every entry with another number.
func entry(_ number: Int64, _ name: String? = "auth.example.com") throws -> HistoryEntry {
  HistoryEntry(
    at: at(number), domain: try name.map { try domain($0) }, event: "update.accepted",
    level: "info", fields: ["rollout": "rollout-\(number)"])
}

/// A row of the history as it is in the file.
struct HistoryRow: Equatable {
  var at: Int64
  var lastAt: Int64
  var count: Int
  var entry: HistoryEntry
}

/// The history in the order of its rows. `at` of an entry is the time of its last repetition.
func historyRows(_ path: String) throws -> [HistoryRow] {
  var configuration = Configuration()
  configuration.readonly = true
  let queue = try DatabaseQueue(path: path, configuration: configuration)
  return try queue.read { database in
    try Row.fetchAll(database, sql: "SELECT * FROM history ORDER BY id").map { row in
      let name: String? = row["domain"]
      let fields: String = row["fields"]
      let entry = HistoryEntry(
        at: at(row["last_at"]), domain: try name.map { try domain($0) }, event: row["event"],
        level: row["level"],
        fields: try JSONDecoder().decode([String: String].self, from: Data(fields.utf8)))
      return HistoryRow(at: row["at"], lastAt: row["last_at"], count: row["count"], entry: entry)
    }
  }
}

func storedEntries(_ path: String) throws -> [HistoryEntry] { try historyRows(path).map(\.entry) }

/// What a store keeps of a change, read again by another opening of the same file.
func reloaded(_ change: StateChange) async throws -> [DomainRecord] {
  let scratch = try Scratch()
  let store = try StateStore.open(path: scratch.state, mode: .daemon)
  try await store.commit(change)
  try store.close()
  let again = try StateStore.open(path: scratch.state, mode: .daemon)
  defer { #expect(throws: Never.self) { try again.close() } }
  return try await again.loadRecords()
}

/// A whole state file with one record and one entry, closed, so that it is one file.
func makeState(at path: String, _ names: [String] = ["auth.example.com"]) async throws {
  let store = try StateStore.open(path: path, mode: .daemon)
  var change = StateChange(history: [try entry(1)])
  for (index, name) in names.enumerated() {
    change.records.append(try fullRecord(name, rollout: "rollout-\(index)"))
  }
  try await store.commit(change)
  try store.close()
}

/// As a person with sqlite3 would.
func edit(_ path: String, _ sql: String, foreignKeys: Bool = false) throws {
  var configuration = Configuration()
  configuration.foreignKeysEnabled = foreignKeys
  let queue = try DatabaseQueue(path: path, configuration: configuration)
  try queue.inDatabase { try $0.execute(sql: sql) }
  try queue.close()
}

func failure(_ body: () async throws -> Void) async -> StateFailure? {
  do {
    try await body()
    return nil
  } catch {
    return error as? StateFailure
  }
}
