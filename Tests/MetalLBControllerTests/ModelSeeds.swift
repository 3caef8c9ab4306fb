import Foundation

/// The seeds of one run: 500, other ones every day. `METALLB_MODEL_SEEDS` sets how many, and
/// `METALLB_MODEL_FIRST_SEED` the first, to repeat a failure.
enum ModelSeeds {
  /// Tests take one batch each.
  static let batches = 0..<10

  static func seeds(ofBatch batch: Int) -> Range<UInt64> {
    let environment = ProcessInfo.processInfo.environment
    let count = environment["METALLB_MODEL_SEEDS"].flatMap(UInt64.init) ?? 500
    let today = UInt64(Date().timeIntervalSince1970 / 86_400)
    let first = environment["METALLB_MODEL_FIRST_SEED"].flatMap(UInt64.init) ?? today * 500
    let (batch, batches) = (UInt64(batch), UInt64(batches.count))
    return (first + count * batch / batches)..<(first + count * (batch + 1) / batches)
  }
}
