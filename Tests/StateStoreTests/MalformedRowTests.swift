import Reconciliation
import RolloutCore
import Testing

@testable import StateStore

@Suite("A row that cannot be read is named, and its value is not shown")
struct MalformedRowTests {
  static let edits: [(sql: String, place: String)] = [
    ("UPDATE domains SET is_mapped = 2", "column is_mapped: is neither 0 nor 1"),
    (
      "UPDATE domains SET held_since = NULL",
      "column held_until: is set although held_since is empty"
    ),
    (
      "UPDATE domains SET reason_code = NULL",
      "column reason_detail: is set although reason_code is empty"
    ),
    ("UPDATE domains SET reason_detail = NULL", "column reason_detail: is empty"),
    ("UPDATE domains SET retry_requested = 7", "column retry_requested: is neither 0 nor 1"),
    (
      "UPDATE domains SET expiry_warning_not_after = NULL",
      "column expiry_warning_threshold: is set although"
    ),
    (
      "UPDATE domains SET expiry_warning_threshold = NULL",
      "column expiry_warning_threshold: is empty"
    ),
    ("UPDATE domains SET shunned = 's3cret'", "column shunned: is not JSON"),
    ("UPDATE rollouts SET attempts = -1", "column attempts: is not a count"),
    ("UPDATE served_edges SET matches = 7", "table served_edges, row \"auth.example.com\", colu"),
    ("UPDATE domains SET domain = 'S3CRET'", "table domains, row \"S3CRET\", column domain"),
    ("UPDATE domains SET user_pool_id = 's3cret'", "column user_pool_id: is not the id of a user"),
    ("UPDATE domains SET region = 's3cret'", "column region: is not an AWS region"),
    ("UPDATE domains SET attached_certificate_arn = 's3cret'", "column attached_certificate_arn"),
    ("UPDATE domains SET desired_certificate_arn = ''", "column desired_certificate_arn"),
    ("UPDATE domains SET last_attached_certificate_arn = 's3cret'", "column last_attached"),
    ("UPDATE domains SET drifted_to_certificate_arn = 's3cret'", "column drifted_to_certificate"),
    ("UPDATE domains SET shunned = '{}'", "column shunned: is not a JSON array"),
    ("UPDATE domains SET shunned = '[7]'", "column shunned: holds something that is not a string"),
    ("UPDATE domains SET shunned = '[\"s3cret\"]'", "column shunned: holds something that"),
    ("UPDATE domains SET shunned = '{\"s3cret\":1,\"s3cret\":2}'", "column shunned: is not JSON"),
    ("UPDATE domains SET wave = -1", "column wave: is not a count"),
    ("UPDATE domains SET rolled_back_certificate_arn = 's3cret'", "column rolled_back_certificate"),
    ("UPDATE domains SET failed_in_wave = NULL", "column failed_rollout: is set although"),
    ("UPDATE domains SET failed_in_wave = -1", "column failed_in_wave: is not a count"),
    ("UPDATE domains SET failed_rollout = NULL", "column failed_rollout: is empty"),
    ("UPDATE domains SET failed_rollouts = -1", "column failed_rollouts: is not a count"),
    ("UPDATE rollouts SET is_urgent = 7", "column is_urgent: is neither 0 nor 1"),
    ("UPDATE rollouts SET was_served = 7", "column was_served: is neither 0 nor 1"),
    ("UPDATE domains SET rollout = 's3cret'", "column rollout: refers to no row"),
    ("UPDATE rollouts SET domain = 's3cret'", "column rollout: refers to a rollout of another"),
    (
      "UPDATE rollouts SET certificate_arn = 's3cret'",
      "table rollouts, row \"rollout-0\", column c"
    ),
    ("UPDATE rollouts SET previous_certificate_arn = 's3cret'", "column previous_certificate_arn"),
    ("UPDATE rollouts SET attempts = 9223372036854775807", "column attempts: is not a count"),
  ]

  @Test("in domains and rollouts", arguments: edits)
  func records(_ edited: (sql: String, place: String)) async throws {
    let scratch = try Scratch()
    try await makeState(at: scratch.state)
    try edit(scratch.state, "PRAGMA ignore_check_constraints = ON; " + edited.sql)
    let store = try StateStore.open(path: scratch.state, mode: .daemon)
    let loading = await failure { _ = try await store.loadRecords() }
    try store.close()
    let reading = await failure { _ = try StateReader.open(path: scratch.state).snapshot() }
    for failure in [loading, reading] {
      #expect(failure?.kind == .damaged)
      #expect(failure?.message.contains(edited.place) == true, "\(failure as Any)")
      #expect(failure?.message.contains("move the file away") == true)
      #expect(failure?.description.contains("s3cret") == false)
    }
  }

