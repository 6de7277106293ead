import AWSWire
import Reconciliation
import RolloutCore
import VirtualTime

/// The clock of one process, with every sleep of its dispatcher counted.
struct ProcessClock: ClockPort {
  let clock: VirtualClock
  let world: World

  var now: Instant { clock.now }
  var hostError: Duration { clock.hostError }
  var uptime: Duration { clock.uptime }
  func random() -> UInt64 { clock.random() }
  func pause(for duration: Duration) async { await clock.pause(for: duration) }
  func wake(_ reason: WakeReason) { clock.wake(reason) }

  func sleep(for duration: Duration) async -> WakeReason {
    world.checkers.budget.sleeps()
    let reason = await clock.sleep(for: duration)
    if world.sabotage == .wakesLate, reason == .time { await clock.pause(for: .seconds(3)) }
    return reason
  }
}

/// Time, chance and waiting between the attempts of one call.
struct RequestClock: WireClock {
  let clock: VirtualClock

  var now: Instant { clock.hostNow }
  var awsNow: Instant? { clock.awsTime.now(hostNow: now, uptime: uptime) }
  var uptime: Duration { clock.uptime }

  func note(_ date: Instant, from host: String) {
    clock.awsTime.note(date, from: host, uptime: clock.uptime)
  }

  func random() -> UInt64 { clock.random() }
  func sleep(for duration: Duration) async { await clock.pause(for: duration) }
}
