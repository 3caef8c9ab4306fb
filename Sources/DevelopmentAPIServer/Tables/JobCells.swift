import KubernetesAPI

/// Rows of Jobs and CronJobs.
enum JobCells {
  static let jobColumns: [TableColumn] =
    [
      .name, TableColumn(name: "Status", type: "string", description: "Status of the job."),
      TableColumn(
        name: "Completions", type: "string",
        description: "Pods that succeeded, of those that should."),
      TableColumn(
        name: "Duration", type: "string",
        description: "Time that the job has run, or took to complete."),
      BuiltInColumns.age,
    ] + containers

  static let cronJobColumns: [TableColumn] =
    [
      .name, TableColumn(name: "Schedule", type: "string", description: "When, in Cron format."),
      TableColumn(
        name: "Timezone", type: "string", description: "The time zone of the schedule."),
      TableColumn(
        name: "Suspend", type: "boolean", description: "Whether executions are suspended."),
      TableColumn(name: "Active", type: "integer", description: "Jobs that run now."),
      TableColumn(
        name: "Last Schedule", type: "string", description: "Time since a job was last started."),
      BuiltInColumns.age,
    ] + containers

  private static let containers = [
    TableColumn(
      name: "Containers", type: "string",
      description: "Names of each container in the template.", priority: 1),
    TableColumn(
      name: "Images", type: "string",
      description: "Images referenced by each container in the template.", priority: 1),
    TableColumn(
      name: "Selector", type: "string", description: "Selector of the job's Pods.", priority: 1),
  ]

  static func job(_ job: JSONValue, _ row: Row) -> [JSONValue] {
    let succeeded = row.status("succeeded")
    let parallelism = job.integer("spec", "parallelism") ?? 1
    let completions =
      if let wanted = job.integer("spec", "completions") {
        "\(succeeded)/\(wanted)"
      } else if parallelism > 1 {
        "\(succeeded)/1 of \(parallelism)"
      } else {
        "\(succeeded)/1"
      }
    return [
      row.name, .string(status(job)), .string(completions), .string(duration(job, now: row.now)),
      row.age,
    ] + row.template + [row.selector]
  }

  private static func status(_ job: JSONValue) -> String {
    func isTrue(_ type: String) -> Bool {
      job.list("status", "conditions").contains {
        $0.text("type") == type && $0.text("status") == "True"
      }
    }
    if isTrue("Complete") { return "Complete" }
    if isTrue("Failed") { return "Failed" }
    if job.isBeingDeleted { return "Terminating" }
    if isTrue("Suspended") { return "Suspended" }
    return isTrue("FailureTarget")
      ? "FailureTarget" : isTrue("SuccessCriteriaMet") ? "SuccessCriteriaMet" : "Running"
  }

  private static func duration(_ job: JSONValue, now: Timestamp) -> String {
    guard job.has("status", "startTime") else { return "" }
    let end = Timestamp(job.text("status", "completionTime")) ?? now
    return TableAge.text(job[path: ["status", "startTime"]], now: end)
  }

  static func cronJob(_ job: JSONValue, _ row: Row) -> [JSONValue] {
    let zone = job.text("spec", "timeZone")
    let last = job[path: ["status", "lastScheduleTime"]]
    let containers = job.list("spec", "jobTemplate", "spec", "template", "spec", "containers")
    return [
      row.name, .string(job.text("spec", "schedule")), .string(zone.isEmpty ? Row.none : zone),
      .string(job.flag("spec", "suspend") ? "True" : "False"),
      .integer(Int64(job.list("status", "active").count)),
      .string(last == nil ? Row.none : TableAge.text(last, now: row.now)), row.age,
      .string(containers.map { $0.text("name") }.joined(separator: ",")),
      .string(containers.map { $0.text("image") }.joined(separator: ",")),
      .string(Row.selector(job[path: ["spec", "jobTemplate", "spec", "selector"]])),
    ]
  }
}
