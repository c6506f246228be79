internal import Glibc
internal import JSONText

/// Writes a safetensors file, one tensor after the other.
public enum SafetensorsWriter {
  /// A tensor to be written.
  public struct Entry: Equatable, Sendable {
    /// The name, different from all others.
    public var name: String
    /// The type of the elements.
    public var element: SafetensorsElement
    /// The size of each dimension, the slowest first.
    public var shape: [Int]

    /// Describes a tensor.
    public init(name: String, element: SafetensorsElement, shape: [Int]) {
      self.name = name
      self.element = element
      self.shape = shape
    }
  }

  /// Takes the next bytes of the tensor that is being written.
  public typealias Append = (UnsafeRawBufferPointer) throws -> Void

  /// Writes a whole file to a descriptor: the tensors in the given order, metadata sorted by name.
  ///
  /// The same arguments give the same bytes. The file is not synchronized, and is incomplete after an error.
  /// - Parameters:
  ///   - descriptor: a descriptor that can be written, at the place where the file begins.
  ///   - content: is called once for each entry, in order, and appends its bytes in any number of pieces.
  /// - Throws: `SafetensorsError`, or what `content` throws.
  public static func write(
    _ entries: [Entry], metadata: [String: String] = [:], to descriptor: Int32,
    content: (Entry, Append) throws -> Void
  ) throws {
    let header = try header(of: entries, metadata: metadata)
    try unsafe header.withUnsafeBytes { try unsafe writeAll($0, to: descriptor) }
    for entry in entries {
      let promised = try byteCount(of: entry.name, element: entry.element, shape: entry.shape)
      var written = 0
      func mismatch() -> SafetensorsError {
        .wroteOtherBytes(tensor: entry.name, promisedBytes: promised, writtenBytes: written)
      }
      try unsafe content(entry) { bytes in
        written += bytes.count
        guard written <= promised else { throw mismatch() }
        try unsafe writeAll(bytes, to: descriptor)
      }
      guard written == promised else { throw mismatch() }
    }
  }

  /// Gives the length and the text of the header, padded with spaces to a multiple of 8 bytes.
  /// - Throws: `SafetensorsError` where an entry breaks a limit or a name occurs twice.
  static func header(of entries: [Entry], metadata: [String: String]) throws(SafetensorsError) -> [UInt8] {
    guard entries.count <= SafetensorsLimits.tensors else {
      throw .tooManyTensors(limit: SafetensorsLimits.tensors)
    }
    var members = JSONObject()
    if !metadata.isEmpty {
      let sorted = metadata.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }
      members[metadataName] = .object(sorted.map { ($0.key, .string($0.value)) })
    }
    var offset = 0
    for entry in entries {
      try checkName(entry.name)
      guard entry.name != metadataName else { throw .reservedName(entry.name) }
      guard members[entry.name] == nil else { throw .duplicateName(entry.name) }
      let bytes = try byteCount(of: entry.name, element: entry.element, shape: entry.shape)
      let (end, overflows) = offset.addingReportingOverflow(bytes)
      guard !overflows else { throw .overflow(tensor: entry.name) }
      members[entry.name] = member(for: entry, begin: offset, end: end)
      offset = end
    }
    return try framed(JSONText.encode(.object(members)))
  }

  private static func member(for entry: Entry, begin: Int, end: Int) -> JSONValue {
    [
      "dtype": .string(entry.element.rawValue),
      "shape": .array(entry.shape.map { .integer(Int64($0)) }),
      "data_offsets": [.integer(Int64(begin)), .integer(Int64(end))],
    ]
  }

  private static func framed(_ text: String) throws(SafetensorsError) -> [UInt8] {
    var text = Array(text.utf8)
    while text.count % 8 != 0 { text.append(UInt8(ascii: " ")) }
    guard text.count <= SafetensorsLimits.headerBytes else {
      throw .headerTooLarge(bytes: UInt64(text.count), limit: SafetensorsLimits.headerBytes)
    }
    let length = (0..<8).map { UInt8(truncatingIfNeeded: text.count >> (8 * $0)) }
    return length + text
  }

  private static func writeAll(
    _ bytes: UnsafeRawBufferPointer, to descriptor: Int32
  ) throws(SafetensorsError) {
    var rest = unsafe bytes
    while rest.count > 0 {
      let written = unsafe Glibc.write(descriptor, rest.baseAddress, rest.count)
      if written < 0 {
        if errno == EINTR { continue }
        throw .notWritable(errno: errno)
      }
      unsafe rest = UnsafeRawBufferPointer(rebasing: rest[written...])
    }
  }
}
