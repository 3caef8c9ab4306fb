import KubernetesAPI
import Testing

struct ReviewTests {
  static let admission: JSONValue = [
    "apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview",
    "request": [
      "uid": "u-1", "kind": ["group": "metallb.io", "version": "v1beta1", "kind": "IPAddressPool"],
      "name": "gold", "namespace": "metallb-system", "operation": "UPDATE", "dryRun": true,
      "object": ["spec": ["addresses": ["10.0.0.0/24"]]], "oldObject": ["spec": .object([:])],
    ],
  ]

  @Test func `An admission review is read`() throws {
    let request = try AdmissionRequest(review: Self.admission.jsonBytes)
    #expect(
      request
        == AdmissionRequest(
          uid: "u-1", operation: .update, apiVersion: "metallb.io/v1beta1", kind: "IPAddressPool",
          name: "gold", namespace: "metallb-system",
          object: ["spec": ["addresses": ["10.0.0.0/24"]]], oldObject: ["spec": .object([:])],
          isDryRun: true))
  }

  struct Damage: CustomTestStringConvertible {
    var path: [String]
    var value: JSONValue?
    var error: ReviewError
    var testDescription: String {
      "\(path.joined(separator: ".")) = \(value?.jsonText ?? "absent")"
    }
  }

  static let damages = [
    Damage(
      path: ["apiVersion"], value: "admission.k8s.io/v1beta1",
      error: .wrongKind(
        expected: "admission.k8s.io/v1 AdmissionReview",
        actual: "admission.k8s.io/v1beta1 AdmissionReview")),
    Damage(
      path: ["kind"], value: nil,
      error: .wrongKind(
        expected: "admission.k8s.io/v1 AdmissionReview", actual: "admission.k8s.io/v1 ")),
    Damage(path: ["request"], value: nil, error: .malformed(field: "request")),
    Damage(path: ["request"], value: [1], error: .malformed(field: "request")),
    Damage(path: ["request", "uid"], value: nil, error: .malformed(field: "request.uid")),
    Damage(path: ["request", "uid"], value: "", error: .malformed(field: "request.uid")),
    Damage(
      path: ["request", "operation"], value: "PATCH", error: .malformed(field: "request.operation")),
    Damage(path: ["request", "kind"], value: "Pool", error: .malformed(field: "request.kind")),
    Damage(path: ["request", "object"], value: nil, error: .malformed(field: "request.object")),
    Damage(path: ["request", "object"], value: "x", error: .malformed(field: "request.object")),
    Damage(
      path: ["request", "oldObject"], value: .null, error: .malformed(field: "request.oldObject")),
  ]

  @Test(arguments: damages) func `A damaged admission review is refused`(_ damage: Damage) throws {
    var review = Self.admission
    review[path: damage.path] = damage.value
    #expect(throws: damage.error) { try AdmissionRequest(review: review.jsonBytes) }
  }

  @Test func `What is not JSON is refused`() {
    #expect(throws: ReviewError.self) { try AdmissionRequest(review: [UInt8]()) }
    let deep = Array(String(repeating: "[", count: 5000).utf8)
    #expect(throws: ReviewError.self) { try AdmissionRequest(review: deep) }
    #expect(throws: ReviewError.self) { try ConversionRequest(review: Array("{".utf8)) }
  }

  @Test func `Every truncation of a review is refused and none traps`() {
    let bytes = Self.admission.jsonBytes
    for count in 0..<bytes.count {
      #expect(throws: ReviewError.self) { try AdmissionRequest(review: bytes[..<count]) }
    }
  }

  @Test func `Admission answers have the shape that the API wants`() {
    #expect(
      AdmissionResponse.allowed(warnings: ["careful"]).review(uid: "u-1") == [
        "apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview",
        "response": ["uid": "u-1", "allowed": true, "warnings": ["careful"]],
      ])
    #expect(
      AdmissionResponse.denied("overlaps").review(uid: "u-2") == [
        "apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview",
        "response": [
          "uid": "u-2", "allowed": false,
          "status": [
            "metadata": .object([:]), "status": "Failure", "message": "overlaps",
            "reason": "Forbidden", "code": 403,
          ],
        ],
      ])
  }

  @Test func `Long warnings are cut`() {
    let review = AdmissionResponse.allowed(warnings: [String(repeating: "x", count: 300)])
      .review(uid: "u")
    let warning = review[path: ["response", "warnings"]]?.arrayValue?.first?.stringValue
    #expect(warning?.count == 256)
    #expect(warning?.hasSuffix("…") == true)
  }

  @Test func `A conversion review is read and answered`() throws {
    let review: JSONValue = [
      "apiVersion": "apiextensions.k8s.io/v1", "kind": "ConversionReview",
      "request": [
        "uid": "c-1", "desiredAPIVersion": "metallb.io/v1beta2", "objects": [["kind": "BGPPeer"]],
      ],
    ]
    let request = try ConversionRequest(review: review.jsonBytes)
    #expect(request.uid == "c-1")
    #expect(request.desiredAPIVersion == "metallb.io/v1beta2")
    #expect(request.objects == [["kind": "BGPPeer"]])
    #expect(
      ConversionResponse.converted(request.objects).review(uid: "c-1")["response"] == [
        "uid": "c-1", "convertedObjects": [["kind": "BGPPeer"]],
        "result": ["metadata": .object([:]), "status": "Success"],
      ])
    #expect(
      ConversionResponse.failed("no").review(uid: "c-1")["response"] == [
        "uid": "c-1", "convertedObjects": [],
        "result": ["metadata": .object([:]), "status": "Failure", "message": "no"],
      ])
  }

  @Test func `A conversion review of anything but objects is refused`() {
    let review: JSONValue = [
      "apiVersion": "apiextensions.k8s.io/v1", "kind": "ConversionReview",
      "request": ["uid": "c-1", "desiredAPIVersion": "metallb.io/v1beta2", "objects": [1]],
    ]
    #expect(throws: ReviewError.malformed(field: "request.objects")) {
      try ConversionRequest(review: review.jsonBytes)
    }
  }
}
