import Foundation

/// How many random lives are run, and from which seed on.
enum SimulationSettings {
  /// `METALLB_SIMULATIONS`, 500 by default; `simulate-speakers`, built for release, runs thousands.
  static let count = setting("METALLB_SIMULATIONS") ?? 500

  /// `METALLB_SIMULATION_SEED`; by default another one each day.
  static let firstSeed =
    setting("METALLB_SIMULATION_SEED") ?? UInt64(Date().timeIntervalSince1970) / 86_400 * 100_000

  private static func setting(_ name: String) -> UInt64? {
    ProcessInfo.processInfo.environment[name].flatMap { UInt64($0) }
  }
}
