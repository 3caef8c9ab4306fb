/// Keys of log metadata.
enum LogKey {
  static let count = "count"
  static let error = "error"
  static let event = "event"
  static let ips = "ips"
  static let joined = "joined"
  static let left = "left"
  static let node = "node"
  static let path = "path"
  static let pool = "pool"
  static let pools = "pools"
  static let problem = "problem"
  static let protocolName = "protocol"
  static let reason = "reason"
  static let service = "service"
  static let services = "services"
}
