import POSIX
import Reconciliation
import RolloutCore
import StateStore
import Terminal

/// The state file and the running service.
extension Doctor {
  func examineState(_ path: String) async {
    await board.run(.stateFile, path) { stateChecks(path) }
    await board.run(.heartbeat, "service") { heartbeatChecks(path) }
    await board.run(.condition, "all domains") { conditionChecks(path) }
  }

  // MARK: The state file

  /// In bytes. Rollouts stop when the disk is full; a state file of a thousand domains has about one
  /// megabyte, and its log four.
  private static let smallSpace: Int64 = 64 << 20

  private func stateChecks(_ path: String) -> [DoctorCheck] {
    do throws(StateFailure) {
      let inspection = try StateInspection(path: path)
      guard let directory = inspection.directoryAccess else {
        return [directoryCheck(inspection)]
      }
      var checks = [spaceCheck(inspection, directory)]
      if inspection.isAbsent {
        checks.append(
          DoctorCheck(
            .stateFile, path, .ok, "does not exist yet; the service creates it at its first start"))
        return checks
      }
      guard let access = inspection.fileAccess else {
        checks.append(
          DoctorCheck(
            .stateFile, path, .untested, "may not be looked at", fix: "run this command as root"))
        return checks
      }
      checks.append(contentCheck(inspection, access))
      return checks
    } catch {
      return [DoctorCheck(.stateFile, path, .failed, error.message)]
    }
  }

  private func directoryCheck(_ inspection: StateInspection) -> DoctorCheck {
    inspection.isAbsent
      ? DoctorCheck(
        .stateFile, inspection.directory, .warning, "the directory does not exist",
        fix: "systemd creates /var/lib/cognito-certd at the first start; create another one for "
          + "the service's user")
      : DoctorCheck(
        .stateFile, inspection.directory, .untested, "the directory may not be looked at",
        fix: "run this command as root")
  }

  private func spaceCheck(
    _ inspection: StateInspection, _ directory: StateInspection.Access
  ) -> DoctorCheck {
    let rights = "mode \(octal(directory.mode)), owner \(directory.owner)"
    guard let free = inspection.freeSpace else {
      return DoctorCheck(
        .stateFile, inspection.directory, .untested, "\(rights); the free space is not known")
    }
    let detail = "\(rights), \(free >> 20) MiB free"
    if free == 0 {
      return DoctorCheck(
        .stateFile, inspection.directory, .failed, detail,
        fix: "free some space: the service makes no update without room for its intent")
    }
    return free < Doctor.smallSpace
      ? DoctorCheck(.stateFile, inspection.directory, .warning, detail, fix: "free some space")
      : DoctorCheck(.stateFile, inspection.directory, .ok, detail)
  }

  private func contentCheck(
    _ inspection: StateInspection, _ access: StateInspection.Access
  ) -> DoctorCheck {
    let path = inspection.path
    let rights =
      "mode \(octal(access.mode)), owner \(access.owner)"
      + (access.isWritable ? "" : ", not writable for this user")
    let content: StateInspection.Content?
    do throws(StateFailure) {
      content = try inspection.content()
    } catch {
      let isUntested: Bool
      switch error.kind {
      case .permission, .locked: isUntested = true
      case .full, .damaged, .newer, .io, .requestWaiting: isUntested = false
      }
      return DoctorCheck(
        .stateFile, path, isUntested ? .untested : .failed, "\(rights): \(error.message)",
        fix: isUntested ? "run this command as root" : "do what the message says")
    }
    guard let content else {
      return DoctorCheck(.stateFile, path, .ok, "\(rights), holds nothing yet")
    }
    let facts = "\(rights), format \(content.format)"
    switch content.integrity {
    case .broken(let finding):
      return DoctorCheck(
        .stateFile, path, .failed, "\(facts), damaged: \(finding)",
        fix: "stop the service, move the file away together with its -wal and -shm files, and "
          + "start it again: it observes the domains and writes a new one")
    case .notChecked:
      return DoctorCheck(
        .stateFile, path, .untested, "\(facts), too large to be checked now",
        fix: "sqlite3 \(path) 'PRAGMA quick_check'")
    case .whole where access.mode & 0o077 != 0:
      return DoctorCheck(
        .stateFile, path, .warning, "\(facts), whole, and open to others",
        fix: "chmod 600 \(path); the service does it at its start")
    case .whole: return DoctorCheck(.stateFile, path, .ok, "\(facts), whole")
    }
  }

  private func octal(_ mode: UInt32) -> String {
    let digits = String(mode, radix: 8)
    return String(repeating: "0", count: max(0, 4 - digits.count)) + digits
  }

