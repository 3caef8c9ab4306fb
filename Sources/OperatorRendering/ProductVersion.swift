/// The version of this product, which bundle and program report (semver.org 2.0.0).
package enum ProductVersion {
  package static let current = "1.0.0"
}
