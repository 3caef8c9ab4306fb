import KubernetesAPI
import Testing

@testable import DevelopmentAPIServer

/// Everything that reads text of clients, on broken text: it may refuse, it must not trap or hang.
@Suite(.serialized) struct DecoderFuzzTests {
  private static let texts = [
    "app=x,tier in (a, b),!gone,n>1,z notin (q)", "metadata.name=a,status.phase!=Running",
    "self.a.all(x, x.b > 1 && x.c.matches('^[a-z]+$')) ? size(self) : has(self.d)",
    "duration('1h') < duration(self.t) || self.list.map(x, x + 1).exists(y, y == 3u)",
    #"^(?i)[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[^\d\s]{2,5})*$"#,
    ".spec.conditions[?(@.type=='Ready')].status",
    "2006-01-02T15:04:05.999999Z", "1h2m3.5s", "100Mi", "1.5e3", "aGVsbG8gd29ybGQ=", "eyJydiI6MX0",
    "application/json;as=Table;v=v1;g=meta.k8s.io,application/yaml;q=0.5", "a%20b=%3D&c+d=e&f",
    "apiVersion: v1\nkind: List\nitems:\n- a: &x [1, 2.5, ~, 'q', \"w\"]\n  b: *x\n  ? c\n  : |\n    text\n",
    #"{"a": [1, -2.5e10, "é\u00e9\ud83d\ude00", null, true], "b": {"c": {}}}"#,
  ]

  /// Reads a text by all means that there are.
  private static func read(_ bytes: [UInt8]) {
    let text = String(decoding: bytes, as: UTF8.self)
    _ = try? LabelQuery(parsing: text)
    _ = try? FieldQuery(parsing: text)
    _ = try? ContinueToken(text)
    _ = try? JSONPath(text)
    _ = try? RegularExpression(text).matches(String(text.prefix(200)))
    _ = MediaType.list(text)
    _ = Query(text).all("a")
    _ = PercentEncoding.decode(text)
    _ = Timestamp(text)
    _ = Quantity(text)
    _ = GoDuration(text)
    _ = Base64.decode(text)
    _ = Base64URL.decode(text)
    _ = try? YAMLText.read(text)
    _ = DuplicateFields.find(in: bytes)
    _ = try? ProtobufDecoder.kubernetes.decode(bytes)
    if let expression = try? CELParser.parse(text) {
      _ = CELChecker.check(expression, variables: ["self": .dyn])
      let value: JSONValue = [
        "a": [["b": 2, "c": "x"]], "t": "5m", "list": [1, 2], "d": [:],
      ]
      var evaluator = CELEvaluator(variables: ["self": CELValue(value, .any)], budget: 10_000)
      _ = try? evaluator.evaluate(expression)
    }
    if let value = try? JSONValue(parsing: bytes) {
      // What was read is written so that it reads the same.
      #expect((try? JSONValue(parsing: value.jsonBytes)) == value)
      _ = YAMLText.write(value)
    }
  }

  @Test func `Broken texts are read or refused`() {
    for round in 0..<RequestFuzzTests.rounds {
      var mutator = Mutator(seed: UInt64(RequestFuzzTests.firstSeed + round))
      let corpus = Self.texts.map { Array($0.utf8) }
      for text in corpus { Self.read(text) }
      for _ in 0..<3000 {
        Self.read(mutator.bytes(mutator.pick(corpus) ?? [], others: corpus))
      }
    }
  }

  @Test func `Broken protobuf is read or refused`() throws {
    let corpus = try ProtobufDecoderTests.bodies.map { try #require(Base64.decode($0.base64)) }
    var mutator = Mutator(seed: UInt64(RequestFuzzTests.firstSeed))
    for _ in 0..<5000 * RequestFuzzTests.rounds {
      let broken = mutator.bytes(mutator.pick(corpus) ?? [], others: corpus)
      _ = try? ProtobufDecoder.kubernetes.decode(broken)
    }
  }

  @Test func `Broken patches apply or are refused, and leave documents that can be written`() throws
  {
    let schemas = try BuiltInSchemas()
    let steps = try RecordedStep.read("04-patches") + RecordedStep.read("05-apply")
    let bodies = steps.compactMap { $0.request["body"] }
    let documents = steps.compactMap { $0.response["body"] }.filter { $0["kind"] != "Status" }
    var mutator = Mutator(seed: UInt64(RequestFuzzTests.firstSeed))
    for _ in 0..<3000 * RequestFuzzTests.rounds {
      guard let body = mutator.pick(bodies), let target = mutator.pick(documents) else { continue }
      let patch = mutator.document(body, others: bodies)
      let document = mutator.chance(0.5) ? target : mutator.document(target, others: documents)
      var results = [MergePatch.apply(patch, to: document)]
      if let patched = try? JSONPatch(patch).apply(to: document) { results.append(patched) }
      let schema = schemas[group: "", kind: document.text("kind")] ?? .any
      if let patched = try? StrategicMergePatch.apply(patch, to: document, schema: schema) {
        results.append(patched)
      }
      for result in results { #expect((try? JSONValue(parsing: result.jsonBytes)) == result) }
    }
  }
}
