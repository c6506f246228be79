import CKernels
public import Diagnostics
import Glibc
public import IR
import Safetensors

/// The tensors of a model directory, mapped and validated, never read whole.
public final class Checkpoint: Sendable {
  private let shards: [SafetensorsFile]
  private let places: [String: Place]

  private struct Place: Sendable {
    let shard: Int
    let tensor: SafetensorsTensor
  }

  /// One tensor as the checkpoint has it.
  public struct Entry: Sendable {
    /// Name in the checkpoint.
    public let name: String
    /// Element type as the file names it.
    public let typeName: String
    /// Element type where the compiler can read it.
    public let element: ElementType?
    /// Sizes, outermost first.
    public let shape: [Int]
    /// Size in the file.
    public let byteCount: Int
    /// Name of the file.
    public let file: String
  }

  /// Opens all shards.
  /// - Throws: `DiagnosticFailure` with every shard that is malformed and every tensor that is given twice.
  public init(_ files: ModelFiles) throws(DiagnosticFailure) {
    var shards: [SafetensorsFile] = []
    var places: [String: Place] = [:]
    var findings: [Diagnostic] = []
    for name in files.weights {
      do {
        let shard = try SafetensorsFile(path: files.path(name))
        for tensor in shard.tensors
        where places.updateValue(Place(shard: shards.count, tensor: tensor), forKey: tensor.name) != nil {
          findings.append(
            Diagnostic(.badSafetensors, "two shards hold this tensor", at: .tensor(tensor.name, file: name)))
        }
        shards.append(shard)
      } catch {
        findings.append(Diagnostic(error.code, "\(error)", at: .file(files.path(name))))
      }
    }
    if !findings.isEmpty { throw DiagnosticFailure(findings) }
    self.shards = shards
    self.places = places
  }

  /// Names of all tensors, sorted.
  public var names: [String] { places.keys.sorted() }

  /// What the checkpoint says of a tensor.
  public func entry(_ name: String) -> Entry? {
    places[name].map { place in
      Entry(
        name: name, typeName: place.tensor.element.rawValue, element: ElementType(place.tensor.element),
        shape: place.tensor.shape, byteCount: place.tensor.byteRange.count, file: shards[place.shard].path)
    }
  }

  /// Names of the tensors that hold a NaN or an infinity, sorted.
  /// - Complexity: reads every tensor once.
  public func nonFiniteTensors() -> [String] {
    names.filter { name in
      guard let place = places[name], let element = ElementType(place.tensor.element), element.isFloat else {
        return false
      }
      return shards[place.shard].withBytes(of: place.tensor) {
        !qk_all_finite($0.baseAddress, element.kernelType, place.tensor.elementCount)
      }
    }
  }
}

extension Checkpoint: TensorSource {
  /// Reads elements `range` of a tensor, widened to floats.
  /// - Throws: `DiagnosticFailure` where there is no such tensor of floats, or it is shorter.
  public func read(
    _ name: String, _ range: Range<Int>, into destination: UnsafeMutableBufferPointer<Float>
  ) throws {
    try withElements(name, range) { bytes, element in
      qk_widen(bytes, element.kernelType, range.count, destination.baseAddress)
    }
  }

  /// Copies elements `range` of a tensor in its own type.
  /// - Throws: as `read`.
  public func copy(_ name: String, _ range: Range<Int>, into destination: UnsafeMutableRawBufferPointer)
    throws
  {
    try withElements(name, range) { bytes, element in
      destination.copyMemory(
        from: UnsafeRawBufferPointer(start: bytes, count: range.count * element.byteWidth))
    }
  }

  private func withElements(
    _ name: String, _ range: Range<Int>, _ body: (UnsafeRawPointer, ElementType) -> Void
  ) throws {
    guard let place = places[name], let element = ElementType(place.tensor.element), element.isFloat,
      range.lowerBound >= 0, range.upperBound <= place.tensor.elementCount
    else {
      throw DiagnosticFailure(
        .missingTensor, "the elements asked for do not exist", at: .tensor(name, file: nil))
    }
    shards[place.shard].withBytes(of: place.tensor) { bytes in
      guard let base = bytes.baseAddress else { return }
      body(base + range.lowerBound * element.byteWidth, element)
    }
  }
}

extension SafetensorsError {
  /// What kind of finding the error is.
  fileprivate var code: DiagnosticCode {
    switch self {
    case .notReadable(ENOENT): .missingFile
    case .notReadable: .ioFailed
    default: .badSafetensors
    }
  }
}

extension ElementType {
  /// The type that a file names, where the compiler can read it.
  init?(_ element: SafetensorsElement) {
    switch element {
    case .f32: self = .f32
    case .f16: self = .f16
    case .bf16: self = .bf16
    default: return nil
    }
  }

  /// The code that kernels use for a float type.
  var kernelType: qk_type {
    switch self {
    case .bf16: QK_BF16
    case .f16: QK_F16
    default: QK_F32
    }
  }
}

extension Checkpoint {
  /// Bytes of all tensors.
  public var byteCount: Int { names.reduce(0) { $0 + (entry($1)?.byteCount ?? 0) } }
}
