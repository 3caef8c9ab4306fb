import Benchmark
import IPAllocation
import NetworkAddresses

/// An allocator with `pools` pools of `prefixLength` bits in 10.0.0.0/8, filled with `services` Services.
private func allocator(pools: Int, prefixLength: Int, services: Int) -> Allocator {
  var allocator = Allocator()
  let size = UInt32(1) << (32 - UInt32(prefixLength))
  _ = allocator.setPools(
    (0..<pools).compactMap { index in
      let first = IPv4Address(rawValue: 0x0A00_0000 + UInt32(index) * size)
      return CIDRBlock("\(first)/\(prefixLength)").map { Pool(name: "pool-\(index)", blocks: [$0]) }
    })
  for index in 0..<services { _ = try? allocator.allocate(request(index, pool: index % pools)) }
  return allocator
}

private func request(_ index: Int, pool: Int? = nil) -> ServiceRequest {
  ServiceRequest(
    service: ServiceKey(namespace: "bench", name: "service-\(index)"),
    ports: [ServicePort(.tcp, 80)], families: .single(.ipv4),
    requestedPool: pool.map { "pool-\($0)" })
}

let benchmarks = { @Sendable () -> Void in
  Benchmark.defaultConfiguration.metrics = [.wallClock, .throughput, .peakMemoryResident]

  Benchmark(
    "allocate and release, 100,000 Services in 1,000 pools",
    configuration: .init(scalingFactor: .kilo)
  ) { benchmark, state in
    var (allocator, requests) = state
    for index in benchmark.scaledIterations {
      let request = requests[index % requests.count]
      blackHole(try? allocator.allocate(request))
      blackHole(allocator.release(request.service))
    }
  } setup: {
    (
      allocator(pools: 1_000, prefixLength: 20, services: 100_000),
      (0..<1_000).map { request(200_000 + $0, pool: $0) }
    )
  }

  Benchmark("allocate in a /12 with one free address") { benchmark, state in
    var (allocator, request) = state
    benchmark.startMeasurement()
    blackHole(try? allocator.allocate(request))
    benchmark.stopMeasurement()
  } setup: {
    let services = (1 << 20) - 1
    return (allocator(pools: 1, prefixLength: 12, services: services), request(services))
  }
}