  // MARK: The service

  private func heartbeatChecks(_ path: String) -> [DoctorCheck] {
    let object = "service"
    do throws(StateFailure) {
      let inspection = try StateInspection(path: path)
      // Nothing can be known about its lock.
      if inspection.directoryAccess == nil && !inspection.isAbsent {
        return [
          DoctorCheck(
            .heartbeat, object, .untested, "the directory of its lock may not be looked at",
            fix: "run this command as root")
        ]
      }
      let daemon = try DaemonStatus(stateFile: path)
      let unit = unitCredentials(daemon.pid)
      guard daemon.isRunning else {
        let start = "systemctl enable --now cognito-certd"
        return [
          inspection.isAbsent
            ? DoctorCheck(.heartbeat, object, .untested, "it has not run yet", fix: start)
            : DoctorCheck(.heartbeat, object, .failed, "it is not running", fix: start)
        ]
      }
      let process = daemon.pid.map { "process \($0)" } ?? "it runs"
      if let problem = daemon.problem(at: clock.now) {
        return [
          DoctorCheck(
            .heartbeat, object, .failed, "\(process): \(problem)",
            fix: "journalctl -u cognito-certd shows credentials.failed or poll.failed"), unit,
        ]
      }
      let last = daemon.lastSuccessfulPoll.map { RelativeTime(now: clock.now).both($0) } ?? ""
      return [
        DoctorCheck(.heartbeat, object, .ok, "\(process), last successful poll \(last)"), unit,
      ]
    } catch {
      let isUntested = error.kind == .permission
      return [
        DoctorCheck(
          .heartbeat, object, isUntested ? .untested : .failed, error.message,
          fix: isUntested ? "run this command as root" : nil)
      ]
    }
  }

  /// A check for each domain that needs a person, or one that says that none does. Nothing where there
  /// is no state file yet, or where it cannot be read: another check says so.
  private func conditionChecks(_ path: String) -> [DoctorCheck] {
    let records: [DomainRecord]
    do throws(StateFailure) {
      guard try StateInspection(path: path).fileAccess != nil else { return [] }
      records = try StateReader.open(path: path).snapshot().records
    } catch {
      return []
    }
    let now = clock.now
    let checks = records.filter { $0.condition.needsPerson || $0.isEnding(at: now) }.map { record in
      let ending = record.isEnding(at: now) ? ", its certificate ends soon or has ended" : ""
      let reason = record.reason.map { ": \($0)" } ?? ""
      return DoctorCheck(
        .condition, record.domain.text, .failed, "\(record.condition)\(ending)\(reason)",
        fix: "cognito-certd explain \(record.domain)")
    }
    if !checks.isEmpty { return checks }
    return [
      DoctorCheck(
        .condition, "all domains", .ok,
        "\(counted(records.count, "domain")), none of which needs a person")
    ]
  }

  /// In bytes. Linux limits the environment of a program to a quarter of its stack, which is 2 MiB.
  private static let maximumEnvironment = 4 << 20

  /// In bytes, of a file that a variable names.
  private static let maximumFile = 4 << 20

  private func content(of path: String) -> [UInt8]? {
    do throws(RegularFile.Failure) {
      return try RegularFile.read(path, limit: Doctor.maximumFile)
    } catch {
      return nil
    }
  }

  /// Compares the variables of the service with those of this command. No value is shown.
  private func unitCredentials(_ pid: Int32?) -> DoctorCheck {
    let object = "service"
    guard let pid else {
      return DoctorCheck(.unitCredentials, object, .untested, "its process is not known")
    }
    let bytes: [UInt8]
    do throws(RegularFile.Failure) {
      bytes = try RegularFile.read(
        "/proc/\(pid)/environ", limit: Doctor.maximumEnvironment)
    } catch {
      return DoctorCheck(
        .unitCredentials, object, .untested,
        "the variables of process \(pid) cannot be read: only root may",
        fix: "run this command as root")
    }
    let comparison = EnvironmentComparison(
      service: bytes, own: environment, reading: { content(of: "/proc/\(pid)/root\($0)") }, content)
    guard !comparison.differences.isEmpty else {
      return DoctorCheck(
        .unitCredentials, object, .ok, "this command has the variables of the service")
    }
    return DoctorCheck(
      .unitCredentials, object, .warning, comparison.differences.joined(separator: "; "),
      fix: "the checks above are of your credentials, perhaps not of the service's: "
        + Inspection.credentialHint(command: "doctor"))
  }
}
