/// Where everything stands in a safetensors file, for writing its tensors in any order and in pieces.
public struct SafetensorsLayout: Sendable {
  /// The bytes that the file begins with.
  public let header: [UInt8]
  /// The file's length in bytes.
  public let byteCount: Int

  private let offsets: [[UInt8]: Int]

  /// Lays tensors out one after the other, in the given order.
  /// - Throws: `SafetensorsError` where an entry breaks a limit or a name occurs twice.
  public init(
    _ entries: [SafetensorsWriter.Entry], metadata: [String: String] = [:]
  ) throws(SafetensorsError) {
    header = try SafetensorsWriter.header(of: entries, metadata: metadata)
    var offset = header.count
    var offsets: [[UInt8]: Int] = [:]
    for entry in entries {
      offsets[Array(entry.name.utf8)] = offset
      let bytes = try Safetensors.byteCount(of: entry.name, element: entry.element, shape: entry.shape)
      let (end, overflows) = offset.addingReportingOverflow(bytes)
      guard !overflows else { throw .overflow(tensor: entry.name) }
      offset = end
    }
    self.offsets = offsets
    byteCount = offset
  }

  /// Where a tensor's first byte stands in the file; nil where the layout has no such tensor.
  public func offset(of name: String) -> Int? { offsets[Array(name.utf8)] }
}
