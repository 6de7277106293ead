import Reconciliation
import RolloutCore
import StateStore
import Testing

@Suite("A row that a person broke is named, and its value is not shown")
struct MalformedRowTests {
  static let edits: [(sql: String, place: String)] = [
    ("UPDATE domains SET condition = 's3cret'", "column condition: is none of the words"),
    ("UPDATE domains SET is_mapped = 2", "column is_mapped: is neither 0 nor 1"),
    ("UPDATE domains SET held_since = NULL", "column held_until: stands without a held_since"),
    ("UPDATE domains SET reason_code = NULL", "column reason_text: stands without a reason_code"),
    ("UPDATE domains SET reason_text = NULL", "column reason_text: is empty"),
    ("UPDATE domains SET shunned = 's3cret'", "column shunned: is not JSON"),
    ("UPDATE rollouts SET phase = 's3cret'", "column phase: is none of the words"),
    ("UPDATE rollouts SET cause = 's3cret'", "column cause: is none of the words"),
    ("UPDATE rollouts SET proof = 's3cret'", "column proof: is none of the words"),
    ("UPDATE rollouts SET attempts = -1", "column attempts: is not a count"),
    ("UPDATE rollouts SET settings = 's3cret'", "column settings: is not JSON"),
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
    ("UPDATE domains SET rollout = 's3cret'", "column rollout: refers to no row"),
    ("UPDATE rollouts SET domain = 's3cret'", "column rollout: refers to a rollout of another"),
    (
      "UPDATE rollouts SET certificate_arn = 's3cret'",
      "table rollouts, row \"rollout-0\", column c"
    ),
    ("UPDATE rollouts SET previous_certificate_arn = 's3cret'", "column previous_certificate_arn"),
    ("UPDATE rollouts SET attempts = 9223372036854775807", "column attempts: is not a count"),
    ("UPDATE rollouts SET failures = 2147483648", "column failures: is not a count"),
    ("UPDATE rollouts SET settings = '[]'", "column settings: does not have the form"),
    (
      "UPDATE rollouts SET settings = '{\"custom_domain_config\":{\"a\":\"s3cret\"},\"top_level\":{}}'",
      "column settings: does not have the form"
    ),
    (
      "UPDATE rollouts SET settings = '{\"custom_domain_config\":{},\"top_level\":{\"a\":1}}'",
      "column settings: does not have the form"
    ),
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
      #expect(failure?.description.contains("s3cret") == false)
    }
  }

  @Test("in the history and the requests")
  func others() async throws {
    let insert = "INSERT INTO history (id, at, domain, event, level, fields) VALUES "
    let cases = [
      (insert + "(70, 1, 's3cret', 'poll.failed', 'error', '{}')", "row \"70\", column domain"),
      (insert + "(71, 1, NULL, 's3cret', 'error', '{}')", "row \"71\", column event"),
      (insert + "(72, 1, NULL, 'poll.failed', 'error', '[]')", "row \"72\", column fields"),
      (insert + "(73, 1, NULL, 'poll.failed', 'error', '{\"s3cret\":\"x\"}')", "column fields"),
      (insert + "(74, 1, NULL, 'poll.failed', 'error', '{\"pid\":7}')", "column fields"),
    ]
    for (sql, place) in cases {
      let scratch = try Scratch()
      try await makeState(at: scratch.state)
      try edit(scratch.state, sql)
      let failure = await failure { _ = try StateReader.open(path: scratch.state).history() }
      #expect(failure?.kind == .damaged)
      #expect(failure?.message.contains("table history, ") == true)
      #expect(failure?.message.contains(place) == true, "\(failure as Any)")
      #expect(failure?.description.contains("s3cret") == false)
    }
    let scratch = try Scratch()
    try await makeState(at: scratch.state)
    try edit(
      scratch.state, "INSERT INTO requests (domain, at, kind) VALUES ('s3cret', 1, 'retry')")
    let store = try StateStore.open(path: scratch.state, mode: .daemon)
    let failure = await failure { _ = try await store.pendingRequests() }
    #expect(failure?.message.contains("table requests, row \"1\", column domain") == true)
    #expect(failure?.description.contains("s3cret") == false)
  }

  @Test("a table or a column that is gone is damage, not a crash")
  func missingParts() async throws {
    for sql in [
      "DROP TABLE served_edges", "ALTER TABLE domains DROP COLUMN selector_fingerprint",
      "ALTER TABLE rollouts RENAME COLUMN refusal TO renamed",
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
  }
}
