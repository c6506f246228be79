internal import Glibc
internal import JSONText

extension SafetensorsError: CustomStringConvertible {
  /// One sentence that says what is wrong.
  public var description: String {
    switch self {
    case .notReadable(let code): "the file cannot be read: \(Self.reason(code))"
    case .notAFile: "this is not a regular file"
    case .truncated(let promised, let held):
      "the file is cut short: it promises \(promised) bytes and holds \(held)"
    case .trailingBytes(let count): "the last \(count) bytes of the file belong to no tensor"
    case .headerTooLarge(let bytes, let limit): "the header has \(bytes) bytes, more than \(limit)"
    case .headerJSON(let error): "the header is malformed: \(error)"
    case .tooManyTensors(let limit): "the file has more than \(limit) tensors"
    case .nameTooLong(let beginning, let bytes, let limit):
      "the tensor name that begins with \(quoted(beginning)) has \(bytes) bytes, more than \(limit)"
    case .duplicateName(let name): "two tensors are named \(quoted(name))"
    case .reservedName(let name): "no tensor can be named \(quoted(name))"
    default: tensorDescription
    }
  }

  /// The sentences about one tensor.
  private var tensorDescription: String {
    switch self {
    case .unknownElementType(let name, let element):
      "tensor \(quoted(name)) has the unknown element type \(quoted(element))"
    case .rankTooHigh(let name, let rank, let limit):
      "tensor \(quoted(name)) has \(rank) dimensions, more than \(limit)"
    case .negativeDimension(let name, let dimension):
      "tensor \(quoted(name)) has a dimension of \(dimension)"
    case .overflow(let name): "the size of tensor \(quoted(name)) is beyond 64 bits"
    case .badOffsets(let name, let begin, let end):
      "tensor \(quoted(name)) has the offsets \(begin) and \(end), which do not ascend from 0"
    case .shapeMismatch(let name, let promised, let held):
      "the shape of tensor \(quoted(name)) needs \(promised) bytes, its offsets hold \(held)"
    case .overlap(let name, let previous, let bytes):
      "tensors \(quoted(previous)) and \(quoted(name)) share \(bytes) bytes"
    case .hole(let name, let bytes): "\(bytes) bytes before tensor \(quoted(name)) belong to no tensor"
    case .wroteOtherBytes(let name, let promised, let written):
      "tensor \(quoted(name)) needs \(promised) bytes and was given \(written)"
    case .notWritable(let code): "the file cannot be written: \(Self.reason(code))"
    default: "the file is malformed"
    }
  }

  private static func reason(_ code: Int32) -> String {
    guard let text = unsafe strerror(code) else { return "errno \(code)" }
    return unsafe String(cString: text)
  }

  private func quoted(_ text: String) -> String { JSONText.encode(.string(text)) }
}
