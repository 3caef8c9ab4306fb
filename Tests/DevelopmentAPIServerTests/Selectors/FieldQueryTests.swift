import KubernetesAPI
import Testing

@testable import DevelopmentAPIServer

@Suite struct FieldQueryTests {
  let pod: JSONValue = [
    "metadata": ["name": "a", "namespace": "n"], "spec": ["nodeName": "n1"],
    "status": ["phase": "Running"],
  ]
  let pods = SelectableFields(fields: ["spec.nodeName": "", "status.phase": ""])

  @Test func `Terms compare fields as text`() throws {
    func matches(_ text: String) throws -> Bool {
      pods.matches(try FieldQuery(parsing: text), object: pod)
    }
    #expect(try matches("metadata.name=a"))
    #expect(try matches("metadata.name==a,metadata.namespace=n"))
    #expect(try !matches("metadata.name!=a"))
    #expect(try matches("spec.nodeName=n1,status.phase!=Failed"))
    #expect(try matches(""))
  }

  @Test func `An absent boolean reads as false`() throws {
    let nodes = SelectableFields(fields: ["spec.unschedulable": "false"])
    let query = try FieldQuery(parsing: "spec.unschedulable=false")
    #expect(nodes.matches(query, object: ["spec": [:]]))
    #expect(!nodes.matches(query, object: ["spec": ["unschedulable": true]]))
  }

  @Test func `A backslash takes the meaning from commas and equals signs`() throws {
    let query = try FieldQuery(parsing: #"metadata.name=a\,b\=c\\"#)
    #expect(query.terms == [.init(field: "metadata.name", isNegated: false, value: #"a,b=c\"#)])
  }

  @Test func `Malformed and unsupported queries are refused in the API's words`() throws {
    #expect(
      throws: SelectorError(
        "invalid selector: 'metadata.name'; can't understand 'metadata.name'")
    ) { try FieldQuery(parsing: "metadata.name") }
    let query = try FieldQuery(parsing: "data.k=v")
    #expect(
      throws: SelectorError(
        "\"data.k\" is not a known field selector: only \"metadata.name\", \"metadata.namespace\"")
    ) { try SelectableFields.metadata.check(query) }
    let count = try FieldQuery(parsing: "spec.count=3")
    #expect(throws: SelectorError("field label not supported: spec.count")) {
      try SelectableFields(fields: ["spec.mode": ""], isCustom: true).check(count)
    }
  }
}
