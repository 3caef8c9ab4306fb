import KubernetesAPI
import Testing

@testable import DevelopmentAPIServer

@Suite struct SwaggerTests {
  @Test func `Fields are written by number, and empty ones not at all`() {
    var writer = ProtobufWriter()
    writer.string(1, "a")
    writer.string(2, "")
    writer.bool(3, true)
    writer.integer(4, 300)
    writer.message(16) { $0.double(1, 1) }
    #expect(
      writer.bytes == [
        0x0A, 1, 0x61, 0x18, 1, 0x20, 0xAC, 0x02, 0x82, 0x01, 9, 9, 0, 0, 0, 0, 0, 0, 0xF0, 0x3F,
      ])
  }

  @Test func `Schemas lose what version 2 cannot say`() {
    let schema: JSONValue = [
      "type": "object", "nullable": true,
      "properties": [
        "spec": ["allOf": [["$ref": "#/definitions/Spec"]], "default": [:]],
        "port": ["format": "int-or-string", "oneOf": [["type": "integer"], ["type": "string"]]],
        "list": ["type": "array", "items": ["anyOf": [], "type": "string"]],
      ],
    ]
    #expect(
      Swagger.schema(schema) == [
        "type": "object",
        "properties": [
          "spec": ["$ref": "#/definitions/Spec", "default": [:]],
          "port": ["format": "int-or-string", "type": "string"],
          "list": ["type": "array", "items": ["type": "string"]],
        ],
      ])
  }

  @Test func `Parameters have their type beside their name`() {
    let path: JSONValue = [
      "patch": ["parameters": [["name": "dryRun", "in": "query", "schema": ["type": "string"]]]]
    ]
    #expect(
      Swagger.path(path) == [
        "patch": ["parameters": [["name": "dryRun", "in": "query", "type": "string"]]]
      ])
  }

  @Test func `A definition is found under its name`() throws {
    let document: JSONValue = [
      "swagger": "2.0", "info": ["title": "t", "version": "1"], "paths": [:],
      "definitions": [
        "Thing": ["type": "object", "x-kubernetes-group-version-kind": [["kind": "Thing"]]]
      ],
    ]
    // The numbers of OpenAPIv2.proto, read back by our own reader.
    let decoder = ProtobufDecoder(
      """
      Document
        1 swagger string
        2 info Info
        8 paths any
        9 definitions Definitions
      Info
        1 title string
        2 version string
      Definitions
        1 list [Named]
      Named
        1 name string
        2 value Schema
      Schema
        22 type TypeItem
        31 extensions [NamedAny]
      TypeItem
        1 value [string]
      NamedAny
        1 name string
        2 value Any
      Any
        2 yaml string
      """)
    var envelope = ProtobufWriter()
    envelope.message(1) { $0.string(2, "Document") }
    var bytes: [UInt8] = [0x6B, 0x38, 0x73, 0x00] + envelope.bytes
    let body = SwaggerProtobuf.write(document)
    bytes += [0x12, UInt8(body.count)] + body
    try #require(body.count < 128)
    let read = try decoder.decode(bytes)
    let named = try #require(read[path: ["definitions", "list"]]?[0])
    #expect(named["name"] == "Thing")
    #expect(named[path: ["value", "type", "value"]] == ["object"])
    let tag = try #require(named[path: ["value", "extensions"]]?[0])
    #expect(tag["name"] == "x-kubernetes-group-version-kind")
    #expect(tag[path: ["value", "yaml"]] == #"[{"kind":"Thing"}]"#)
  }
}
