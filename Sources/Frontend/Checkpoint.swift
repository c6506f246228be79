import CKernels
public import Diagnostics
import Glibc
public import IR
import WorkSharing

/// The tensors of a model directory, mapped and validated, never read whole.
public final class Checkpoint: Sendable {
  private let shards: [TensorFile]
  private let places: [String: Place]
  /// Whether reading is no longer wanted.
  public let shouldStop: @Sendable () -> Bool

  private struct Place: Sendable {
    let shard: Int
    let tensor: StoredTensor
  }

  /// One tensor as the checkpoint has it.
  public struct Entry: Sendable {
    /// Name in the checkpoint.
    public let name: String
    /// Element type as safetensors names it.
    public let typeName: String
    /// Element type where the compiler can read it.
    public let element: ElementType?
    /// Sizes, outermost first.
    public let shape: [Int]
    /// Number of elements.
    public let elementCount: Int
    /// Size in the file.
    public let byteCount: Int
    /// Name of the file.
    public let file: String
  }

  /// Opens all shards.
  /// - Parameter shouldStop: asked whenever weights are read; that fails as interrupted where it says yes.
  /// - Throws: `DiagnosticFailure` with every shard that is malformed and every tensor that is given twice.
  public init(
    _ files: ModelFiles, shouldStop: @escaping @Sendable () -> Bool = { false }
  ) throws(DiagnosticFailure) {
    var shards: [TensorFile] = []
    var places: [String: Place] = [:]
    var findings: [Diagnostic] = []
    for name in files.weights {
      do throws(Diagnostic) {
        let shard = try TensorFile(path: files.path(name))
        for tensor in shard.tensors
        where places.updateValue(Place(shard: shards.count, tensor: tensor), forKey: tensor.name) != nil {
          findings.append(
            Diagnostic(.badIndex, "two shards hold this tensor", at: .tensor(tensor.name, file: name)))
        }
        shards.append(shard)
      } catch {
        findings.append(error)
      }
    }
    if !findings.isEmpty { throw DiagnosticFailure(findings) }
    self.shards = shards
    self.places = places
    self.shouldStop = shouldStop
  }

  /// Names of all tensors, sorted.
  public var names: [String] { places.keys.sorted() }

  /// What the checkpoint says of a tensor.
  public func entry(_ name: String) -> Entry? {
    places[name].map { place in
      Entry(
        name: name, typeName: place.tensor.typeName, element: place.tensor.element,
        shape: place.tensor.shape, elementCount: place.tensor.elementCount,
        byteCount: place.tensor.byteRange.count, file: shards[place.shard].path)
    }
  }

  /// Bytes of all tensors.
  public var byteCount: Int { names.reduce(0) { $0 + (entry($1)?.byteCount ?? 0) } }

  /// Those of some tensors that hold a NaN or an infinity, sorted.
  /// - Throws: `DiagnosticFailure` where it was interrupted.
  /// - Complexity: reads the bytes of these tensors, and once those that several share.
  public func nonFiniteTensors(among names: Set<String>) throws(DiagnosticFailure) -> [String] {
    var sharing: [Stretch: [String]] = [:]
    for name in names {
      if let stretch = stretch(of: name) { sharing[stretch, default: []].append(name) }
    }
    let groups = sharing.sorted { $0.key.order < $1.key.order }.map(\.value)
    let found = try Parallel.map(groups) { (names) throws(DiagnosticFailure) in
      try checkInterruption()
      return isNotFinite(names[0])
    }
    return zip(groups, found).filter(\.1).flatMap(\.0).sorted()
  }

  /// Bytes of a shard that are read as floats of a type.
  private struct Stretch: Hashable {
    let shard: Int
    let bytes: Range<Int>
    let element: ElementType

    var order: (Int, Int, Int) { (shard, bytes.lowerBound, bytes.upperBound) }
  }

  private func stretch(of name: String) -> Stretch? {
    guard let place = places[name], let element = place.tensor.element else { return nil }
    return Stretch(shard: place.shard, bytes: place.tensor.byteRange, element: element)
  }

  private func checkInterruption() throws(DiagnosticFailure) {
    if shouldStop() {
      throw DiagnosticFailure(.interrupted, "stopped while the weights were read")
    }
  }

  private func isNotFinite(_ name: String) -> Bool {
    guard let place = places[name], let element = place.tensor.element, element.isFloat else {
      return false
    }
    return shards[place.shard].withBytes(of: place.tensor) {
      !qk_all_finite($0.baseAddress, element.kernelType, place.tensor.elementCount)
    }
  }

  /// The files whose bytes do not have the checksums that they carry.
  /// - Complexity: reads every such file once.
  public func damagedFiles() -> [Diagnostic] { shards.compactMap { $0.damage(shouldStop: shouldStop) } }

  /// Whether two tensors are of one type and shape, and hold the same bytes.
  /// - Complexity: reads both, unless they are one.
  public func areSame(_ first: String, _ second: String) -> Bool {
    guard let first = places[first], let second = places[second],
      first.tensor.element == second.tensor.element,
      first.tensor.shape == second.tensor.shape, first.tensor.byteRange.count == second.tensor.byteRange.count
    else { return false }
    if first.shard == second.shard, first.tensor.byteRange == second.tensor.byteRange { return true }
    return shards[first.shard].withBytes(of: first.tensor) { left in
      shards[second.shard].withBytes(of: second.tensor) { right in
        guard let left = left.baseAddress, let right = right.baseAddress else { return true }
        return memcmp(left, right, first.tensor.byteRange.count) == 0
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
    try checkInterruption()
    guard let place = places[name], let element = place.tensor.element, element.isFloat,
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
