// swift-tools-version: 6.2
import Foundation
import PackageDescription

/// Applied to every target. Warnings are errors everywhere.
let settings: [SwiftSetting] = [
  .swiftLanguageMode(.v6),
  .treatAllWarnings(as: .error),
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("MemberImportVisibility"),
  .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
  .enableUpcomingFeature("InferIsolatedConformances"),
  .enableExperimentalFeature("Lifetimes"),
]

// Products of other packages, under the names that targets import.
let argumentParser = Target.Dependency.product(
  name: "ArgumentParser", package: "swift-argument-parser")
let asyncHTTPClient = Target.Dependency.product(
  name: "AsyncHTTPClient", package: "async-http-client")
let coreMetrics = Target.Dependency.product(name: "CoreMetrics", package: "swift-metrics")
let crypto = Target.Dependency.product(name: "Crypto", package: "swift-crypto")
let cryptoExtras = Target.Dependency.product(name: "CryptoExtras", package: "swift-crypto")
let hummingbird = Target.Dependency.product(name: "Hummingbird", package: "hummingbird")
let hummingbirdCore = Target.Dependency.product(name: "HummingbirdCore", package: "hummingbird")
let hummingbirdHTTP2 = Target.Dependency.product(
  name: "HummingbirdHTTP2", package: "hummingbird")
let hummingbirdTLS = Target.Dependency.product(name: "HummingbirdTLS", package: "hummingbird")
let logging = Target.Dependency.product(name: "Logging", package: "swift-log")
let metrics = Target.Dependency.product(name: "Metrics", package: "swift-metrics")
let metricsTestKit = Target.Dependency.product(name: "MetricsTestKit", package: "swift-metrics")
let nioCore = Target.Dependency.product(name: "NIOCore", package: "swift-nio")
let nioHTTP1 = Target.Dependency.product(name: "NIOHTTP1", package: "swift-nio")
let nioPosix = Target.Dependency.product(name: "NIOPosix", package: "swift-nio")
let nioSSL = Target.Dependency.product(name: "NIOSSL", package: "swift-nio-ssl")
let orderedCollections = Target.Dependency.product(
  name: "OrderedCollections", package: "swift-collections")
let dequeModule = Target.Dependency.product(name: "DequeModule", package: "swift-collections")
let heapModule = Target.Dependency.product(name: "HeapModule", package: "swift-collections")
let asyncAlgorithms = Target.Dependency.product(
  name: "AsyncAlgorithms", package: "swift-async-algorithms")
let serviceLifecycle = Target.Dependency.product(
  name: "ServiceLifecycle", package: "swift-service-lifecycle")
let subprocess = Target.Dependency.product(name: "Subprocess", package: "swift-subprocess")
let unixSignals = Target.Dependency.product(
  name: "UnixSignals", package: "swift-service-lifecycle")
let swiftASN1 = Target.Dependency.product(name: "SwiftASN1", package: "swift-asn1")
let x509 = Target.Dependency.product(name: "X509", package: "swift-certificates")
let yams = Target.Dependency.product(name: "Yams", package: "Yams")

func module(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
  .target(name: name, dependencies: dependencies, swiftSettings: settings)
}

/// The tests of one target; `Tests/<name>Tests`.
func tests(
  _ name: String, _ dependencies: [Target.Dependency] = [], exclude: [String] = [],
  resources: [Resource] = []
) -> Target {
  .testTarget(
    name: "\(name)Tests", dependencies: [.byName(name: name)] + dependencies, exclude: exclude,
    resources: resources, swiftSettings: settings)
}

