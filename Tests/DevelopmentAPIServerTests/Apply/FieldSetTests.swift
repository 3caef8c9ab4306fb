import KubernetesAPI
import Testing

@testable import DevelopmentAPIServer

@Suite struct FieldSetTests {
  let encoded: JSONValue = [
    "f:data": [".": [:], "f:k": [:]],
    "f:spec": [
      "f:ports": ["k:{\"port\":80,\"protocol\":\"TCP\"}": [".": [:], "f:port": [:]]],
      "f:finalizers": ["v:\"a\"": [:]],
    ],
  ]

  @Test func `fieldsV1 round-trips`() throws {
    #expect(try #require(FieldSet(encoded: encoded)).encoded == encoded)
  }

  @Test func `Paths print as the API prints them`() throws {
    let set = try #require(FieldSet(encoded: encoded))
    #expect(
      set.description == """
        .data
        .data.k
        .spec.finalizers[="a"]
        .spec.ports[port=80,protocol="TCP"]
        .spec.ports[port=80,protocol="TCP"].port
        """)
  }

  @Test func `A difference of sets keeps what lies below, a recursive one does not`() throws {
    let set = try #require(FieldSet(encoded: encoded))
    let data = FieldSet([.field("data")])
    #expect(set.difference(data).contains([.field("data"), .field("k")]))
    #expect(!set.difference(data).contains([.field("data")]))
    #expect(!set.recursiveDifference(data).contains([.field("data"), .field("k")]))
    #expect(set.difference(set).isEmpty)
    #expect(set.intersection(data) == data)
    #expect(data.union(set) == set)
  }

  @Test(
    arguments: [
      ["f:a": 1], ["x:a": [:]], ["k:nonsense": [:]], ["i:x": [:]], [],
    ] as [JSONValue])
  func `What no server writes is refused`(_ value: JSONValue) {
    #expect(FieldSet(encoded: value) == nil)
  }
}
