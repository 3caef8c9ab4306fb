/// Keys of log metadata.
enum LogKey {
  static let error = "error"
  static let event = "event"
  static let interfaces = "interfaces"
  static let ips = "ips"
  static let node = "node"
  static let nodes = "nodes"
  static let pool = "pool"
  static let pools = "pools"
  static let problem = "problem"
  static let protocolName = "protocol"
  static let reason = "reason"
  static let service = "service"
  static let services = "services"
}
