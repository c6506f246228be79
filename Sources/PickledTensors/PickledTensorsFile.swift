internal import Files
internal import Glibc

/// A file of tensors that torch saved (`pytorch_model.bin`), mapped into memory and checked as a whole.
///
/// It is a zip archive of one folder: a pickle stream that describes the tensors, and an entry for each storage. The
/// stream is read, never executed. The mapping is read-only and lasts as long as the object.
@safe public final class PickledTensorsFile: Sendable {
  /// The path that was given.
  public let path: String
  /// The tensors in the order of the stream.
  public let tensors: [PickledTensor]

  private let file: MappedFile
  /// The storages' entries, in the order of their bytes.
  private let storages: [ZipArchive.Entry]

  /// Maps a file and reads what it says of its tensors.
  /// - Throws: `PickledTensorsError` where the file cannot be read or is anything but a dictionary of tensors.
  public init(path: String) throws(PickledTensorsError) {
    do {
      file = try MappedFile(path)
    } catch {
      switch error {
      case .notReadable(let code): throw .notReadable(errno: code)
      case .notAFile: throw .notAFile
      }
    }
    self.path = path
    let bytes = unsafe ByteView(file.bytes)
    let content = try ArchiveContent(bytes)
    storages = content.storages
    tensors = try content.tensors(of: bytes)
  }

  /// The length of the file in bytes.
  public var byteCount: Int { unsafe file.bytes.count }

  /// Lends the bytes of one of this file's tensors.
  ///
  /// They may have any alignment, and live no longer than the call.
  public func withBytes<Result, Failure>(
    of tensor: PickledTensor, _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    precondition(tensor.byteRange.upperBound <= byteCount, "a tensor of another file")
    return try unsafe body(UnsafeRawBufferPointer(rebasing: file.bytes[tensor.byteRange]))
  }

  /// Compares the bytes of all storages with their checksums.
  /// - Parameter shouldStop: asked before each storage; those that are left are not compared where it says yes.
  /// - Throws: `PickledTensorsError.wrongChecksum` of the first that differs.
  /// - Complexity: reads the whole file.
  public func checkStorages(shouldStop: () -> Bool = { false }) throws(PickledTensorsError) {
    let bytes = unsafe ByteView(file.bytes)
    for entry in storages where !shouldStop() { try entry.check(bytes) }
  }
}

extension ZipArchive.Entry {
  /// Compares the entry's bytes with its checksum.
  fileprivate func check(_ file: ByteView) throws(PickledTensorsError) {
    guard file.slice(from: byteRange.lowerBound, count: byteRange.count)?.checksum == checksum else {
      throw .wrongChecksum(entry: name)
    }
  }
}

/// The entries of an archive by what they are.
private struct ArchiveContent {
  /// The entry of each storage, in the order of their bytes.
  let storages: [ZipArchive.Entry]
  private let stream: ZipArchive.Entry
  private let folder: String

  init(_ file: ByteView) throws(PickledTensorsError) {
    let archive = try ZipArchive(file)
    guard let folder = Self.folder(of: archive) else { throw .missingEntry("data.pkl") }
    var storages: [ZipArchive.Entry] = []
    var stream: ZipArchive.Entry?
    for entry in archive.entries {
      guard entry.name.utf8.starts(with: "\(folder)/".utf8) else { throw .strayEntry(entry.name) }
      let name = String(decoding: entry.name.utf8.dropFirst(folder.utf8.count + 1), as: UTF8.self)
      switch name {
      case "data.pkl": stream = entry
      case "byteorder": try Self.checkOrder(entry, file)
      case "version", ".format_version", ".storage_alignment", ".data/serialization_id": break
      default:
        guard name.utf8.starts(with: "data/".utf8) else { throw .strayEntry(entry.name) }
        storages.append(entry)
      }
    }
    guard let stream else { throw .missingEntry("\(folder)/data.pkl") }
    self.storages = storages
    self.stream = stream
    self.folder = folder
  }

  /// The folder that all entries lie in: that of the first.
  private static func folder(of archive: ZipArchive) -> String? {
    archive.entries.first.flatMap {
      $0.name.utf8.firstIndex(of: UInt8(ascii: "/")).map { [name = $0.name] in
        String(name[..<$0])
      }
    }
  }

