import KubernetesAPI
import Testing

@testable import KubernetesClient

@Suite struct APIRequestTests {
  private let pods = ResourceKind(version: "v1", kind: "Pod", plural: "pods")
  private let nodes = ResourceKind(
    version: "v1", kind: "Node", plural: "nodes", isNamespaced: false)

  @Test func `a list request carries its selection`() {
    let options = ListOptions(
      labelSelector: "a=b,c in (d)", fieldSelector: "metadata.name=x", limit: 10,
      resourceVersion: "0")
    let request = APIRequest.list(pods, namespace: "ns", options: options, token: nil)
    #expect(
      request.target == "/api/v1/namespaces/ns/pods?labelSelector=a%3Db%2Cc%20in%20%28d%29"
        + "&fieldSelector=metadata.name%3Dx&limit=10&resourceVersion=0")
    #expect(request.summary == "GET /api/v1/namespaces/ns/pods")
  }

  @Test func `a further page names no version`() {
    let options = ListOptions(resourceVersion: "5", resourceVersionMatch: "Exact")
    let request = APIRequest.list(pods, namespace: nil, options: options, token: "a+b/c=")
    #expect(request.target == "/api/v1/pods?limit=500&continue=a%2Bb%2Fc%3D")
  }

  @Test func `a watch asks for bookmarks, a streaming list for its match`() {
    let plain = APIRequest.watch(
      pods, namespace: nil, options: WatchOptions(resourceVersion: "7", timeoutSeconds: 300))
    #expect(
      plain.target
        == "/api/v1/pods?watch=true&allowWatchBookmarks=true&resourceVersion=7&timeoutSeconds=300")
    let streaming = APIRequest.watch(
      pods, namespace: nil, options: WatchOptions(sendsInitialEvents: true))
    #expect(
      streaming.target == "/api/v1/pods?watch=true&allowWatchBookmarks=true"
        + "&sendInitialEvents=true&resourceVersionMatch=NotOlderThan")
  }

  @Test func `paths of objects are checked and encoded`() throws {
    #expect(
      try pods.objectPath(namespace: "ns", name: "a", subresource: "status")
        == "/api/v1/namespaces/ns/pods/a/status")
    #expect(try nodes.objectPath(namespace: nil, name: "a:b") == "/api/v1/nodes/a%3Ab")
    for name in ["", "a/b", ".", ".."] {
      #expect(throws: KubernetesError.self) { try nodes.objectPath(namespace: nil, name: name) }
    }
    #expect(throws: KubernetesError.self) { try pods.objectPath(namespace: nil, name: "a") }
    #expect(throws: KubernetesError.self) { try pods.collectionPath(namespace: "") }
  }

  @Test func `delete options become a body`() {
    let options = DeleteOptions(
      propagation: .foreground, gracePeriodSeconds: 0, uid: "u", resourceVersion: "5",
      dryRun: true)
    #expect(
      options.json == [
        "kind": "DeleteOptions", "apiVersion": "v1", "propagationPolicy": "Foreground",
        "gracePeriodSeconds": 0, "preconditions": ["uid": "u", "resourceVersion": "5"],
        "dryRun": ["All"],
      ])
    #expect(DeleteOptions().json == ["kind": "DeleteOptions", "apiVersion": "v1"])
  }

  @Test func `the four patches have their media types`() {
    #expect(Patch.json([]).contentType == "application/json-patch+json")
    #expect(Patch.merge([:]).contentType == "application/merge-patch+json")
    #expect(Patch.strategicMerge([:]).contentType == "application/strategic-merge-patch+json")
    #expect(Patch.apply([:], force: true).contentType == "application/apply-patch+yaml")
  }

  @Test(arguments: [
    ("https://192.0.2.1:6443", "https", "192.0.2.1", "6443", ""),
    ("https://api.example/base/path", "https", "api.example", nil, "/base/path"),
    ("https://[2001:db8::1]:443/x", "https", "2001:db8::1", "443", "/x"),
    ("http://[::1]", "http", "::1", nil, ""),
  ])
  func `server URLs fall into their parts`(
    url: String, scheme: String, host: String, port: String?, path: String
  ) {
    let address = ServerAddress(parsing: url)
    #expect(address?.scheme == scheme)
    #expect(address?.host == host)
    #expect(address?.port == port)
    #expect(address?.path == path)
    #expect(address?.url(host: host) == url)
  }

  @Test(arguments: ["", "example", "https:/x", "https://", "https://:443"])
  func `what is no server URL`(url: String) { #expect(ServerAddress(parsing: url) == nil) }
}

@Suite struct KubernetesErrorTests {
  @Test(arguments: [
    (400, nil, KubernetesError.Failure.badRequest), (401, nil, .unauthorized),
    (403, nil, .forbidden), (404, nil, .notFound), (405, nil, .methodNotAllowed),
    (409, "AlreadyExists", .alreadyExists), (409, "Conflict", .conflict), (410, "Gone", .gone),
    (415, nil, .badRequest), (422, "Invalid", .invalid), (429, nil, .tooManyRequests),
    (500, nil, .serverError), (500, "Expired", .gone), (503, nil, .serverError),
    (504, nil, .serverError), (302, nil, .badRequest),
  ])
  func `status codes have their class`(
    code: Int, reason: String?, failure: KubernetesError.Failure
  ) {
    let error = KubernetesError(APIStatus(reason: reason, code: code), request: "GET /")
    #expect(error.failure == failure)
  }

  @Test func `Retry-After comes from the header, else from the status`() {
    let status = APIStatus(details: .init(retryAfterSeconds: 2), code: 429)
    #expect(KubernetesError(status, request: "").retryAfter == .seconds(2))
    #expect(
      KubernetesError(status, retryAfter: .seconds(5), request: "").retryAfter == .seconds(5))
  }

  @Test func `secrets do not print`() {
    let secret = SecretBytes("s3cret")
    var text = "\(secret) \(String(reflecting: secret)) "
    dump(
      ClientConfiguration(server: "https://x", credentials: .token(secret)), to: &text)
    #expect(!text.contains("s3cret"))
    #expect(secret.text == "s3cret")
  }
}
