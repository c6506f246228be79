internal import JSONText

/// The checked header of a safetensors file.
package struct SafetensorsHeader {
  /// The tensors in the order of their bytes; they fill the file from the header to its end.
  package let tensors: [SafetensorsTensor]
  /// The metadata by name.
  package let metadata: [String: String]

  /// Reads the header of a whole file.
  /// - Throws: `SafetensorsError` unless everything is as the format demands.
  package init(file: UnsafeRawBufferPointer) throws(SafetensorsError) {
    let dataStart = try unsafe Self.dataStart(of: file)
    let text = unsafe UnsafeRawBufferPointer(rebasing: file[Self.prefixBytes..<dataStart])
    var (tensors, metadata) = ([SafetensorsTensor](), [String: String]())
    var members = try unsafe HeaderMembers(text)
    while let (name, cursor) = try members.next() {
      if name == metadataName {
        metadata = try Self.metadata(cursor)
      } else {
        guard tensors.count < SafetensorsLimits.tensors else {
          throw .tooManyTensors(limit: SafetensorsLimits.tensors)
        }
        tensors.append(try SafetensorsTensor(name: name, cursor, dataStart: dataStart))
      }
    }
    self.metadata = metadata
    self.tensors = try Self.ordered(tensors, from: dataStart, to: file.count)
  }

  /// The header's length stands in front of it, in so many bytes.
  static let prefixBytes = 8

  private static func dataStart(of file: UnsafeRawBufferPointer) throws(SafetensorsError) -> Int {
    guard file.count >= prefixBytes else {
      throw .truncated(promisedBytes: prefixBytes, heldBytes: file.count)
    }
    let length = UInt64(littleEndian: unsafe file.loadUnaligned(as: UInt64.self))
    guard length <= UInt64(SafetensorsLimits.headerBytes) else {
      throw .headerTooLarge(bytes: length, limit: SafetensorsLimits.headerBytes)
    }
    let dataStart = prefixBytes + Int(length)
    guard dataStart <= file.count else { throw .truncated(promisedBytes: dataStart, heldBytes: file.count) }
    return dataStart
  }

  private static func metadata(_ entry: JSONCursor) throws(SafetensorsError) -> [String: String] {
    var metadata: [String: String] = [:]
    do throws(JSONError) {
      for (name, cursor) in try entry.members() { metadata[name] = try cursor.string() }
    } catch { throw .headerJSON(error) }
    return metadata
  }

  /// Orders the tensors by their bytes, and refuses overlaps, holes and bytes beyond.
  private static func ordered(
    _ tensors: [SafetensorsTensor], from dataStart: Int, to fileEnd: Int
  ) throws(SafetensorsError) -> [SafetensorsTensor] {
    let places = tensors.indices.sorted { left, right in
      let (a, b) = (tensors[left].byteRange, tensors[right].byteRange)
      return (a.lowerBound, a.upperBound, left) < (b.lowerBound, b.upperBound, right)
    }
    var end = dataStart
    var previous = ""
    for place in places {
      let tensor = tensors[place]
      let gap = tensor.byteRange.lowerBound - end
      if gap > 0 { throw .hole(tensor: tensor.name, bytes: gap) }
      if gap < 0 { throw .overlap(tensor: tensor.name, previous: previous, bytes: -gap) }
      end = tensor.byteRange.upperBound
      previous = tensor.name
    }
    guard end <= fileEnd else { throw .truncated(promisedBytes: end, heldBytes: fileEnd) }
    guard end == fileEnd else { throw .trailingBytes(count: fileEnd - end) }
    return places.map { tensors[$0] }
  }
}

/// The members of a header, one after the other: all of them as one value could take gigabytes.
private struct HeaderMembers {
  /// Members and elements within one member of the header: metadata have most.
  private static let mostInside = 100_000

  private var reader: JSONMemberReader

  init(_ text: UnsafeRawBufferPointer) throws(SafetensorsError) {
    do throws(JSONError) {
      guard unsafe text.first == UInt8(ascii: "{") else {
        throw JSONError(message: "expected { as the first byte", path: "$")
      }
      let limits = JSONLimits(
        maxMembers: Self.mostInside, maxObjects: 16, maxBytes: SafetensorsLimits.headerBytes)
      reader = try unsafe JSONMemberReader(text, limits: limits)
    } catch { throw .headerJSON(error) }
  }

  mutating func next() throws(SafetensorsError) -> (name: String, cursor: JSONCursor)? {
    do throws(JSONError) {
      return try reader.next()
    } catch { throw .headerJSON(error) }
  }
}

extension SafetensorsTensor {
  /// Reads one member of the header; its offsets count from `dataStart`.
  fileprivate init(name: String, _ entry: JSONCursor, dataStart: Int) throws(SafetensorsError) {
    try checkName(name)
    let elementName: String
    let shape: [Int]
    let offsets: [Int]
    do throws(JSONError) {
      elementName = try entry["dtype"].string()
      shape = try Self.integers(entry["shape"])
      offsets = try Self.integers(entry["data_offsets"])
      guard offsets.count == 2 else {
        throw try entry["data_offsets"].error("expected two offsets, found \(offsets.count)")
      }
    } catch { throw .headerJSON(error) }
    guard let element = SafetensorsElement(rawValue: elementName) else {
      throw .unknownElementType(tensor: name, element: elementName)
    }
    let (begin, end) = (offsets[0], offsets[1])
    guard 0 <= begin, begin <= end else { throw .badOffsets(tensor: name, begin: begin, end: end) }
    let promised = try byteCount(of: name, element: element, shape: shape)
    guard promised == end - begin else {
      throw .shapeMismatch(tensor: name, promisedBytes: promised, heldBytes: end - begin)
    }
    let (absoluteEnd, overflows) = end.addingReportingOverflow(dataStart)
    guard !overflows else { throw .overflow(tensor: name) }
    self.init(name: name, element: element, shape: shape, byteRange: begin + dataStart..<absoluteEnd)
  }

  private static func integers(_ cursor: JSONCursor) throws(JSONError) -> [Int] {
    var integers: [Int] = []
    for element in try cursor.array() { integers.append(try element.int()) }
    return integers
  }
}
