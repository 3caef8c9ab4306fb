import Benchmark

/// The development API server under load, over HTTPS, its clients in the same process and on the same
/// cores. What it must do on two cores: 1,000 writes per second while 100 watchers see every one of them, with
/// 10,000 objects; a list of 10,000 Services in 150 ms; 1.5 KB of resident memory per small object beyond its JSON.
let benchmarks = { @Sendable () -> Void in
  Benchmark.defaultConfiguration.maxDuration = .seconds(20)

  Benchmark(
    "list 10,000 Services",
    configuration: .init(metrics: [.wallClock, .firstByte], maxIterations: 50)
  ) { benchmark, load in
    for _ in benchmark.scaledIterations {
      let sample = try await load.list("/api/v1/services")
      benchmark.measurement(
        .firstByte, Int(sample.firstByte.components.attoseconds / 1_000_000_000_000))
      blackHole(sample)
    }
  } setup: {
    try await Load.start(services: 10_000)
  } teardown: {
    try await Load.stop()
  }

  Benchmark(
    "list one Service of 10,000 by a field",
    configuration: .init(metrics: [.wallClock], maxIterations: 50)
  ) { benchmark, load in
    for _ in benchmark.scaledIterations {
      blackHole(try await load.list("/api/v1/services?fieldSelector=spec.clusterIP=10.96.0.1"))
    }
  } setup: {
    try await Load.start(services: 10_000)
  } teardown: {
    try await Load.stop()
  }

  Benchmark(
    "table of 10,000 Services", configuration: .init(metrics: [.wallClock], maxIterations: 20)
  ) { benchmark, load in
    for _ in benchmark.scaledIterations {
      blackHole(
        try await load.list(
          "/api/v1/services", accept: "application/json;as=Table;v=v1;g=meta.k8s.io"))
    }
  } setup: {
    try await Load.start(services: 10_000)
  } teardown: {
    try await Load.stop()
  }

  for watchers in [0, 100] {
    Benchmark(
      "write to 10,000 Services, \(watchers) watchers",
      configuration: .init(
        metrics: [.writesPerSecond, .lastEventAfter, .cpuPerWrite], maxIterations: 3)
    ) { benchmark, load in
      for _ in benchmark.scaledIterations {
        let sample = try await load.write(5_000, watchers: watchers)
        benchmark.measurement(.writesPerSecond, Int(5_000 / sample.writing.seconds))
        benchmark.measurement(.lastEventAfter, Int(sample.lastEvent.seconds * 1_000))
        benchmark.measurement(.cpuPerWrite, Int(sample.cpu.seconds / 5_000 * 1_000_000))
      }
    } setup: {
      try await Load.start(services: 10_000)
    } teardown: {
      try await Load.stop()
    }
  }

  Benchmark(
    "hold 10,000 ConfigMaps",
    configuration: .init(
      metrics: [.residentPerObject], warmupIterations: 0, maxIterations: 1)
  ) { benchmark, load in
    for _ in benchmark.scaledIterations {
      benchmark.measurement(.residentPerObject, try await load.residentBytesPerConfigMap(10_000))
    }
  } setup: {
    try await Load.start(services: 0)
  } teardown: {
    try await Load.stop()
  }
}

extension BenchmarkMetric {
  static var firstByte: Self {
    .custom("Time to first byte (μs)", polarity: .prefersSmaller, useScalingFactor: false)
  }
  static var writesPerSecond: Self {
    .custom("Writes per second", polarity: .prefersLarger, useScalingFactor: false)
  }
  static var lastEventAfter: Self {
    .custom(
      "Last watcher behind the last write (ms)", polarity: .prefersSmaller, useScalingFactor: false)
  }
  static var cpuPerWrite: Self {
    .custom(
      "CPU per write, clients included (μs)", polarity: .prefersSmaller, useScalingFactor: false)
  }
  static var residentPerObject: Self {
    .custom(
      "Resident bytes per object beyond its JSON", polarity: .prefersSmaller,
      useScalingFactor: false)
  }
}

extension Duration {
  var seconds: Double { self / .seconds(1) }
}
