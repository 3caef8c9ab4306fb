import ClusterConfiguration
import KubernetesAPI
import MetalLBAPI

// configuration-benchmark [COUNT]: how long it takes to validate a configuration of so many objects from scratch, again after
// one of them changed, and as an admission webhook does for one change. The median of several runs.

func median(_ runs: Int = 7, _ body: () -> Void) -> Duration {
  let times = (0..<runs).map { _ in ContinuousClock().measure(body) }
  return times.sorted()[runs / 2]
}

let count = CommandLine.arguments.dropFirst().first.flatMap { Int($0) } ?? 10_000
for backend in [ConfigurationSources.Backend.native, .frr] {
  let sources = SampleConfiguration.sources(count, backend: backend)
  var changed = sources
  changed.ipAddressPools[0].spec.addresses.append("192.0.2.0/24")
  var problems: [ConfigurationProblem] = []
  let scratch = median {
    var assembler = ConfigurationAssembler()
    problems = assembler.assemble(sources).problems
  }
  var assembler = ConfigurationAssembler()
  _ = assembler.assemble(sources)
  var isChanged = false
  let again = median {
    isChanged.toggle()
    _ = assembler.assemble(isChanged ? changed : sources)
  }
  var denial: String?
  let admission = median {
    denial =
      ConfigurationAdmission(
        before: sources, after: changed,
        object: ConfigurationObject(describing: changed.ipAddressPools[0])
      ).denial
  }
  guard problems.isEmpty, denial == nil else {
    print("not valid: \(problems.first?.description ?? denial ?? "")")
    continue
  }
  print(
    "\(count) objects, \(backend): from scratch \(scratch), again \(again), admission \(admission)")
}