let package = Package(
  name: "metallb",
  products: [.executable(name: "metallb", targets: ["metallb"])],
  dependencies: [
    .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
    .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.6"),
    .package(url: "https://github.com/swift-server/async-http-client", from: "1.37.0"),
    .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1"),
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
    .package(url: "https://github.com/apple/swift-metrics", from: "2.13.0"),
    .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
    .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
    .package(url: "https://github.com/apple/swift-certificates", from: "1.21.1"),
    .package(url: "https://github.com/apple/swift-asn1", from: "1.7.4"),
    .package(url: "https://github.com/apple/swift-collections", from: "1.6.0"),
    .package(url: "https://github.com/apple/swift-async-algorithms", from: "1.1.4"),
    .package(url: "https://github.com/swiftlang/swift-subprocess", from: "1.0.2"),
    .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
  ],
  targets: [
    // Layer 0: words of the system
    .target(name: "CLinuxNetwork"),
    module("NetworkAddresses"),
    module("Backoff"),
    module("PrometheusMetrics", [coreMetrics]),

    // Layer 1: pure protocols and algorithms
    module("Layer2", ["NetworkAddresses"]),
    module("IPAllocation", ["NetworkAddresses"]),
    module("Membership", [crypto]),

    // Layer 2: Kubernetes vocabulary and decisions
    module("KubernetesAPI", [orderedCollections]),
    module("KubernetesYAML", ["KubernetesAPI", yams]),
    .target(
      name: "MetalLBAPI", dependencies: ["KubernetesAPI"],
      // a link to crds/ at the top: the files that people read are the ones in the binary
      resources: [.embedInCode("crds")], swiftSettings: settings),
    module(
      "LegacyConfiguration",
      ["NetworkAddresses", "KubernetesAPI", "KubernetesYAML", "MetalLBAPI", yams]),
    module(
      "ClusterConfiguration",
      ["NetworkAddresses", "KubernetesAPI", "MetalLBAPI", "LegacyConfiguration", "IPAllocation"]),
    module("ChartValues", ["KubernetesAPI", "KubernetesYAML", "MetalLBAPI"]),
    module(
      "Announcement",
      [
        "NetworkAddresses", "Layer2", "KubernetesAPI", "MetalLBAPI", "ClusterConfiguration", crypto,
      ]),
    module(
      "OperatorRendering",
      [
        "NetworkAddresses", "KubernetesAPI", "KubernetesYAML", "MetalLBAPI", "LegacyConfiguration",
      ]),

    // Layer 3: shells
    module("LinuxNetwork", ["CLinuxNetwork", "NetworkAddresses"]),
    module("Layer2Transport", ["NetworkAddresses", "Layer2", "LinuxNetwork", logging, metrics]),
    module(
      "MembershipTransport",
      [
        "NetworkAddresses", "Membership", logging, metrics, nioCore, nioPosix, serviceLifecycle,
      ]),
    module(
      "KubernetesClient",
      [
        "Backoff", "KubernetesAPI", "KubernetesYAML", asyncHTTPClient, nioCore, nioHTTP1, nioPosix,
        nioSSL, subprocess,
      ]),
    module(
      "ControllerRuntime",
      [
        "Backoff", "KubernetesAPI", "KubernetesClient", dequeModule, heapModule, logging,
        serviceLifecycle,
      ]),
    module(
      "ConfigurationWatch",
      [
        "KubernetesAPI", "MetalLBAPI", "ClusterConfiguration", "KubernetesClient",
        "ControllerRuntime", logging, serviceLifecycle,
      ]),
    module(
      "FRRControl", ["KubernetesAPI", "PrometheusMetrics", coreMetrics, metrics, subprocess]),
    module(
      "MetricsServer",
      [
        "KubernetesAPI", "KubernetesClient", "PrometheusMetrics", hummingbird, hummingbirdCore,
        hummingbirdTLS, logging, nioCore, nioPosix, nioSSL, serviceLifecycle, swiftASN1,
        x509, crypto,
      ]),

    module(
      "WebhookServer",
      [
        "KubernetesAPI", "KubernetesClient", "ControllerRuntime", "MetricsServer", hummingbird,
        hummingbirdCore, hummingbirdHTTP2, hummingbirdTLS, logging, nioCore, nioSSL,
        serviceLifecycle,
        swiftASN1, x509, crypto, cryptoExtras,
      ]),

    // Layer 4: applications as libraries
    module(
      "MetalLBController",
      [
        "NetworkAddresses", "IPAllocation", "KubernetesAPI", "MetalLBAPI", "LegacyConfiguration",
        "ClusterConfiguration", "KubernetesClient", "ControllerRuntime", "ConfigurationWatch",
        "WebhookServer",
        coreMetrics, logging, metrics, serviceLifecycle,
      ]),
    module(
      "MetalLBSpeaker",
      [
        "Backoff", "NetworkAddresses", "Layer2", "KubernetesAPI", "KubernetesYAML", "MetalLBAPI",
        "LegacyConfiguration", "ClusterConfiguration", "Announcement", "LinuxNetwork",
        "Layer2Transport", "Membership", "MembershipTransport", "KubernetesClient",
        "ControllerRuntime", "ConfigurationWatch", coreMetrics, logging, metrics, serviceLifecycle,
      ]),
    module(
      "MetalLBOperator",
      [
        "Backoff", "NetworkAddresses", "KubernetesAPI", "KubernetesYAML", "MetalLBAPI",
        "LegacyConfiguration", "ClusterConfiguration", "OperatorRendering", "KubernetesClient",
        "ControllerRuntime", "WebhookServer", coreMetrics, logging, metrics, serviceLifecycle,
      ]),
    module(
      "ClusterInspection",
      [
        "KubernetesAPI", "KubernetesYAML", "MetalLBAPI", "LegacyConfiguration",
        "ClusterConfiguration", "KubernetesClient", "MetalLBController",
      ]),

    // Layer 5: development only
    module(
      "DevelopmentAPIServer",
      [
        "NetworkAddresses", "KubernetesAPI", "KubernetesYAML", asyncAlgorithms, asyncHTTPClient,
        crypto, cryptoExtras, hummingbird, hummingbirdTLS, logging, nioCore, nioHTTP1,
        nioPosix, nioSSL, orderedCollections, dequeModule, serviceLifecycle, swiftASN1, x509, yams,
      ]),
    module(
      "NetworkLab", ["CLinuxNetwork", "NetworkAddresses", "LinuxNetwork", subprocess, logging]),
    module(
      "DevelopmentCluster",
      [
        "NetworkAddresses", "KubernetesAPI", "KubernetesClient", "ControllerRuntime",
        "LinuxNetwork", "NetworkLab", subprocess, logging, serviceLifecycle,
      ]),
    module(
      "LabJourney",
      [
        "NetworkAddresses", "KubernetesAPI", "KubernetesYAML", "MetalLBAPI", "OperatorRendering",
        "KubernetesClient", "ControllerRuntime", "DevelopmentAPIServer", "NetworkLab",
        "DevelopmentCluster", hummingbird, logging, nioCore, serviceLifecycle,
      ]),
    .target(
      name: "SpeakerSimulation",
      dependencies: [
        "NetworkAddresses", "Layer2", "Membership", "KubernetesAPI", "ClusterConfiguration",
        "Announcement", "SeededRandomness",
      ],
      path: "Tests/Support/SpeakerSimulation", swiftSettings: settings),
    // lives of clusters by the thousand: `swift run -c release simulate-speakers 10000`
    .executableTarget(
      name: "simulate-speakers", dependencies: ["SpeakerSimulation"],
      path: "Tests/Support/SimulateSpeakers", swiftSettings: settings),
    .target(name: "ManualTime", path: "Tests/Support/ManualTime", swiftSettings: settings),
    .target(
      name: "SeededRandomness", path: "Tests/Support/SeededRandomness", swiftSettings: settings),
    .target(
      name: "KubernetesTesting",
      dependencies: [
        "KubernetesAPI", "KubernetesYAML", "KubernetesClient", "DevelopmentAPIServer", crypto,
        nioCore, nioHTTP1, nioPosix, subprocess,
      ],
      path: "Tests/Support/KubernetesTesting", swiftSettings: settings),
    .target(
      name: "WebhookTesting",
      dependencies: [
        "KubernetesAPI", "KubernetesClient", "KubernetesTesting", "MetalLBAPI", "MetricsServer",
        "WebhookServer", logging, serviceLifecycle,
      ],
      path: "Tests/Support/WebhookTesting", swiftSettings: settings),
    .target(
      name: "NamespaceTesting", dependencies: ["LinuxNetwork", subprocess],
      path: "Tests/Support/NamespaceTesting", swiftSettings: settings),

    // Layer 6: executable
    .executableTarget(
      name: "metallb",
      dependencies: [
        "NetworkAddresses", "KubernetesAPI", "KubernetesYAML", "MetalLBAPI", "ChartValues",
        "OperatorRendering", "LegacyConfiguration", "ClusterInspection", "LinuxNetwork",
        "KubernetesClient",
        "ControllerRuntime", "FRRControl", "MetricsServer", "WebhookServer", "PrometheusMetrics",
        "MetalLBController", "MetalLBSpeaker", "MetalLBOperator", "DevelopmentAPIServer",
        "NetworkLab", "DevelopmentCluster", "LabJourney", argumentParser, logging, metrics,
        serviceLifecycle,
        unixSignals,
      ],
      swiftSettings: settings),

    // Tests, in the same order
    tests("NetworkAddresses", ["SeededRandomness"]),
    tests("Backoff", ["SeededRandomness"]),
    tests("PrometheusMetrics", [coreMetrics]),
    tests("Layer2", ["NetworkAddresses", "SeededRandomness"], resources: [.copy("Fixtures")]),
    tests("IPAllocation", ["NetworkAddresses", "SeededRandomness"]),
    tests("Membership", ["SeededRandomness"], resources: [.copy("Fixtures")]),
    tests("KubernetesAPI", ["SeededRandomness"]),
    tests("KubernetesYAML", ["KubernetesAPI"]),
    tests(
      "MetalLBAPI", ["KubernetesAPI", "KubernetesYAML", "KubernetesClient", "KubernetesTesting"]),
    tests(
      "LegacyConfiguration",
      ["NetworkAddresses", "KubernetesAPI", "KubernetesYAML", "MetalLBAPI"]),
    tests(
      "ClusterConfiguration",
      [
        "NetworkAddresses", "KubernetesAPI", "MetalLBAPI", "LegacyConfiguration",
        "SeededRandomness",
      ]),
    tests("ChartValues", ["KubernetesAPI", "KubernetesYAML", "MetalLBAPI"]),
    tests(
      "Announcement",
      ["NetworkAddresses", "KubernetesAPI", "MetalLBAPI", "ClusterConfiguration", "Layer2", crypto]),
    tests("SpeakerSimulation"),
    tests(
      "OperatorRendering", ["KubernetesAPI", "KubernetesYAML", "MetalLBAPI"], exclude: ["Golden"]),
    tests(
      "LinuxNetwork",
      ["CLinuxNetwork", "NetworkAddresses", "NamespaceTesting", "SeededRandomness"],
      resources: [.copy("Fixtures")]),
    tests(
      "Layer2Transport",
      ["NetworkAddresses", "Layer2", "LinuxNetwork", "NamespaceTesting", logging, metricsTestKit]),
    tests(
      "MembershipTransport",
      [
        "NetworkAddresses", "Membership", "PrometheusMetrics", logging, nioCore, nioPosix,
        subprocess,
      ]),
    tests(
      "KubernetesClient",
      [
        "KubernetesAPI", "DevelopmentAPIServer", "KubernetesTesting", "ManualTime", nioCore,
        nioHTTP1, nioPosix, logging,
      ]),
    tests(
      "ControllerRuntime",
      [
        "KubernetesAPI", "KubernetesClient", "KubernetesTesting", "ManualTime",
        "SeededRandomness", logging, serviceLifecycle,
      ]),
    tests(
      "MetricsServer",
      [
        "KubernetesAPI", "KubernetesClient", "KubernetesTesting", "ManualTime",
        "PrometheusMetrics", asyncHTTPClient, coreMetrics, logging, nioCore, nioHTTP1, nioSSL,
        serviceLifecycle,
      ]),
    tests("FRRControl"),
    tests(
      "WebhookServer",
      [
        "KubernetesAPI", "KubernetesClient", "ControllerRuntime", "KubernetesTesting",
        "MetricsServer", asyncHTTPClient, logging, nioCore, nioHTTP1, nioSSL, serviceLifecycle,
        swiftASN1, x509,
      ]),
    tests(
      "MetalLBController",
      [
        "KubernetesAPI", "MetalLBAPI", "LegacyConfiguration", "ClusterConfiguration",
        "ConfigurationWatch", "IPAllocation", "KubernetesClient", "ControllerRuntime",
        "KubernetesTesting",
        "WebhookServer", "WebhookTesting", "ManualTime", "SeededRandomness",
        "NetworkAddresses", "PrometheusMetrics", coreMetrics, logging, serviceLifecycle,
      ]),
    tests(
      "MetalLBSpeaker",
      [
        "NetworkAddresses", "PrometheusMetrics", "Layer2", "KubernetesAPI", "MetalLBAPI",
        "LegacyConfiguration", "Announcement", "Layer2Transport", "LinuxNetwork", "Membership",
        "KubernetesClient",
        "ControllerRuntime", "MetalLBController", "KubernetesTesting", "NamespaceTesting",
        coreMetrics, logging, nioCore, nioPosix, serviceLifecycle,
      ]),
    tests(
      "MetalLBOperator",
      [
        "KubernetesAPI", "KubernetesYAML", "MetalLBAPI", "KubernetesClient", "ControllerRuntime",
        "ClusterConfiguration", "OperatorRendering", "LegacyConfiguration",
        "KubernetesTesting", "PrometheusMetrics", "WebhookServer", "WebhookTesting", logging,
      ], exclude: ["Scenarios.md"]),
    tests(
      "ClusterInspection",
      [
        "KubernetesAPI", "KubernetesYAML", "MetalLBAPI", "LegacyConfiguration",
        "ClusterConfiguration", "KubernetesClient", "MetalLBController", "KubernetesTesting",
      ]),
    tests(
      "DevelopmentAPIServer",
      [
        "KubernetesAPI", asyncHTTPClient, crypto, hummingbird, hummingbirdTLS, logging,
        nioCore, nioHTTP1, nioSSL, serviceLifecycle, swiftASN1, x509,
      ], exclude: ["Fixtures"]),
    tests("NetworkLab", ["NetworkAddresses"]),
    tests(
      "DevelopmentCluster",
      [
        "NetworkAddresses", "KubernetesAPI", "KubernetesClient", "DevelopmentAPIServer",
        "NetworkLab", logging,
      ]),
    tests(
      "LabJourney", ["NetworkAddresses", "KubernetesAPI", "DevelopmentCluster", "NetworkLab"]),
    .testTarget(
      name: "KubectlTests",
      dependencies: [
        "KubernetesAPI", "MetalLBAPI", "KubernetesClient", "DevelopmentCluster",
        "KubernetesTesting", logging, subprocess,
      ], swiftSettings: settings),
    .testTarget(
      name: "PythonClientTests", dependencies: ["KubernetesTesting", subprocess],
      exclude: ["client.py", "requirements.txt"], swiftSettings: settings),
    .testTarget(
      name: "EndToEndTests",
      dependencies: [
        "KubernetesAPI", "KubernetesClient", "KubernetesTesting", "MetalLBAPI",
        "OperatorRendering", "metallb", subprocess,
      ], swiftSettings: settings),
  ]
)

