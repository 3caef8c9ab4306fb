import KubernetesAPI
import NIOCore
import Testing

@testable import DevelopmentAPIServer

/// Lists and watches as clients see them: pages, versions, bookmarks, selectors.
@Suite(.timeLimit(.minutes(1))) struct ListAndWatchTests {
  private static let path = ServedAPI.configMaps

  private func names(_ answer: ServedAPI.Answer) -> [String] {
    (answer.body["items"]?.arrayValue ?? []).map(\.objectName)
  }

  private func meta(_ answer: ServedAPI.Answer, _ field: String) -> String {
    answer.body[path: ["metadata", field]]?.stringValue ?? ""
  }

  @Test func `All pages show one version, whatever happens between them`() async throws {
    try await ServedAPI.run { api in
      for name in ["a", "b", "c", "d", "e"] { _ = try await api.createConfigMap(name) }
      var page = try await api.send("GET", "\(Self.path)?limit=2")
      let version = meta(page, "resourceVersion")
      var seen = names(page)
      #expect(page.body[path: ["metadata", "remainingItemCount"]] == 4)
      try await api.send("DELETE", "\(Self.path)/c")
      _ = try await api.createConfigMap("bb")
      while !meta(page, "continue").isEmpty {
        page = try await api.send(
          "GET", "\(Self.path)?limit=2&continue=\(meta(page, "continue"))")
        #expect(meta(page, "resourceVersion") == version)
        seen += names(page)
      }
      #expect(seen == ["a", "b", "c", "d", "e", "kube-root-ca.crt"])
      let exact = try await api.send(
        "GET", "\(Self.path)?resourceVersion=\(version)&resourceVersionMatch=Exact")
      #expect(names(exact) == seen)
      #expect(
        names(try await api.send("GET", Self.path)) == [
          "a", "b", "bb", "d", "e", "kube-root-ca.crt",
        ])
    }
  }

  @Test func `A page of a forgotten version offers the rest as it is now`() async throws {
    try await ServedAPI.run { api in
      for name in ["a", "b", "c"] { _ = try await api.createConfigMap(name) }
      let page = try await api.send("GET", "\(Self.path)?limit=1")
      _ = try await api.createConfigMap("bb")
      await api.server.compact()
      let gone = try await api.send("GET", "\(Self.path)?continue=\(meta(page, "continue"))")
      #expect(gone.status == 410 && gone.body["reason"] == "Expired")
      let rest = try await api.send("GET", "\(Self.path)?continue=\(meta(gone, "continue"))")
      #expect(names(rest) == ["b", "bb", "c", "kube-root-ca.crt"])
    }
  }

  /// The events of a watch that ends after a second.
  private func events(_ api: ServedAPI, _ query: String) async throws -> [JSONValue] {
    let stream = try await api.watch(Self.path, query: "&timeoutSeconds=1\(query)")
    let bytes = try await stream.collect(upTo: 1 << 20)
    return try bytes.readableBytesView.split(separator: 0x0A).map { try JSONValue(parsing: $0) }
  }

  private func summary(_ events: [JSONValue]) -> [String] {
    events.map { "\($0.text("type")) \(($0["object"] ?? .null).objectName)" }
  }

  @Test func `A window of history serves watches, and 410 what is behind it`() async throws {
    try await ServedAPI.run(.init(historyLimit: 4)) { api in
      let start = meta(try await api.send("GET", Self.path), "resourceVersion")
      for name in ["a", "b", "c"] { _ = try await api.createConfigMap(name) }
      let seen = try await events(api, "&resourceVersion=\(start)")
      #expect(summary(seen) == ["ADDED a", "ADDED b", "ADDED c"])
      for name in ["d", "e"] { _ = try await api.createConfigMap(name) }
      let gone = try await events(api, "&resourceVersion=\(start)")
      #expect(gone.count == 1 && gone[0].text("type") == "ERROR")
      #expect(gone[0][path: ["object", "code"]] == 410)
      #expect(gone[0][path: ["object", "reason"]] == "Expired")
      let present = try await events(api, "&resourceVersion=0")
      #expect(present.count == 6)
    }
  }

  @Test func `A streaming list ends with a bookmark that says so`() async throws {
    try await ServedAPI.run { api in
      for name in ["a", "b"] { _ = try await api.createConfigMap(name, labels: ["app": "x"]) }
      let seen = try await events(
        api,
        "&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true"
          + "&labelSelector=app%3Dx")
      #expect(summary(seen) == ["ADDED a", "ADDED b", "BOOKMARK "])
      let bookmark = try #require(seen.last)
      #expect(
        bookmark[path: ["object", "metadata", "annotations", "k8s.io/initial-events-end"]] == "true"
      )
      let list = try await api.send("GET", Self.path)
      #expect(
        bookmark[path: ["object", "metadata", "resourceVersion"]]?.stringValue
          == meta(list, "resourceVersion"))
    }
  }

  @Test func `Objects come and go by the selector of the watch`() async throws {
    try await ServedAPI.run { api in
      let start = meta(try await api.send("GET", Self.path), "resourceVersion")
      let merge = ["Content-Type": "application/merge-patch+json"]
      func label(_ value: JSONValue) async throws {
        try await api.send(
          "PATCH", "\(Self.path)/a", ["metadata": ["labels": ["app": value]]], headers: merge)
      }
      _ = try await api.createConfigMap("a", labels: ["app": "y"])
      try await label("x")
      try await label("x")  // changes nothing
      try await api.send("PATCH", "\(Self.path)/a", ["data": ["k": "v"]], headers: merge)
      try await label("z")
      try await label("x")
      try await api.send("DELETE", "\(Self.path)/a")
      let seen = try await events(api, "&resourceVersion=\(start)&labelSelector=app%3Dx")
      #expect(summary(seen) == ["ADDED a", "MODIFIED a", "DELETED a", "ADDED a", "DELETED a"])
      // What leaves the selection is shown as it was last, at the version of its leaving.
      #expect(seen[2][path: ["object", "metadata", "labels", "app"]] == "x")
      let versions = seen.map {
        UInt64($0["object"]?.text("metadata", "resourceVersion") ?? "") ?? 0
      }
      #expect(versions == versions.sorted() && Set(versions).count == versions.count)
      let byName = try await events(
        api, "&resourceVersion=\(start)&fieldSelector=metadata.name%3Db")
      #expect(byName.isEmpty)
    }
  }
}