  private static func checkOrder(_ entry: ZipArchive.Entry, _ file: ByteView) throws(PickledTensorsError) {
    try entry.check(file)
    let text = file.slice(from: entry.byteRange.lowerBound, count: min(entry.byteRange.count, 16))?.text
    guard text == "little" else { throw .byteOrder(text ?? "unknown") }
  }

  /// Reads the stream and finds the bytes of its tensors.
  func tensors(of file: ByteView) throws(PickledTensorsError) -> [PickledTensor] {
    let limit = PickledTensorsLimits.pickleBytes
    guard stream.byteRange.count <= limit else {
      throw .pickleTooLong(bytes: stream.byteRange.count, limit: limit)
    }
    try stream.check(file)
    guard let bytes = file.slice(from: stream.byteRange.lowerBound, count: stream.byteRange.count) else {
      throw .truncatedPickle
    }
    var machine = PickleMachine(bytes)
    let content = try machine.run()
    let members = machine.dictionaries[content]
    let places = Dictionary(storages.map { (Array($0.name.utf8), $0) }) { first, _ in first }
    var names: Set<[UInt8]> = []
    var tensors: [PickledTensor] = []
    for (name, value) in members {
      try Self.check(name)
      guard case .tensor(let index) = value else { throw .notTensors(name: name) }
      guard names.insert(Array(name.utf8)).inserted else { throw .duplicateName(name) }
      let tensor = machine.tensors[index]
      let storage = machine.storages[tensor.storage]
      let entryName = "\(folder)/data/\(storage.key)"
      guard let entry = places[Array(entryName.utf8)] else { throw .missingEntry(entryName) }
      tensors.append(try PickledTensor(name: name, tensor, storage, entry))
    }
    return tensors
  }

  private static func check(_ name: String) throws(PickledTensorsError) {
    guard (1...PickledTensorsLimits.nameBytes).contains(name.utf8.count) else {
      throw .badName(beginning: String(name.unicodeScalars.prefix(64)), bytes: name.utf8.count)
    }
  }
}

extension PickledTensor {
  /// Finds a tensor's bytes in the entry of its storage.
  fileprivate init(
    name: String, _ tensor: PickleTensor, _ storage: PickleStorage, _ entry: ZipArchive.Entry
  ) throws(PickledTensorsError) {
    let (promised, overflows) = storage.count.multipliedReportingOverflow(by: storage.element.byteWidth)
    guard !overflows, promised == entry.byteRange.count else {
      throw .storageLength(
        entry: entry.name, promisedBytes: overflows ? .max : promised, heldBytes: entry.byteRange.count)
    }
    let count = try Self.elementCount(name, tensor)
    guard tensor.offset >= 0, tensor.offset <= storage.count, storage.count - tensor.offset >= count else {
      throw .beyondStorage(tensor: name, entry: entry.name)
    }
    let start = entry.byteRange.lowerBound + tensor.offset * storage.element.byteWidth
    self.init(
      name: name, element: storage.element, shape: tensor.shape,
      byteRange: start..<start + count * storage.element.byteWidth)
  }

  /// The number of elements of a tensor whose elements follow each other.
  private static func elementCount(_ name: String, _ tensor: PickleTensor) throws(PickledTensorsError) -> Int
  {
    guard tensor.shape.count <= PickledTensorsLimits.rank, tensor.shape.allSatisfy({ $0 >= 0 }) else {
      throw .badShape(tensor: name, shape: tensor.shape)
    }
    var count = 1
    var isContiguous = tensor.strides.count == tensor.shape.count
    for (place, size) in tensor.shape.enumerated().reversed() {
      // The stride of a dimension of one element says nothing.
      if isContiguous, size > 1, tensor.strides[place] != count { isContiguous = false }
      let (product, overflows) = count.multipliedReportingOverflow(by: size)
      guard !overflows else { throw .badShape(tensor: name, shape: tensor.shape) }
      count = product
    }
    guard isContiguous || count == 0 else {
      throw .notContiguous(tensor: name, shape: tensor.shape, strides: tensor.strides)
    }
    return count
  }
}
