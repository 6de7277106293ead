import ArgumentParser

@main
struct CognitoCertd: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "cognito-certd",
    abstract: "Keeps Amazon Cognito custom domains on the right ACM certificate.",
    discussion: """
      Reads which certificate each domain should have from the configuration file, finds \
      certificates that replace the attached ones, attaches them and watches until every edge \
      serves them.
      """,
    version: Version.current,
    subcommands: [Run.self, Check.self, Status.self, Hold.self, Resume.self, Retry.self])
}

enum Version {
  static let current = "0.1.0"
}
