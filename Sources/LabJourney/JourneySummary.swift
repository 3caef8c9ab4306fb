package import KubernetesAPI

/// What a journey measured.
package struct JourneySummary: Sendable, Hashable {
  package var address: String?
  package var ownerBefore: String?
  package var ownerAfter: String?
  /// From the creation of the MetalLB object until it is Available.
  package var timeToAvailable: Duration?
  /// From the creation of the Service until it has an address.
  package var timeToAddress: Duration?
  /// From then until the client gets its first answer.
  package var timeToReachable: Duration?
  /// From the crash of the owner until the client gets an answer again.
  package var failoverTime: Duration?
  /// Resident memory of the operator, in bytes.
  package var operatorMemory: Int?
  /// After the MetalLB object was deleted.
  package var objectsLeft: Int?

  package init() {}

  /// One line for each figure, aligned.
  package var text: String {
    func text(_ duration: Duration?) -> String { duration?.secondsText ?? "-" }
    return TimelineText.table([
      ("address", address ?? "-"),
      ("owner before", ownerBefore ?? "-"),
      ("owner after", ownerAfter ?? "-"),
      ("time to available", text(timeToAvailable)),
      ("time to address", text(timeToAddress)),
      ("time to reachable", text(timeToReachable)),
      ("failover time", text(failoverTime)),
      ("operator memory", operatorMemory.map(ProgramMemory.text) ?? "-"),
      ("objects left", objectsLeft.map(String.init) ?? "-"),
    ])
  }

  package var json: JSONValue {
    func seconds(_ duration: Duration?) -> JSONValue {
      duration.map { .double($0.inMilliseconds) } ?? .null
    }
    func string(_ text: String?) -> JSONValue { text.map { .string($0) } ?? .null }
    return [
      "address": string(address), "ownerBefore": string(ownerBefore),
      "ownerAfter": string(ownerAfter), "availableSeconds": seconds(timeToAvailable),
      "addressSeconds": seconds(timeToAddress), "reachableSeconds": seconds(timeToReachable),
      "failoverSeconds": seconds(failoverTime),
      "operatorMemoryBytes": operatorMemory.map { .integer(Int64($0)) } ?? .null,
      "objectsLeft": objectsLeft.map { .integer(Int64($0)) } ?? .null,
    ]
  }
}
