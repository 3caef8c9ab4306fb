import KubernetesAPI
import Testing

@testable import DevelopmentAPIServer

/// Bodies that kubectl 1.33 sent, and what they say.
@Suite struct ProtobufDecoderTests {
  struct Body: Sendable, CustomTestStringConvertible {
    var kind: String
    var base64: String
    var expected: JSONValue
    var testDescription: String { kind }
  }

  static let bodies = [
    Body(
      kind: "TokenRequest",
      base64:
        "azhzAAooChhhdXRoZW50aWNhdGlvbi5rOHMuaW8vdjESDFRva2VuUmVxdWVzdBIdChAKABIAGgAiACoAMgA4AEIA"
        + "EgMg2AQaBAoAEgAaACIA",
      expected: ["spec": ["expirationSeconds": 600]]),
    Body(
      kind: "ServiceAccount",
      base64:
        "azhzAAoUCgJ2MRIOU2VydmljZUFjY291bnQSIAoeCgN0b2sSABoLcmVjLWt1YmVjdGwiACoAMgA4AEIAGgAiAA==",
      expected: ["metadata": ["name": "tok", "namespace": "rec-kubectl"]]),
    Body(
      kind: "Deployment",
      base64:
        "azhzAAoVCgdhcHBzL3YxEgpEZXBsb3ltZW50EqgBCiYKAWQSABoLcmVjLWt1YmVjdGwiACoAMgA4AEIAWggKA2Fw"
        + "cBIBZBJwCAESCgoICgNhcHASAWQaWAoaCgASABoAIgAqADIAOABCAFoICgNhcHASAWQSOhIcCgFjEgNjOjEq"
        + "AEIAagByAIABAIgBAJABAKIBABoAMgBCAEoAUgBYAGAAaACCAQCKAQCaAQDCAQAiAgoAKAA4ABoMCAAQABgA"
        + "IAAoADgAGgAiAA==",
      expected: [
        "metadata": ["name": "d", "labels": ["app": "d"]],
        "spec": ["replicas": 1, "selector": ["matchLabels": ["app": "d"]]],
      ]),
  ]

  @Test(arguments: bodies) func `Recorded bodies decode`(_ body: Body) throws {
    let bytes = try #require(Base64.decode(body.base64))
    let object = try ProtobufDecoder.kubernetes.decode(bytes)
    #expect(object["kind"]?.stringValue == body.kind)
    for (name, value) in body.expected.objectValue ?? [:] {
      for (field, wanted) in value.objectValue ?? [:] {
        #expect(object[name]?[field] == wanted)
      }
    }
  }

  @Test(arguments: bodies) func `A body that ends early is malformed, wherever it ends`(
    _ body: Body
  ) throws {
    let bytes = try #require(Base64.decode(body.base64))
    for length in 0..<4 {
      #expect(throws: ProtobufDecoder.Failure.malformed) {
        try ProtobufDecoder.kubernetes.decode(Array(bytes.prefix(length)))
      }
    }
    for length in 4..<bytes.count {
      // Some cuts fall between fields: what is left must be an answer or an error, not a trap.
      _ = try? ProtobufDecoder.kubernetes.decode(Array(bytes.prefix(length)))
    }
  }

  @Test func `Members of a field without a name stand in the message itself; JSON is read`() throws
  {
    let decoder = ProtobufDecoder(
      """
      Thing
        1 name string
        2 . Inner
        3 fields json
      Inner
        1 inner string
      """)
    var writer = ProtobufWriter()
    writer.message(1) { $0.string(2, "Thing") }
    writer.message(2) { thing in
      thing.string(1, "one")
      thing.message(2) { $0.string(1, "two") }
      thing.message(3) { $0.string(1, #"{"f:data":{}}"#) }
    }
    #expect(
      try decoder.decode([0x6B, 0x38, 0x73, 0x00] + writer.bytes) == [
        "kind": "Thing", "apiVersion": "", "name": "one", "inner": "two",
        "fields": ["f:data": [:]],
      ])
  }

  @Test func `A field without a line in the table is refused by its number`() {
    // Envelope of a ConfigMap whose field 9 is the text "x".
    let bytes: [UInt8] =
      [0x6B, 0x38, 0x73, 0x00, 0x0A, 0x0F, 0x0A, 0x02] + Array("v1".utf8) + [0x12, 0x09]
      + Array("ConfigMap".utf8) + [0x12, 0x03, 0x4A, 0x01, 0x78]
    #expect(throws: ProtobufDecoder.Failure.unknownField(message: "ConfigMap", number: 9)) {
      try ProtobufDecoder.kubernetes.decode(bytes)
    }
  }

  @Test func `A kind without a message in the table is refused`() {
    let bytes: [UInt8] =
      [0x6B, 0x38, 0x73, 0x00, 0x0A, 0x08, 0x0A, 0x02] + Array("v1".utf8) + [0x12, 0x02]
      + Array("No".utf8)
    #expect(throws: ProtobufDecoder.Failure.unknownKind("No")) {
      try ProtobufDecoder.kubernetes.decode(bytes)
    }
  }
}
