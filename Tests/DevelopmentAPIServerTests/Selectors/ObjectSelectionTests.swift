import KubernetesAPI
import Testing

@testable import DevelopmentAPIServer

@Suite struct ObjectSelectionTests {
  private func matches(_ fields: String, labels: String = "", _ object: JSONValue) throws -> Bool {
    var definition = ResourceDefinition(
      ResourceKind(version: "v1", kind: "Thing", plural: "things"))
    definition.selectableFields.fields = ["spec.mode": "", "spec.off": "false"]
    let selection = try ObjectSelection(labels: labels, fields: fields, definition: definition)
    return selection.matches(StoredObject(object, resourceVersion: 7))
  }

  private func thing(_ mode: JSONValue, note: JSONValue = "") -> JSONValue {
    ["metadata": ["name": "one"], "spec": ["mode": mode, "note": note]]
  }

  @Test func `What is written elsewhere in an object is no match`() throws {
    #expect(try matches("spec.mode=fast", thing("fast")))
    #expect(try !matches("spec.mode=fast", thing("slow", note: "fast")))
    #expect(try !matches("spec.mode=fast", thing("faster")))
  }

  @Test func `Texts that JSON writes otherwise are found all the same`() throws {
    for text in ["a\"b", "a/b", "<&>", "é", "\u{2028}", "a\\b", "a,b", "a=b", "a b"] {
      let escaped = text.replacing("\\", with: "\\\\").replacing(",", with: "\\,")
        .replacing("=", with: "\\=")
      #expect(try matches("spec.mode=\(escaped)", thing(.string(text))), "\(text)")
    }
  }

  @Test func `Defaults and negations need not be written`() throws {
    #expect(try matches("spec.off=false", thing("x")))
    #expect(try matches("spec.mode=", thing(.null)))
    #expect(try matches("spec.mode!=fast", thing("slow")))
    #expect(try !matches("spec.off=true", thing("x")))
  }

  @Test func `Numbers and flags are compared as text`() throws {
    #expect(try matches("spec.mode=8080", thing(8080)))
    #expect(try matches("spec.mode=true", thing(true)))
    #expect(try !matches("spec.mode=808", thing(8080)))
  }
}
