/// What is wrong with a file that torch saved, or cannot be read from it.
public enum PickledTensorsError: Error, Equatable, Sendable {
  /// The file could not be opened, examined or mapped, for the reason of an `errno`.
  case notReadable(errno: Int32)
  /// The path names something else than a file.
  case notAFile
  /// The file is of the kind that torch wrote before version 1.6.
  case legacyFormat
  /// The file is no zip archive.
  case notAnArchive
  /// A record of the archive at this byte is cut short, or contradicts another.
  case badArchive(ArchiveRecord, offset: Int)
  /// There are more entries than the limit.
  case tooManyEntries(count: UInt64, limit: Int)
  /// An entry is compressed or encrypted; torch stores entries as they are.
  case notStored(entry: String)
  /// Two entries have one name.
  case duplicateEntry(String)
  /// Two entries share bytes.
  case overlappingEntries(String, String)
  /// An entry belongs to nothing that holds tensors.
  case strayEntry(String)
  /// An entry is missing.
  case missingEntry(String)
  /// The bytes of an entry do not have the checksum that the archive gives.
  case wrongChecksum(entry: String)
  /// Numbers are not stored with the least significant byte first.
  case byteOrder(String)
  /// The pickle stream is longer than the limit.
  case pickleTooLong(bytes: Int, limit: Int)
  /// The pickle stream ends inside an instruction, or has no end.
  case truncatedPickle
  /// The pickle stream asks for a function or class that no tensor needs; it was not called.
  case forbiddenGlobal(String, offset: Int)
  /// The pickle stream has an instruction that torch does not write for tensors.
  case unknownInstruction(UInt8, offset: Int)
  /// The pickle stream is not the description of tensors at this byte.
  case badPickle(PickleFault, offset: Int)
  /// The file holds something else than named tensors.
  case notTensors(name: String)
  /// A tensor's name is longer than the limit, or empty.
  case badName(beginning: String, bytes: Int)
  /// A name is given to two tensors.
  case duplicateName(String)
  /// A tensor has more dimensions than the limit, or a negative one, or more elements than 64 bits count.
  case badShape(tensor: String, shape: [Int])
  /// A tensor's elements do not follow each other.
  case notContiguous(tensor: String, shape: [Int], strides: [Int])
  /// A storage and the entry that holds it have different lengths.
  case storageLength(entry: String, promisedBytes: Int, heldBytes: Int)
  /// A tensor reaches beyond its storage.
  case beyondStorage(tensor: String, entry: String)
}

/// The records of an archive that a `PickledTensorsError` can name.
public enum ArchiveRecord: String, Sendable {
  /// The record at the end.
  case end = "end record"
  /// The same with 64 bits.
  case end64 = "end record of 64 bits"
  /// The place of the record of 64 bits.
  case locator = "locator of the end record"
  /// An entry of the directory.
  case directory = "directory entry"
  /// The header in front of an entry's bytes.
  case header = "entry header"
}

/// In what way a pickle stream does not describe tensors.
public enum PickleFault: String, Sendable {
  /// The stream is not of protocol 2.
  case protocolVersion = "the stream is not of protocol 2"
  /// An instruction needs more values than there are.
  case missingValue = "a value is missing"
  /// A value is of another kind than its place needs.
  case wrongKind = "a value is of the wrong kind"
  /// Values are not remembered one after the other, or one that was not remembered is recalled.
  case memory = "the memory is not in order"
  /// There are too many values at once.
  case tooManyValues = "there are too many values at once"
  /// A text is not UTF-8.
  case text = "a text is not UTF-8"
  /// A number has more than 64 bits.
  case number = "a number has more than 64 bits"
  /// A function is called with other arguments than torch gives it.
  case arguments = "a function is called with unknown arguments"
  /// The stream goes on after its end, or ends with more than one value.
  case end = "the stream does not end with one value"
}
