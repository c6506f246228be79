internal import Glibc
internal import PlanFormat

extension PlanLoadError {
  /// The exit code of a command that ends with this error, as in `sysexits.h` (76: plan version).
  public var exitCode: Int32 {
    switch self {
    case .open(_, ENOENT), .open(_, ENOTDIR): 66
    case .open, .read, .notAFile: 74
    case .invalid(.version): 76
    case .invalid(.features): 69
    case .invalid: 65
    }
  }
}

extension ContextError {
  /// The exit code of a command that ends with this error, as in `sysexits.h`.
  public var exitCode: Int32 {
    switch self {
    case .option: 64
    case .unknownInstructionSet, .unsupportedInstructionSet, .memory, .threads: 69
    }
  }
}
