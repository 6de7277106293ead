package import AWSWire
import Configuration
import Reconciliation
import RolloutCore
import Terminal

/// Looks at everything that a rotation depends on, and changes nothing.
///
/// Every check stands alone: one that fails or hangs hides no other.
package struct Doctor: Sendable {
  let environment: [String: String]
  let configPath: String
  let clients: Clients
  let clock: SystemClock
  let board = DoctorBoard()

  /// Every command ends within 30 seconds.
  static let limit = Duration.seconds(25)
  /// The time of a request that need not be answered: another endpoint may be closed to this host.
  static let reachLimit = Duration.seconds(10)
  /// Domains that are looked at. More would not end within the time: Cognito describes 14 a second.
  static let maximumDomains = 100
  static let domainsAtOnce = 16

  package init(
    environment: [String: String], configPath: String, version: String
  ) throws(MalformedEndpoint) {
    self.environment = environment
    self.configPath = configPath
    let awsTime = AWSTime()
    clock = SystemClock(awsTime: awsTime)
    clients = try Clients(
      environment: environment, version: version, awsTime: awsTime, answered: { _ in })
  }

  package func run() async -> DoctorReport {
    let (mappings, stateFile) = readConfiguration()
    let limit = Doctor.limit
    await withTimeLimit(limit) {
      await withTaskGroup(of: Void.self) { group in
        for (identity, own) in identities(of: mappings) {
          group.addTask { await examine(identity, own) }
        }
        group.addTask { await examineEndpoints(for: mappings) }
        group.addTask { await examineRoots(of: mappings) }
        group.addTask {
          await forEach(mappings, atOnce: Doctor.domainsAtOnce) { await examineNames(of: $0) }
        }
        group.addTask {
          await forEach(
            mappings.filter { $0.probe.distributionPorts.isEmpty },
            atOnce: Doctor.domainsAtOnce
          ) { await examineEdges(of: $0, distribution: nil) }
        }
        if let stateFile { group.addTask { await examineState(stateFile) } }
      }
    }
    return DoctorReport(checks: board.checks(after: limit), now: clock.now)
  }

  package func shutDown() async { await clients.shutDown() }

  /// The identities with their mappings; the caller's own credentials where nothing is configured.
  private func identities(of mappings: [Mapping]) -> [(Identity, [Mapping])] {
    if mappings.isEmpty { return [(Identity(), [])] }
    return Fleet(mappings: mappings).identities.map { identity in
      (identity, mappings.filter { $0.identity == identity })
    }
  }

  // MARK: The configuration

  /// What can be looked at; without a valid configuration that is what needs none.
  private func readConfiguration() -> (mappings: [Mapping], stateFile: String?) {
    do throws(InvalidConfiguration) {
      let configuration = try ConfigurationLoader.load(path: configPath, environment: environment)
      let fleet = configuration.fleet
      let facts =
        "\(counted(fleet.mappings.count, "domain")), "
        + counted(fleet.identities.count, "identity", plural: "identities")
      if let warning = configuration.warnings.first {
        board.note([
          DoctorCheck(
            .config, configPath, .warning,
            "\(facts); \(counted(configuration.warnings.count, "warning")): \(warning)",
            fix: "cognito-certd check prints every warning")
        ])
      } else {
        board.note([DoctorCheck(.config, configPath, .ok, facts)])
      }
      let looked = Array(fleet.mappings.prefix(Doctor.maximumDomains))
      if looked.count < fleet.mappings.count {
        board.note([
          DoctorCheck(
            .domain, "\(fleet.mappings.count - looked.count) others", .untested,
            "only the first \(looked.count) domains of the configuration are looked at",
            fix: "cognito-certd status shows every domain as the service sees it")
        ])
      }
      return (looked, configuration.stateFile)
    } catch {
      let first = error.problems.first { $0.severity == .error }?.description ?? ""
      board.note([
        DoctorCheck(
          .config, configPath, .failed,
          "\(counted(error.problems.count, "problem")): \(first)",
          fix: "cognito-certd check prints every problem; cognito-certd discover prints a "
            + "configuration")
      ])
      return ([], stateFileOfInvalidConfiguration())
    }
  }

  private func stateFileOfInvalidConfiguration() -> String? {
    do throws(InvalidConfiguration) {
      return try ConfigurationLoader.stateFile(path: configPath, environment: environment)
    } catch {
      board.note([
        DoctorCheck(
          .stateFile, "", .untested, "the path is not known without a readable configuration")
      ])
      return nil
    }
  }
}
