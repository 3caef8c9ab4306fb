package import NetworkAddresses
private import Glibc
private import Subprocess

/// Real networks on one machine, from network namespaces and veth pairs: what end-to-end tests and
/// `metallb lab` run in.
///
/// `withLab` makes a lab and removes all of it at the end: also when the body throws, when
/// its task is cancelled, and, through a guardian process, when this process is killed. Whatever a
/// lab makes is named after it, so labs never meet.
///
/// It leaves out: VLAN, bond and VRF devices, and traffic shaping, which many kernels lack. Loss
/// is made with nftables.
package actor Lab {
  /// Unique on this machine: `mlab-3f2a`. Also the name of its interfaces outside of namespaces.
  package nonisolated let name: String
  /// A folder for the files of the lab, readable by root alone.
  package nonisolated let directory: String
  package nonisolated let journal: LabJournal

  private let folder: String
  private var interfaces = 0

  init(name: String, folder: String) throws(LabError) {
    self.name = name
    self.folder = folder
    directory = "\(folder)/\(name)"
    journal = LabJournal(path: "\(folder)/\(name)\(LabJournal.suffix)")
    try LabFiles.makeDirectory(folder)
    let process = getpid()
    try journal.append(
      .process(id: process, startTime: LabJournal.startTime(ofProcess: process) ?? 0))
    try journal.append(.directory(directory))
    try LabFiles.makeDirectory(directory)
    try LabFiles.changeMode(directory, 0o711)
  }

  /// Makes a namespace whose loopback interface is up.
  ///
  /// - Parameter label: letters, digits and dashes.
  package func addNamespace(_ label: String) async throws -> LabNamespace {
    guard !label.isEmpty, label.utf8.count <= 64, label.utf8.allSatisfy(\.isNameByte) else {
      throw LabError.invalidName(label)
    }
    let namespace = LabNamespace(name: "\(name)-\(label)", label: label)
    try journal.append(.namespace(namespace.name))
    try await Tool.run(["ip", "netns", "add", namespace.name])
    try await namespace.ip(["link set dev lo up"])
    return namespace
  }

  /// Removes a namespace after the processes in it.
  package func removeNamespace(_ namespace: LabNamespace) async throws {
    try await namespace.killProcesses()
    try await Tool.run(["ip", "netns", "delete", namespace.name])
  }

  /// Joins two namespaces with a veth pair and takes both ends up. Returns once both carry frames.
  package func connect(_ left: LinkEnd, _ right: LinkEnd) async throws {
    try left.validate()
    try right.validate()
    try await left.namespace.ip(
      [
        "link add name \(left.interface) \(left.hardwareAddressArgument)type veth "
          + "peer name \(right.interface) \(right.hardwareAddressArgument)"
          + "netns \(right.namespace.name)"
      ] + left.setUpCommands)
    try await right.namespace.ip(right.setUpCommands)
    try await left.awaitCarrier()
    try await right.awaitCarrier()
  }

  /// Joins a namespace with the one that this process runs in, so that the machine itself takes
  /// part in the lab's network. Returns the name of the interface on the machine's side.
  package func connectHost(_ end: LinkEnd, address: LabAddress) async throws -> String {
    try end.validate()
    let interface = "\(name)-\(interfaces)"
    interfaces += 1
    try journal.append(.interface(interface))
    try await Tool.run(
      ["ip", "-batch", "-"],
      input: """
        link add name \(interface) type veth peer name \(end.interface) netns \(end.namespace.name)
        \(LabNamespace.addAddressCommand(address, to: interface))
        link set dev \(interface) up

        """)
    try await end.namespace.ip(end.setUpCommands)
    try await end.awaitCarrier()
    return interface
  }

  /// Makes a learning bridge, as a switch does, without spanning tree and multicast snooping.
  package func addBridge(_ bridge: String, in namespace: LabNamespace) async throws {
    try await namespace.ip([
      "link add name \(bridge) type bridge stp_state 0 mcast_snooping 0 forward_delay 0",
      "link set dev \(bridge) up",
    ])
  }

  /// Takes something of which the machine has one for the time of this lab, such as a network by
  /// its number. Returns whether no other lab has it.
  ///
  /// A reservation is a link from the thing's name to the lab's, which only one can make.
  package func reserve(_ thing: String) throws(LabError) -> Bool {
    guard !thing.isEmpty, thing.utf8.allSatisfy(\.isNameByte) else { throw .invalidName(thing) }
    let path = "\(folder)/\(thing).reserved"
    if let holder = LabFiles.target(ofLink: path), holder != name,
      !LabFiles.exists("\(folder)/\(holder)\(LabJournal.suffix)")
    {
      try LabFiles.remove(path)  // left behind between two lines of a lab that died
    }
    guard try LabFiles.linkUnlessThere(path, to: name) else { return false }
    try journal.append(.directory(path))
    return true
  }

  /// The processes in all namespaces of the lab.
  package func processes() async throws -> [Int32] {
    var result: [Int32] = []
    for case .namespace(let name) in try journal.entries()
    where LabFiles.exists("/run/netns/\(name)") {
      result += try await LabNamespace(name: name, label: name).processes()
    }
    return result
  }

  /// Removes everything; what the lab's journal names is gone when this returns.
  package func tearDown() async throws { try await journal.cleanUp() }
}

