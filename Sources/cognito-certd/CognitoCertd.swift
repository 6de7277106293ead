import ArgumentParser
import Foundation
import POSIX
import Redaction
import Service

@main
struct CognitoCertd: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "cognito-certd",
    abstract: "Keeps Amazon Cognito custom domains on the right ACM certificate.",
    discussion: """
      Finds certificates that replace the attached ones by the rules of the configuration file, \
      attaches them, and checks the edges until every one of them serves its new certificate.
      """,
    version: Version.current,
    subcommands: [
      Discover.self, Check.self, Run.self, Plan.self, Explain.self, Status.self, Probe.self,
      History.self, DoctorCommand.self, Hold.self, Resume.self, Retry.self,
    ])

  static func main() async {
    StandardStreams.prepare()
    if CommandLine.arguments.dropFirst().first == Run._commandName {
      EarlySignals.hold(Daemon.handledSignals)
    }
    guard ProcessMemory.protect() else {
      Output.problem("the kernel does not protect the memory of this process (PR_SET_DUMPABLE)")
      exit(withError: ExitStatus.failure.exit)
    }
    Redaction.learn(environment: ProcessInfo.processInfo.environment)
    await main(nil)
  }
}

enum Version {
  static let current = "0.1.0"
}
