internal import Glibc

extension PickledTensorsError: CustomStringConvertible {
  /// One sentence that says what is wrong.
  public var description: String {
    switch self {
    case .notReadable(let code): "the file cannot be read: \(Self.reason(code))"
    case .notAFile: "this is not a regular file"
    case .legacyFormat: "the file is of the kind that torch wrote before version 1.6"
    case .notAnArchive: "this is not a zip archive as torch writes it"
    case .badArchive(let record, let offset):
      "the archive's \(record.rawValue) at byte \(offset) is damaged"
    case .tooManyEntries(let count, let limit): "the archive has \(count) entries, more than \(limit)"
    case .notStored(let entry): "entry '\(entry)' is compressed or encrypted"
    case .duplicateEntry(let entry): "two entries are named '\(entry)'"
    case .overlappingEntries(let first, let second): "entries '\(first)' and '\(second)' share bytes"
    case .strayEntry(let entry): "entry '\(entry)' is nothing that holds tensors"
    case .missingEntry(let entry): "entry '\(entry)' is missing"
    case .wrongChecksum(let entry): "the checksum of entry '\(entry)' is wrong"
    case .byteOrder(let order): "the byte order is '\(order)'; only 'little' can be read"
    default: pickleDescription
    }
  }

  /// The sentences about the pickle stream and the tensors.
  private var pickleDescription: String {
    switch self {
    case .pickleTooLong(let bytes, let limit): "the pickle stream has \(bytes) bytes, more than \(limit)"
    case .truncatedPickle: "the pickle stream is cut short"
    case .forbiddenGlobal(let name, let offset):
      "the pickle stream asks for '\(name)' at byte \(offset), which no tensor needs; it was not called"
    case .unknownInstruction(let code, let offset):
      "the pickle stream has instruction \(code) at byte \(offset), which no tensor needs"
    case .badPickle(let fault, let offset):
      "the pickle stream is malformed at byte \(offset): \(fault.rawValue)"
    case .notTensors(let name): "'\(name)' is no tensor"
    case .badName(let beginning, let bytes):
      "the tensor name that begins with '\(beginning)' has \(bytes) bytes"
    case .duplicateName(let name): "two tensors are named '\(name)'"
    case .badShape(let tensor, let shape): "tensor '\(tensor)' cannot have the shape \(shape)"
    case .notContiguous(let tensor, let shape, let strides):
      "tensor '\(tensor)' of shape \(shape) has the strides \(strides); its elements must follow each other"
    case .storageLength(let entry, let promised, let held):
      "entry '\(entry)' holds \(held) bytes, and the pickle stream says \(promised)"
    case .beyondStorage(let tensor, let entry): "tensor '\(tensor)' reaches beyond entry '\(entry)'"
    default: "the file is malformed"
    }
  }

  /// What the user can do about it.
  public var hint: String {
    switch self {
    case .legacyFormat, .byteOrder, .notContiguous, .notStored:
      "load the file in torch and save it anew, or convert it to safetensors"
    case .forbiddenGlobal, .unknownInstruction, .notTensors, .strayEntry:
      "save nothing but a dictionary of tensors by name, or convert it to safetensors"
    case .notReadable, .notAFile: "name a file that can be read"
    default: "download the file again"
    }
  }

  private static func reason(_ code: Int32) -> String {
    guard let text = unsafe strerror(code) else { return "errno \(code)" }
    return unsafe String(cString: text)
  }
}