// Benchmarks stay out of every other build: their packages are needed for nothing else.
if Context.environment["METALLB_BENCHMARKS"] != nil {
  // Without its default traits it needs no malloc interposer; malloc counts then mean nothing.
  package.dependencies.append(
    .package(url: "https://github.com/ordo-one/benchmark", from: "1.38.1", traits: []))
  func benchmarks(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
    .executableTarget(
      name: name,
      dependencies: dependencies + [.product(name: "Benchmark", package: "benchmark")],
      path: "Benchmarks/\(name)", swiftSettings: settings,
      plugins: [.plugin(name: "BenchmarkPlugin", package: "benchmark")])
  }
  package.targets += [
    benchmarks("IPAllocationBenchmarks", ["IPAllocation", "NetworkAddresses"]),
    benchmarks(
      "APIServerBenchmarks",
      [
        "DevelopmentAPIServer", "KubernetesAPI", asyncHTTPClient, nioCore, nioHTTP1, nioPosix,
        nioSSL,
      ]),
    benchmarks(
      "OperatorBenchmarks",
      [
        "DevelopmentAPIServer", "KubernetesAPI", "KubernetesYAML", "KubernetesClient", "MetalLBAPI",
        "LegacyConfiguration", "ClusterConfiguration", "OperatorRendering", "MetalLBOperator",
        coreMetrics, logging,
      ]),
    .executableTarget(
      name: "arp-benchmark",
      dependencies: [
        "NetworkAddresses", "Layer2", "LinuxNetwork", "Layer2Transport", "PrometheusMetrics",
        "NamespaceTesting", coreMetrics, logging,
      ],
      path: "Benchmarks/ARPBenchmark", swiftSettings: settings),
    .executableTarget(
      name: "workload-benchmark",
      dependencies: [
        "KubernetesAPI", "KubernetesYAML", "MetalLBAPI", "KubernetesClient", subprocess,
      ],
      path: "Benchmarks/WorkloadBenchmark", swiftSettings: settings),
    .executableTarget(
      name: "configuration-benchmark",
      dependencies: ["KubernetesAPI", "MetalLBAPI", "ClusterConfiguration"],
      path: "Benchmarks/ConfigurationBenchmark", swiftSettings: settings),
  ]

  // Of the tests only those whose cases or figures come by the thousand, optimized as the rest is.
  let tests = [
    "IPAllocationTests": [
      "AllocatorModelTests.swift", "ModelSeeds.swift", "ReferenceAllocator.swift",
    ],
    "MetalLBControllerTests": [
      "ServiceConvergenceModelTests.swift", "ModelSeeds.swift", "Fixtures.swift",
    ],
    "MembershipTests": [
      "GossipFiguresTests.swift", "Simulation.swift", "Simulation+Agenda.swift",
      "WireSupport.swift",
    ],
  ]
  package.targets.removeAll { $0.isTest && tests[$0.name] == nil }
  for target in package.targets {
    if let sources = tests[target.name] {
      let folder = "\(Context.packageDirectory)/Tests/\(target.name)"
      let files = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
      target.exclude = files.filter { !(sources + ["Fixtures"]).contains($0) }
    }
    // What these tests look into; a flag for all modules would slow down what is measured.
    if ["Membership", "MetalLBController"].contains(target.name) {
      target.swiftSettings?.append(.unsafeFlags(["-enable-testing"]))
    }
  }
}
