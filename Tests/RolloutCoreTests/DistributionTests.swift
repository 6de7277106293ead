import Narration
import RolloutCore
import Testing

@Suite("The distribution of a domain")
struct DistributionTests {
  private let name = "d111.cloudfront.net"

  @Test("The answer to a call names it, and it is kept with the domain and the rollout")
  func accepted() {
    var scene = Scene([oldOne, newOne])
    scene.pass()
    let events = scene.answer(.accepted(requestID: "r", cloudFrontDomain: name))
    #expect(events.first?.fields[.cloudFrontDomain] == name)
    #expect(scene.record.cloudFrontDomain == name)
    #expect(scene.record.rollout?.cloudFrontDomain == name)
  }

  @Test("A description names it, and another name is logged once")
  func changed() {
    var scene = Scene([oldOne])
    scene.distribution = name
    scene.cognito(.active, oldOne.arn)
    #expect(scene.pass().logged == [] && scene.record.cloudFrontDomain == name)
    scene.distribution = "d222.cloudfront.net"
    scene.cognito(.active, oldOne.arn)
    let pass = scene.pass(after: .minutes(5))
    #expect(pass.logged == [.settingsChanged])
    #expect(pass.event(.settingsChanged)?.fields[.after] == "d222.cloudfront.net")
    #expect(scene.pass(after: .minutes(5)).logged == [])
    scene.distribution = nil
    scene.cognito(.active, oldOne.arn)
    scene.pass(after: .minutes(5))
    #expect(scene.record.cloudFrontDomain == "d222.cloudfront.net")
  }

  @Test("A rollout says that the domain's own DNS leads away from it")
  func detour() {
    var scene = Scene.propagating()
    scene.distribution = name
    scene.cognito(.active, newOne.arn)
    scene.serve(oldOne.arn)
    scene.distributionEdges = ProbeRound(edges: [
      EdgeLook(address: "198.51.100.1:443", result: leaf(newOne.arn))
    ])
    let words =
      "the distribution d111.cloudfront.net serves the new certificate; auth.example.com resolves to 192.0.2.0, which does not belong to it"
    let first = scene.pass(after: .seconds(30))
    #expect(first.event(.propagationWaiting)?.fields[.edges]?.hasSuffix(words) == true)
    #expect(scene.record.reason == Explanation(.resolvesElsewhere, words))
    let later = scene.pass(after: .hours(1))
    #expect(later.event(.rolloutOverdue)?.fields[.error]?.hasSuffix(words) == true)
    #expect(scene.condition == .overdue && scene.record.reason?.reason == .resolvesElsewhere)
  }

  @Test(
    "It does not say so while the distribution lags too, or has the addresses itself",
    arguments: [true, false])
  func lag(hasAddresses: Bool) {
    var scene = Scene.propagating()
    scene.distribution = name
    scene.cognito(.active, newOne.arn)
    scene.serve(newOne.arn, oldOne.arn)
    scene.distributionEdges =
      hasAddresses
      ? ProbeRound(edges: [
        EdgeLook(address: "192.0.2.0:443", result: leaf(newOne.arn)),
        EdgeLook(address: "198.51.100.1:443", result: leaf(newOne.arn)),
      ])
      : ProbeRound(edges: [EdgeLook(address: "198.51.100.1:443", result: leaf(oldOne.arn))])
    let pass = scene.pass(after: .seconds(30))
    #expect(pass.asked.contains(.probeDistribution))
    #expect(
      pass.event(.propagationWaiting)?.fields[.edges] == "another leaf at 192.0.2.1:443")
    #expect(scene.record.reason == nil)
  }

  @Test("It is not asked when the edges are named, or serve the leaf, or it is not known")
  func notAsked() {
    var named = Scene.propagating()
    named.distribution = name
    named.cognito(.active, newOne.arn)
    named.serve(oldOne.arn)
    named.mapping.probe.connectTo = [ProbeTarget.Endpoint(host: "edge", port: 443)]
    #expect(!named.pass(after: .seconds(30)).asked.contains(.probeDistribution))
    var proven = Scene.propagating()
    proven.distribution = name
    proven.cognito(.active, newOne.arn)
    proven.serve(newOne.arn)
    #expect(!proven.pass(after: .seconds(30)).asked.contains(.probeDistribution))
    var unknown = Scene.propagating()
    unknown.serve(oldOne.arn)
    #expect(!unknown.pass(after: .seconds(30)).asked.contains(.probeDistribution))
  }

  @Test("The word cloudfront in connect_to stands for it")
  func target() {
    var scene = Scene([oldOne])
    scene.mapping.probe.distributionPorts = [443, 8443]
    scene.mapping.probe.connectTo = [ProbeTarget.Endpoint(host: "edge", port: 1)]
    #expect(scene.facts().lacksDistribution)
    scene.record.cloudFrontDomain = name
    #expect(!scene.facts().lacksDistribution)
    #expect(
      scene.facts().edgeTarget.connectTo.map(\.description)
        == ["edge:1", "d111.cloudfront.net:443", "d111.cloudfront.net:8443"])
  }
}
