internal import CKernels

/// The kernels' own elementary functions: the same bits on every machine, unlike the C library's.
package enum Elementary {
  /// e to the power of `x`.
  package static func exp(_ x: Double) -> Double { qk_exp(x) }
}
