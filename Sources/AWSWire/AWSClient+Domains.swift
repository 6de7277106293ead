import LosslessJSON
import Reconciliation
package import RolloutCore

extension AWSClient: DomainPort {
  package func describeDomain(
    _ domain: DomainName, in region: Region, as identity: Identity
  ) async -> DomainLook {
    let call = WireCall(
      service: .cognito, region: region, identity: identity,
      operation: "DescribeUserPoolDomain", object: domain.text,
      payload: .json(["Domain": .string(domain.text)]), effect: .read,
      maximumBodySize: WireCall.maximumSingle)
    do throws(Failure) {
      let answer = try await client.object(from: call)
      do throws(MemberReader.Problem) {
        return try DomainAnswers.look(answer.value, at: domain)
      } catch {
        return .unseen(
          call.failure(.malformedAnswer, error.description, requestID: answer.requestID))
      }
    } catch {
      return .unseen(error)
    }
  }

  package func updateDomain(_ update: DomainUpdate) async -> UpdateOutcome {
    func call(_ body: JSONValue) -> WireCall {
      WireCall(
        service: .cognito, region: update.region, identity: update.identity,
        operation: "UpdateUserPoolDomain", object: update.domain.text, payload: .json(body),
        effect: .change, maximumBodySize: WireCall.maximumSingle)
    }
    do throws(Failure) {
      let body: JSONValue
      do throws(DomainAnswers.UnusableSettings) {
        body = try DomainAnswers.body(of: update)
      } catch {
        throw call(.null).failure(.refused(.settingsRejected), error.description)
      }
      let answer = try await client.object(from: call(body))
      return .accepted(
        requestID: answer.requestID,
        cloudFrontDomain: DomainAnswers.distribution(answer.value["CloudFrontDomain"]))
    } catch {
      return .failed(error)
    }
  }
}
