import FuzzTargets
import Glibc

// Built for libFuzzer this is a fuzzer of the target that QUAMBA_FUZZ_TARGET names; `make fuzz` does that.
// Otherwise the program writes seeds, or runs a target over files.
#if FUZZING
  private let target: FuzzTarget = {
    let name = getenv("QUAMBA_FUZZ_TARGET").map { String(cString: $0) } ?? ""
    guard let target = FuzzTarget(rawValue: name) else { fatalError("QUAMBA_FUZZ_TARGET: '\(name)'") }
    return target
  }()

  /// How many inputs were accepted; libFuzzer calls from one thread.
  nonisolated(unsafe) private var accepted = 0

  /// What libFuzzer calls first.
  @_cdecl("LLVMFuzzerInitialize")
  public func initialize(_ count: UnsafeMutableRawPointer, _ arguments: UnsafeMutableRawPointer) -> CInt {
    atexit {
      let line = "stat::accepted_units: \(accepted)\n"
      write(STDERR_FILENO, line, line.utf8.count)
    }
    return 0
  }

  /// What libFuzzer calls for every input.
  @_cdecl("LLVMFuzzerTestOneInput")
  public func testOneInput(_ bytes: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    if target.run(Array(UnsafeBufferPointer(start: bytes, count: count))) { accepted += 1 }
    return 0
  }
  @_silgen_name("LLVMFuzzerMutate")
  private func mutate(_ bytes: UnsafeMutablePointer<UInt8>?, _ count: Int, _ capacity: Int) -> Int

  /// Bytes as libFuzzer changes them, at most 64 more.
  private func mutated(_ bytes: [UInt8]) -> [UInt8] {
    var changed = bytes + [UInt8](repeating: 0, count: 64)
    let count = changed.withUnsafeMutableBufferPointer { mutate($0.baseAddress, bytes.count, $0.count) }
    return Array(changed[..<count])
  }

  /// What libFuzzer calls for a new input: JSON is changed by bytes or by values.
  @_cdecl("LLVMFuzzerCustomMutator")
  public func customMutator(
    _ bytes: UnsafeMutablePointer<UInt8>, _ count: Int, _ capacity: Int, _ seed: CUnsignedInt
  ) -> Int {
    let old = Array(UnsafeBufferPointer(start: bytes, count: count))
    guard seed % 4 > 0, let new = target.changingJSON(of: old, seed: UInt64(seed), mutated),
      new.count <= capacity
    else { return mutate(bytes, count, capacity) }
    _ = UnsafeMutableBufferPointer(start: bytes, count: capacity).update(fromContentsOf: new)
    return new.count
  }
#else
  @main
  enum Fuzz {
    static func main() throws {
      let arguments = Array(CommandLine.arguments.dropFirst())
      switch (arguments.first, arguments.count) {
      case ("targets", 1): print(FuzzTarget.allCases.map(\.rawValue).joined(separator: "\n"))
      case ("seeds", 2): try FuzzSeeds.write(to: arguments[1])
      case ("run", 3...):
        guard let target = FuzzTarget(rawValue: arguments[1]) else { fallthrough }
        for path in arguments[2...] { try FuzzSeeds.replay(path, target) }
      default:
        print("usage: fuzz targets | fuzz seeds DIRECTORY | fuzz run TARGET FILE...")
        exit(64)
      }
    }
  }
#endif
