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

/// A record with nothing in it that may be absent.
func plainRecord(_ name: String = "auth.example.com") throws -> DomainRecord {
  DomainRecord(
    domain: try domain(name), userPoolID: try UserPoolID(parsing: "eu-west-1_Ab12Cd34E"),
    region: try Region(parsing: "eu-west-1"))
}

/// A rollout in which every member is set.
func fullRollout(_ id: String = "0123456789abcdef") throws -> Rollout {
  Rollout(
    id: id, certificate: try certificate("new"), previous: try certificate("old"),
    cause: .unusable, phase: .completed, startedAt: at(1), submittedAt: at(2), deadline: at(3),
    completedAt: at(4), proof: .edge, attempts: 5, failures: 6, resubmits: 7, checks: 8,
    confirmations: 9, nextStepAt: at(10), freshUntil: at(11),
    settings: EchoedSettings(
      customDomainConfig: [
        "SecurityPolicy": "\"TLS_V1_2_2021\"", "Odd \"name\"": "[1.0,{\"deep\":1e400}]",
      ],
      topLevel: ["ManagedLoginVersion": "2", "Routing": "{\"Failover\":{\"a\":null}}"]),
    lastError: "it said: ünïcödé 🔑 'quoted' \"twice\"\nand a line more", refusal: "not_found",
    mappingFingerprint: "arn=;tags=\"a\"=\"b\"")
}

/// A record in which every member is set.
func fullRecord(_ name: String = "auth.example.com", rollout: String = "0123456789abcdef") throws
  -> DomainRecord
{
  DomainRecord(
    domain: try domain(name), userPoolID: try UserPoolID(parsing: "us-gov-west-1_Zz9"),
    region: try Region(parsing: "eu-central-2"), isMapped: true, condition: .drifted,
    reason: Reason("drift", "someone's own; DROP TABLE domains;--"),
    attached: try certificate("attached"), attachedNotAfter: at(.max),
    desired: try certificate("desired"), lastAttached: try certificate("last"),
    selectorFingerprint: "arn=;types=IMPORTED", lastRestoredAt: at(-1),
    driftedTo: try certificate("drifted"),
    shunned: [try certificate("b"), try certificate("a"), try certificate("b")],
    hold: Hold(since: at(20), until: at(30)),
    served: [
      ServedEdge(
        address: "[2001:db8::1]:443", sha256: "ff", serial: "0A", notAfter: at(40), matches: true),
      ServedEdge(
        address: "192.0.2.7:443", sha256: "00", serial: "", notAfter: at(.min), matches: false),
      ServedEdge(
        address: "192.0.2.7:443", sha256: "00", serial: "", notAfter: at(0), matches: false),
    ],
    rollout: try fullRollout(rollout))
}

func entry(_ number: Int64, _ name: String? = "auth.example.com") throws -> HistoryEntry {
  HistoryEntry(
    at: at(number), domain: try name.map { try domain($0) },
    event: Event(.updateAccepted, [.requestID: "request-\(number)"]))
}

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
