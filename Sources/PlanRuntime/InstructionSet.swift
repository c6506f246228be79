internal import CKernels
internal import Glibc

/// The instruction sets that kernels exist for, worst to best on each architecture.
public enum InstructionSet: String, CaseIterable, Sendable {
  case scalar
  case avx2
  case avxvnni
  case avx512
  case neon

  /// Whether this processor and this build can run it.
  public var isSupported: Bool { qk_isa_supported(code) }

  /// The fastest that this processor and this build can run.
  public static var best: InstructionSet {
    allCases.first { $0.code == qk_isa_best() } ?? .scalar
  }

  /// The set that `QUAMBA_ISA` names, or nil when the variable is not set.
  ///
  /// - Throws: `ContextError.unknownInstructionSet` for a name that is none.
  public static func fromEnvironment() throws(ContextError) -> InstructionSet? {
    guard let value = getenv("QUAMBA_ISA") else { return nil }
    let name = String(cString: value)
    guard let set = InstructionSet(rawValue: name) else { throw .unknownInstructionSet(name) }
    return set
  }

  /// The set's kernels, or nil when it is not supported.
  var kernels: UnsafePointer<qk_kernel_table>? { isSupported ? qk_kernels(code) : nil }

  /// The probes of the machine's limits, or nil when the set is not supported.
  var probes: UnsafePointer<qk_probe_table>? { isSupported ? qk_probes(code) : nil }

  private var code: qk_isa {
    switch self {
    case .scalar: QK_SCALAR
    case .avx2: QK_AVX2
    case .avxvnni: QK_AVXVNNI
    case .avx512: QK_AVX512
    case .neon: QK_NEON
    }
  }
}
