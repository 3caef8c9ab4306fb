import Glibc
import SpeakerSimulation

// simulate-speakers [COUNT [FIRST-SEED]]: runs random lives of clusters of speakers, and says which seeds went wrong.

let arguments = CommandLine.arguments.dropFirst().compactMap { UInt64($0) }
let count = arguments.first ?? 500
let first = arguments.dropFirst().first ?? UInt64.random(in: 0...(1 << 40))
let workers = 4

struct Outcome: Sendable {
  var convergences: [Duration] = []
  var moves = 0
  var violations: [String] = []
}

let clock = ContinuousClock()
let begin = clock.now
let outcome = await withTaskGroup(of: Outcome.self) { group in
  for worker in 0..<UInt64(workers) {
    group.addTask {
      var outcome = Outcome()
      for seed in stride(from: first + worker, to: first + count, by: workers) {
        do {
          let result = try RandomLife.run(seed: seed)
          outcome.convergences.append(result.convergence)
          outcome.moves += result.moves
        } catch {
          outcome.violations.append("\(error)")
        }
      }
      return outcome
    }
  }
  var sum = Outcome()
  for await part in group {
    sum.convergences += part.convergences
    sum.moves += part.moves
    sum.violations += part.violations
  }
  return sum
}
for violation in outcome.violations { print(violation) }
let times = outcome.convergences.sorted()
func quantile(_ share: Double) -> String {
  times.isEmpty ? "-" : "\(times[min(times.count - 1, Int(Double(times.count) * share))])"
}
print(
  "\(count) lives from seed \(first) in \(clock.now - begin): \(outcome.violations.count) violations,",
  "\(outcome.moves) moves, owners after p50 \(quantile(0.5)), p99 \(quantile(0.99)), at most \(quantile(1))"
)
exit(outcome.violations.isEmpty ? 0 : 1)
