import KubernetesAPI

/// What a real server does not have: `/debug`, for `system:masters` and for those whom RBAC grants the
/// path and the HTTP method (`nonResourceURLs`).
///
/// | Request | What it does |
/// |---|---|
/// | `GET /debug/faults` | lists the faults in force, with how many requests they meant and hit |
/// | `POST /debug/faults` | injects the fault in the body, answers with its number |
/// | `DELETE /debug/faults` | ends all |
/// | `DELETE /debug/faults/NUMBER` | ends one |
/// | `GET /debug/watches` | lists the open watches |
/// | `DELETE /debug/watches` | cuts those that the body matches (a fault's members), all without a body |
/// | `POST /debug/compact` | forgets the history: older versions are answered with 410 |
struct DebugEndpoint: Sendable {
  let faults: FaultInjector
  let watches: OpenWatches
  let store: ObjectStore

  /// `nil` where the path is none of these.
  func answer(_ request: APIRequest) async throws(APIError) -> APIResponse? {
    let parts = request.path.split(separator: "/").map(String.init)
    guard parts.first == "debug" else { return nil }
    switch (request.method, parts.dropFirst().joined(separator: "/")) {
    case ("GET", "faults"):
      return APIResponse(json: ["faults": .array(faults.records.map(\.json))])
    case ("POST", "faults"): return try inject(request)
    case ("DELETE", "faults"):
      faults.removeAll()
      return Self.done
    case ("DELETE", let path) where parts.count == 3 && path.hasPrefix("faults/"):
      guard let id = Int(parts[2]), let record = faults.remove(id) else {
        throw APIError(code: 404, reason: "NotFound", message: "no fault \(parts[2]) is in force")
      }
      return APIResponse(json: record.json)
    case ("GET", "watches"): return APIResponse(json: ["watches": watches.json])
    case ("DELETE", "watches"):
      return APIResponse(json: ["cut": .integer(Int64(watches.cut(try match(request))))])
    case ("POST", "compact"):
      await store.transact { $0.compact() }
      return Self.done
    case (_, "faults"), (_, "watches"), (_, "compact"): throw .methodNotAllowed
    default: return nil
    }
  }

  private static var done: APIResponse {
    APIResponse(json: [
      "kind": "Status", "apiVersion": "v1", "metadata": .object([:]), "status": "Success",
    ])
  }

  private func inject(_ request: APIRequest) throws(APIError) -> APIResponse {
    let json = try RequestBody.parse(request, expected: "Fault")
    do {
      let fault = try Fault(json)
      let id = try faults.inject(fault)
      return APIResponse(
        status: 201, json: FaultInjector.Record(id: id, fault: fault, seen: 0, hits: 0).json)
    } catch {
      throw .badRequest(error.description)
    }
  }

  private func match(_ request: APIRequest) throws(APIError) -> Fault.Match {
    guard !request.body.isEmpty else { return Fault.Match() }
    var json = try RequestBody.parse(request, expected: "Fault")
    json["type"] = "CutWatch"
    do {
      return try Fault(json).match
    } catch {
      throw .badRequest(error.description)
    }
  }
}