/// One end of a link: an interface to be made in a namespace.
package struct LinkEnd: Sendable, Hashable {
  package var namespace: LabNamespace
  /// At most 15 bytes, as the kernel asks.
  package var interface: String
  package var addresses: [LabAddress]
  /// The kernel chooses one at random when absent.
  package var hardwareAddress: MACAddress?
  /// The bridge in the same namespace that the interface becomes a port of.
  package var bridge: String?

  package init(
    _ namespace: LabNamespace, _ interface: String, addresses: [LabAddress] = [],
    hardwareAddress: MACAddress? = nil, bridge: String? = nil
  ) {
    self.namespace = namespace
    self.interface = interface
    self.addresses = addresses
    self.hardwareAddress = hardwareAddress
    self.bridge = bridge
  }

  func validate() throws(LabError) {
    guard 1...15 ~= interface.utf8.count, interface.utf8.allSatisfy(\.isNameByte) else {
      throw .invalidName(interface)
    }
  }

  /// The kernel tells bridges and sockets of a carrier a little later than it is there, up to a
  /// second when links change often; what is sent before is lost.
  func awaitCarrier() async throws {
    while true {
      let line = try await Tool.run([
        "ip", "-n", namespace.name, "-o", "link", "show", "dev", interface,
      ])
      if line.contains("state UP") { return }
      try await Task.sleep(for: .milliseconds(5))
    }
  }

  var hardwareAddressArgument: String { hardwareAddress.map { "address \($0) " } ?? "" }

  var setUpCommands: [String] {
    (bridge.map { ["link set dev \(interface) master \($0)"] } ?? [])
      + addresses.map { LabNamespace.addAddressCommand($0, to: interface) }
      + ["link set dev \(interface) up"]
  }
}

extension UInt8 {
  /// Letters, digits, dash, dot and underscore.
  var isNameByte: Bool {
    switch self {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."),
      UInt8(ascii: "_"):
      true
    default: false
    }
  }
}

/// Makes a lab for the time of `body`. Throws `LabError.notPrivileged` or `.missingTools` where
/// no lab can run (`LabRequirements.unmet()` tells beforehand).
///
/// Everything that the lab made is gone when this returns or throws. Its guardian, a shell that
/// waits for the end of its standard input, does the same if this process dies first.
@discardableResult
package func withLab<Value: Sendable>(
  folder: String = LabJournal.defaultFolder,
  _ body: (Lab) async throws -> Value
) async throws -> Value {
  if let unmet = LabRequirements.unmet() { throw unmet }
  let name = "mlab-\(String(UInt16.random(in: 0x1000...UInt16.max), radix: 16))"
  let lab = try Lab(name: name, folder: folder)
  var options = PlatformOptions()
  options.createSession = true
  // When this task is cancelled, the guardian ignores SIGTERM and ends with the lab.
  options.teardownSequence = [.gracefulShutDown(allowedDurationToNextStep: .seconds(60))]
  // A tool that ends before it has read its input must not end this process.
  signal(SIGPIPE, SIG_IGN)
  let outcome = try await Subprocess.run(
    .name("sh"), arguments: ["-c", LabJournal.guardianScript, "sh", lab.journal.path],
    platformOptions: options, input: .inputWriter, output: .discarded, error: .discarded
  ) { guardian in
    let result: Result<Value, any Error>
    do { result = .success(try await body(lab)) } catch { result = .failure(error) }
    // In a task of its own, so that cancellation cannot interrupt it.
    let removal = await Task { try await lab.tearDown() }.result
    _ = try? await guardian.standardInputWriter.write("done\n")
    try? await guardian.standardInputWriter.finish()
    return result.flatMap { value in removal.map { value } }
  }
  return try outcome.closureResult.get()
}
