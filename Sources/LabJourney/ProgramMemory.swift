internal import KubernetesAPI
internal import NetworkLab

/// How much memory the processes of one program hold.
struct ProgramMemory: Sendable, Hashable {
  /// As containers call it: `/speaker`.
  var program: String
  /// Resident, in bytes, one number for each process.
  var resident: [Int]

  /// The processes of a lab by the programs that they run; shells and the like are left out.
  static func measure(_ programs: [String], in lab: Lab) async throws -> [ProgramMemory] {
    var resident: [String: [Int]] = [:]
    for process in try await lab.processes() {
      let command = (try? LabFiles.read("/proc/\(process)/cmdline")) ?? ""
      let program = String(command.split(separator: "\0").first ?? "")
      guard programs.contains(program),
        let status = try? LabFiles.read("/proc/\(process)/status"),
        let bytes = residentBytes(inStatus: status)
      else { continue }
      resident[program, default: []].append(bytes)
    }
    return programs.map { ProgramMemory(program: $0, resident: (resident[$0] ?? []).sorted()) }
  }

  /// Reads the line `VmRSS` of proc(5) `status`, in kibibytes.
  static func residentBytes(inStatus status: String) -> Int? {
    let line = status.split(separator: "\n").first { $0.hasPrefix("VmRSS:") }
    let words = line?.split(whereSeparator: \.isWhitespace) ?? []
    return words.count > 1 ? Int(words[1]).map { $0 * 1024 } : nil
  }

  /// Megabytes: `42 MB`.
  static func text(_ bytes: Int) -> String { "\((bytes + 500_000) / 1_000_000) MB" }

  /// `/speaker 40 MB, 41 MB`
  var text: String {
    "\(program) \(resident.map(Self.text).joined(separator: ", "))"
  }
}

extension Journey {
  /// Looks at the memory of everything that was installed.
  func weigh(_ summary: inout JourneySummary) async throws {
    summary.operatorMemory = try await timeline.step("weigh it") {
      let programs = try await ProgramMemory.measure(
        ["/manager", "/controller", "/speaker"], in: session.lab)
      let all = programs.map { memory in
        (memory.program, JSONValue.array(memory.resident.map { .integer(Int64($0)) }))
      }
      return (
        programs.first?.resident.first,
        .init(
          programs.map(\.text).joined(separator: "; ") + " resident",
          ["residentBytes": .object(JSONObject(all))])
      )
    }
  }
}
