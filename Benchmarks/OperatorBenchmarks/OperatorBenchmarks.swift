import Benchmark

/// The operator against the development API server, in one process. What it must do on two cores: one reconcile of an
/// unchanged MetalLB object in 20 ms, without a write; a deleted DaemonSet back within a second; 500 AddressPools
/// rendered in 100 ms.
let benchmarks = { @Sendable () -> Void in
  Benchmark.defaultConfiguration.maxDuration = .seconds(20)

  Benchmark(
    "render 500 AddressPools", configuration: .init(metrics: [.wallClock], maxIterations: 100)
  ) { benchmark, pools in
    for _ in benchmark.scaledIterations { blackHole(try RenderedPools.text(pools)) }
  } setup: {
    RenderedPools.make(500)
  }

  Benchmark(
    "reconcile an unchanged MetalLB",
    configuration: .init(metrics: [.reconcile, .writes], maxIterations: 200)
  ) { benchmark, load in
    for _ in benchmark.scaledIterations {
      let sample = try await load.reconcile()
      benchmark.measurement(.reconcile, Int(sample.took / .microseconds(1)))
      benchmark.measurement(.writes, sample.writes)
    }
  } setup: {
    try await OperatorLoad.start(pools: 50)
  } teardown: {
    await OperatorLoad.stop()
  }

  Benchmark(
    "put a deleted DaemonSet back",
    configuration: .init(metrics: [.repair], maxIterations: 50)
  ) { benchmark, load in
    for _ in benchmark.scaledIterations {
      benchmark.measurement(.repair, Int(try await load.repair() / .microseconds(1)))
    }
  } setup: {
    try await OperatorLoad.start(pools: 50)
  } teardown: {
    await OperatorLoad.stop()
  }
}

extension BenchmarkMetric {
  /// From sending a change that means nothing to the end of the reconcile that it causes.
  static var reconcile: Self {
    .custom("Reconcile (μs)", polarity: .prefersSmaller, useScalingFactor: false)
  }
  static var writes: Self {
    .custom("Writes per reconcile", polarity: .prefersSmaller, useScalingFactor: false)
  }
  /// From the answer to the deletion until the new object is seen.
  static var repair: Self {
    .custom("Deleted to back (μs)", polarity: .prefersSmaller, useScalingFactor: false)
  }
}
