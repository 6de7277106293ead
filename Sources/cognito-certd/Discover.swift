import AWSWire
import ArgumentParser
import Configuration
import Foundation
import RolloutCore
import Service

struct Discover: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Finds the custom domains in AWS and prints a configuration for them.",
    discussion: """
      Asks Cognito for every custom domain that the credentials see, and changes nothing. The \
      configuration goes to standard output, everything else to standard error. Domains that are \
      in the configuration file already are left out. Exits with 0 when there are new domains, \
      with 3 when there are none, and with 1 when something could not be seen; what was found is \
      printed all the same.
      """)

  @OptionGroup var common: CommonOptions

  @Option(
    help: ArgumentHelp(
      "A region to look in; may be repeated. Default: that of the environment or the profile.",
      valueName: "region"))
  var region: [String] = []

  @Option(
    help: ArgumentHelp(
      "A profile of the shared AWS files to look with; may be repeated.", valueName: "name"))
  var profile: [String] = []

  @Option(
    help: ArgumentHelp(
      "A role to assume and to look with; may be repeated.", valueName: "arn"))
  var roleArn: [String] = []

  @Option(
    help: ArgumentHelp(
      "The external id that the roles require, or ${NAME} for a variable that has it.",
      valueName: "id"))
  var externalId: String?

  @Option(
    help: ArgumentHelp("The time of the whole search, such as 3m.", valueName: "duration"))
  var timeout = "25s"

  /// Above it someone should divide the search.
  private static let longestTimeout = Duration.hours(1)

  func validate() throws {
    if externalId != nil && roleArn.isEmpty {
      throw ValidationError("--external-id needs --role-arn: it is sent when a role is assumed.")
    }
    if profile.count > 1 && !roleArn.isEmpty {
      throw ValidationError(
        "Give at most one --profile with --role-arn: the roles are assumed with its credentials.")
    }
    _ = try regions
    _ = try identities
    _ = try limit
  }

  func run() async throws {
    let known = domainsOfConfiguration()
    let limit = try limit
    let discovery: Discovery
    do throws(MalformedEndpoint) {
      discovery = try Discovery(
        environment: common.environment, version: Version.current, limit: limit)
    } catch {
      Output.problem(error.description)
      throw ExitStatus.failure.exit
    }
    let places = try places(for: discovery)
    let result = await discovery.run(places.found) { Output.line($0) }
    await discovery.shutDown()
    let new = result.domains.filter { !known.domains.contains($0.domain) }
    for domain in result.domains where known.domains.contains(domain.domain) {
      Output.line("\(domain.domain) is in \(common.config) already")
    }
    for note in result.notes { Output.line(note) }
    let problems = known.problems + places.problems + result.problems
    for problem in problems { Output.problem(problem) }
    if !new.isEmpty {
      let configuration = DiscoveredConfiguration(
        domains: new, externalID: externalId, now: SystemClock.now)
      try Output.text(configuration.yaml)
    } else if problems.isEmpty {
      Output.line(result.domains.isEmpty ? "no custom domain was found" : "no other was found")
    }
    if !problems.isEmpty { throw ExitStatus.failure.exit }
    if new.isEmpty { throw ExitStatus.needsPerson.exit }
  }

  // MARK: Where to look

  private var regions: [Region] {
    get throws {
      try region.map { text in
        do throws(MalformedIdentifier) {
          return try Region(parsing: text)
        } catch {
          throw ValidationError("--region \(error)")
        }
      }
    }
  }

  private var identities: [Identity] {
    get throws {
      let profiles = try profile.map { text in
        do throws(Malformed) {
          return try ProfileName.parse(text)
        } catch {
          throw ValidationError("--profile \"\(text)\" is not \(error.kind): \(error.problem)")
        }
      }
      let externalID = try externalId.map { written in
        do throws(Malformed) {
          return try ExternalID.parse(written, environment: common.environment)
        } catch {
          throw ValidationError("--external-id is not \(error.kind): \(error.problem)")
        }
      }
      if roleArn.isEmpty {
        return profiles.isEmpty ? [Identity()] : profiles.unique.map { Identity(profile: $0) }
      }
      return try roleArn.unique.map { arn in
        if let problem = RoleRules.problem(withARN: arn) {
          throw ValidationError("--role-arn \"\(arn)\" is not the ARN of a role: \(problem)")
        }
        return Identity(profile: profiles.first, roleARN: arn, externalID: externalID)
      }
    }
  }

  private var limit: Duration {
    get throws {
      do throws(Malformed) {
        let limit = try DurationNotation.parse(timeout)
        guard limit > .zero, limit <= Discover.longestTimeout else {
          throw Malformed(
            "a time for a search", "write one above 0, up to \(Discover.longestTimeout.compact)")
        }
        return limit
      } catch {
        throw ValidationError("--timeout \"\(timeout)\" is not \(error.kind): \(error.problem)")
      }
    }
  }

  /// An identity whose settings cannot be read is a problem, and the others are looked at. Without any
  /// region the usage is wrong.
  private func places(
    for discovery: Discovery
  ) throws -> (found: [Discovery.Place], problems: [String]) {
    var found: [Discovery.Place] = []
    var problems: [String] = []
    let given = try regions.unique
    for identity in try identities {
      if !given.isEmpty {
        found += given.map { Discovery.Place(identity: identity, region: $0) }
        continue
      }
      switch discovery.region(of: identity) {
      case .seen(let region?): found.append(Discovery.Place(identity: identity, region: region))
      case .seen(nil):
        Output.problem(
          "there is no region for \(identity): name the regions of the user pools with --region, "
            + "or set AWS_REGION")
        throw ExitStatus.usage.exit
      case .unseen(let failure): problems.append(failure.description)
      }
    }
    return (found, problems)
  }

  // MARK: What is configured

  /// The domains of the configuration, which may not exist yet, or have none.
  private func domainsOfConfiguration() -> (domains: Set<DomainName>, problems: [String]) {
    guard FileManager.default.fileExists(atPath: common.config) else {
      if common.config != CommonOptions.defaultConfig {
        Output.line("\(common.config) does not exist: no domain is left out")
      }
      return ([], [])
    }
    do throws(InvalidConfiguration) {
      return (
        try ConfigurationLoader.domains(path: common.config, environment: common.environment), []
      )
    } catch {
      return (
        [], error.problems.map(\.description) + ["\(common.config): no domain of it is left out"]
      )
    }
  }
}

extension Array where Element: Hashable {
  /// Each element once, in its first place.
  fileprivate var unique: [Element] {
    var seen: Set<Element> = []
    return filter { seen.insert($0).inserted }
  }
}