  /// Every phase with the columns that it needs.
  static let needs: [String: [String]] = [
    "submitting": ["submitted_at", "settings", "mapping_fingerprint", "failures"],
    "retrying": [
      "next_step_at", "failures", "last_error_code", "mapping_fingerprint", "settings",
      "lost_mapping_fingerprint", "lost_failures",
    ],
    "propagating": ["submitted_at", "deadline", "next_step_at", "checks", "confirmations"],
    "overdue": ["submitted_at", "deadline", "next_step_at", "checks", "confirmations"],
    "refused": ["last_error_code", "next_step_at", "mapping_fingerprint"],
    "completed": ["submitted_at", "completed_at", "proof"],
    "superseded": ["completed_at"],
    "abandoned": ["completed_at"],
  ]

  @Test(
    "where a phase lacks a column that it needs, the phase and the column are named",
    arguments: needs.keys.sorted())
  func phaseData(_ phase: String) async throws {
    for column in try #require(MalformedRowTests.needs[phase]) {
      let scratch = try Scratch()
      let store = try StateStore.open(path: scratch.state, mode: .daemon)
      var record = try plainRecord()
      record.rollout = try fullRollout(
        phase: try #require(everyPhase.first { (try? fullRollout(phase: $0))?.phaseWord == phase }))
      if phase == "retrying" { record.rollout = try fullRollout(phase: everyPhase[2]) }
      try await store.commit(StateChange(records: [record]))
      #expect(try await store.loadRecords() == [record])
      // Both or neither, by a constraint.
      let cleared = column == "last_error_code" ? ["last_error_code", "last_error"] : [column]
      let assignments = cleared.map { "\($0) = NULL" }.joined(separator: ", ")
      try edit(scratch.state, "UPDATE rollouts SET \(assignments)")
      let failure = await failure { _ = try await store.loadRecords() }
      #expect(failure?.kind == .damaged, "\(column)")
      #expect(
        failure?.message.contains(
          "column \(column): is empty, and the phase \(phase) needs it") == true,
        "\(failure as Any)")
    }
  }

  @Test(
    "where a phase has malformed data",
    arguments: [
      ("failures = 2147483648", "column failures: is not a count"),
      ("failures = -1", "column failures: is not a count"),
      ("settings = 's3cret'", "column settings: is not JSON"),
      ("settings = '[]'", "column settings: does not have the form"),
      (
        "settings = '{\"custom_domain_config\":{\"a\":\"s3cret\"},\"top_level\":{}}'",
        "column settings: does not have the form"
      ),
      (
        "settings = '{\"custom_domain_config\":{},\"top_level\":{\"a\":1}}'",
        "column settings: does not have the form"
      ),
    ])
  func malformedPhaseData(_ assignment: String, place: String) async throws {
    let scratch = try Scratch()
    let store = try StateStore.open(path: scratch.state, mode: .daemon)
    var record = try plainRecord()
    record.rollout = try fullRollout(phase: .submitting(submission))
    try await store.commit(StateChange(records: [record]))
    try edit(
      scratch.state,
      "PRAGMA ignore_check_constraints = ON; UPDATE rollouts SET \(assignment)")
    let failure = await failure { _ = try await store.loadRecords() }
    #expect(failure?.kind == .damaged)
    #expect(failure?.message.contains(place) == true, "\(failure as Any)")
    #expect(failure?.description.contains("s3cret") == false)
  }

  @Test("in the requests")
  func requests() async throws {
    let scratch = try Scratch()
    try await makeState(at: scratch.state)
    try edit(
      scratch.state,
      "INSERT INTO requests (domain, at, user, kind) VALUES ('s3cret', 1, 'alice', 'retry')")
    let store = try StateStore.open(path: scratch.state, mode: .daemon)
    let failure = await failure { _ = try await store.pendingRequests() }
    #expect(failure?.message.contains("table requests, row \"1\", column domain") == true)
    #expect(failure?.description.contains("s3cret") == false)
  }

  @Test("a table or a column that is missing is damage, and not a crash")
  func missingParts() async throws {
    for sql in [
      "ALTER TABLE domains DROP COLUMN selector_fingerprint",
      "ALTER TABLE rollouts RENAME COLUMN proof TO renamed",
    ] {
      let scratch = try Scratch()
      try await makeState(at: scratch.state)
      try edit(scratch.state, sql)
      let store = try StateStore.open(path: scratch.state, mode: .daemon)
      let loading = await failure { _ = try await store.loadRecords() }
      #expect(loading?.kind == .damaged)
      #expect(loading?.message.contains("no such ") == true, "\(loading as Any)")
      let writing = await failure {
        try await store.commit(StateChange(records: [try fullRecord()]))
      }
      #expect(writing?.kind == .damaged)
    }
    for table in StateFormat.tablesReadAtStart {
      let scratch = try Scratch()
      try await makeState(at: scratch.state)
      try edit(scratch.state, "DROP TABLE \(table)")
      let before = try bytes(scratch.state)
      let opening = await failure { _ = try StateStore.open(path: scratch.state, mode: .daemon) }
      #expect(opening?.kind == .damaged)
      #expect(opening?.message.contains("no such table: \(table)") == true, "\(opening as Any)")
      #expect(try bytes(scratch.state) == before)
    }
  }
}
