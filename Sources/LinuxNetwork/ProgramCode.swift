import CLinuxNetwork

/// The code and the constants of this program, which the kernel maps from its file as they are used.
package enum ProgramCode {
  /// Gives up what is in memory: of what starting needed, most is not needed again. What is used comes back from the page
  /// cache at once, a few pages at a time, which takes a few milliseconds in all.
  package static func release() { cln_release_code() }
}
