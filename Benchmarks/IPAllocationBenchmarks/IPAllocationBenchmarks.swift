import Benchmark
import Glibc
import IPAllocation
import NetworkAddresses
import Synchronization

/// The allocator on one core. What it must do: 1,000,000 operations a second with 100,000 Services in 1,000 pools, and
/// an answer in 10 µs when one address of a /8 is free.
let benchmarks = { @Sendable () -> Void in
  Benchmark(
    "allocate and release, 100,000 Services in 1,000 pools",
    configuration: .init(
      metrics: [.operationsPerSecond], maxDuration: .seconds(10), maxIterations: 20)
  ) { benchmark, filled in
    for _ in benchmark.scaledIterations {
      let count = 100_000
      let time = filled.cpuTime { allocator in
        for index in 0..<count {
          let request = filled.requests[index % filled.requests.count]
          blackHole(try? allocator.allocate(request))
          blackHole(allocator.release(request.service))
        }
      }
      benchmark.measurement(.operationsPerSecond, Int(Double(2 * count) / (time / .seconds(1))))
    }
  } setup: {
    Filled(pools: 1_000, prefixLength: 18, services: 100_000)
  }

  // Each time another address is the free one. Only the kernel's interruptions make the slowest slow.
  Benchmark(
    "allocate the only free address of a /8",
    configuration: .init(
      metrics: [.nanoseconds("p50"), .nanoseconds("p99.9"), .nanoseconds("slowest")],
      warmupIterations: 0, maxDuration: .seconds(60), maxIterations: 10)
  ) { benchmark, filled in
    for _ in benchmark.scaledIterations {
      let times = filled.timesToRefill(100_000).sorted()
      benchmark.measurement(.nanoseconds("p50"), times[times.count / 2])
      benchmark.measurement(.nanoseconds("p99.9"), times[times.count / 1_000 * 999])
      benchmark.measurement(.nanoseconds("slowest"), times[times.count - 1])
    }
  } setup: {
    Filled(pools: 1, prefixLength: 8, services: 1 << 24)
  }
}

/// An allocator with equal pools in 10.0.0.0/8 and Services that have addresses of them in turn.
final class Filled: Sendable {
  private let allocator: Mutex<Allocator>
  private let services: Int
  /// Of Services that have no address yet.
  let requests: [ServiceRequest]

  init(pools: Int, prefixLength: Int, services: Int) {
    var allocator = Allocator()
    let size = UInt32(1) << (32 - UInt32(prefixLength))
    _ = allocator.setPools(
      (0..<pools).compactMap { index in
        let first = IPv4Address(rawValue: 0x0a00_0000 &+ UInt32(index) &* size)
        return CIDRBlock("\(first)/\(prefixLength)").map {
          Pool(name: "pool-\(index)", blocks: [$0])
        }
      })
    for index in 0..<services {
      _ = try? allocator.allocate(Self.request(index, pool: index % pools))
    }
    self.services = services
    self.allocator = Mutex(allocator)
    requests = (0..<1_000).map { Self.request(services + $0, pool: $0 % pools) }
  }

  private static func request(_ index: Int, pool: Int) -> ServiceRequest {
    ServiceRequest(
      service: ServiceKey(namespace: "bench", name: "s-\(index)"), ports: [ServicePort(.tcp, 80)],
      families: .single(.ipv4), requestedPool: "pool-\(pool)")
  }

  /// Of this thread: others may want the core, too.
  func cpuTime(_ work: (inout Allocator) -> Void) -> Duration {
    allocator.withLock { allocator in
      let begin = Self.threadTime
      work(&allocator)
      return Self.threadTime - begin
    }
  }

  /// How long it takes, in nanoseconds, to give a Service that lost its address the only free one again.
  func timesToRefill(_ count: Int) -> [Int] {
    let services = (0..<count).map { _ in Self.request(.random(in: 0..<self.services), pool: 0) }
    return allocator.withLock { allocator in
      services.map { request in
        allocator.release(request.service)
        let begin = ContinuousClock.now
        blackHole(try? allocator.allocate(request))
        return Int((ContinuousClock.now - begin) / .nanoseconds(1))
      }
    }
  }

  private static var threadTime: Duration {
    var time = timespec()
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
    return .seconds(time.tv_sec) + .nanoseconds(time.tv_nsec)
  }
}

extension BenchmarkMetric {
  static var operationsPerSecond: Self {
    .custom(
      "Operations per second of CPU time", polarity: .prefersLarger, useScalingFactor: false)
  }
  static func nanoseconds(_ name: String) -> Self {
    .custom("\(name) (ns)", polarity: .prefersSmaller, useScalingFactor: false)
  }
}
