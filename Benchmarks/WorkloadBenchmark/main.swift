import FoundationEssentials
import Glibc

// workload-benchmark backlog|speaker [BINARY] [COUNT…]: controller and speaker as processes of their own, beside an API
// server that is one too.
//
// backlog: how fast the controller gives addresses to Services that wait when it starts, beside a bare loop of status
// writes to the same API server; and how long one Service waits when nothing else happens.
// speaker: how much memory a speaker takes that announces so many Services. Only in a network of its own.
//
// BINARY is metallb, by default the one beside this program. What it prints goes to a folder that is named at the end.

let arguments = Array(CommandLine.arguments.dropFirst())
let own = URL(filePath: CommandLine.arguments[0]).deletingLastPathComponent().path
let binary = arguments.dropFirst().first { Int($0) == nil } ?? "\(own)/metallb"
let counts = arguments.compactMap { Int($0) }
let folder = FileManager.default.temporaryDirectory.appending(
  path: "workload-benchmark-\(getpid())"
).path
try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
let program = Program(binary: binary, folder: folder)

func row(_ cells: [String]) {
  print(cells.map { $0 + String(repeating: " ", count: max(1, 11 - $0.count)) }.joined())
  fflush(nil)
}

/// Resident, and in brackets what of it is not the program's own file.
func megabytes(_ figures: ProcessFigures) -> String {
  "\(figures.resident >> 20) (\(figures.anonymous >> 20))"
}

func tenths(_ value: Double) -> String { "\((value * 10).rounded() / 10)" }

func measureBacklog() async throws {
  row([
    "services", "bare 1/s", "bare 16/s", "ours/s", "ratio", "cost", "time s", "CPU s", "MB",
    "rest MB", "writes", "served", "events",
  ])
  for count in counts.isEmpty ? [5000, 20_000] : counts {
    let figures = try await BenchmarkCluster.running(program) { cluster in
      try await BacklogFigures(count, cluster)
    }
    row([
      "\(count)", "\(Int(figures.singleWriter.rate))", "\(Int(figures.bare.rate))",
      "\(Int(figures.ours.rate))", "\(Int(figures.ours.rate / figures.bare.rate * 100)) %",
      "\(Int(figures.bare.cost / figures.ours.cost * 100)) %",
      tenths(figures.time.seconds), tenths(figures.processorTime.seconds),
      megabytes(figures.memory), megabytes(figures.memoryAtRest), tenths(figures.writesPerService),
      "\(figures.served)", "\(figures.events.0), \(figures.events.1)",
    ])
  }
  let latency = try await BenchmarkCluster.running(program) { cluster in
    try await LatencyFigures(200, cluster)
  }
  print(
    "create to address: p50 \(tenths(latency.median.seconds * 1000)) ms, p99 \(tenths(latency.percentile99.seconds * 1000)) ms"
  )
}

func measureSpeaker() async throws {
  row(["services", "time s", "CPU s", "MB", "rest MB", "peak MB"])
  for count in counts.isEmpty ? [1, 1000, 5000, 10_000] : counts {
    let figures = try await BenchmarkCluster.running(program) { cluster in
      try await SpeakerFigures(count, cluster)
    }
    row([
      "\(count)", tenths(figures.time.seconds), tenths(figures.processorTime.seconds),
      megabytes(figures.memory), megabytes(figures.memoryAtRest),
      "\(figures.memoryAtRest.peak >> 20)",
    ])
  }
}

do {
  switch arguments.first {
  case "backlog": try await measureBacklog()
  case "speaker": try await measureSpeaker()
  default:
    print("workload-benchmark backlog|speaker [BINARY] [COUNT…]")
    exit(2)
  }
  print("logs in \(folder)")
} catch {
  print("error: \(error); logs in \(folder)")
  exit(1)
}
