public import JSONText

/// What is wrong with a safetensors file, or with what is to become one.
public enum SafetensorsError: Error, Equatable, Sendable {
  /// The file could not be opened, examined or mapped, for the reason of an `errno`.
  case notReadable(errno: Int32)
  /// The path names something else than a file.
  case notAFile
  /// The file holds fewer bytes than it promises.
  case truncated(promisedBytes: Int, heldBytes: Int)
  /// The file holds bytes that belong to no tensor.
  case trailingBytes(count: Int)
  /// The header is longer than the limit.
  case headerTooLarge(bytes: UInt64, limit: Int)
  /// The header is no JSON of the right form.
  case headerJSON(JSONError)
  /// There are more tensors than the limit.
  case tooManyTensors(limit: Int)
  /// A tensor's name is longer than the limit; the name is given in part.
  case nameTooLong(beginning: String, bytes: Int, limit: Int)
  /// A name is given to two tensors.
  case duplicateName(String)
  /// A name is reserved for metadata.
  case reservedName(String)
  /// A tensor has an element type that is not known.
  case unknownElementType(tensor: String, element: String)
  /// A tensor has more dimensions than the limit.
  case rankTooHigh(tensor: String, rank: Int, limit: Int)
  /// A dimension of a tensor is negative.
  case negativeDimension(tensor: String, dimension: Int)
  /// The size of a tensor, or an offset, is beyond 64 bits.
  case overflow(tensor: String)
  /// A tensor's offsets do not ascend from zero.
  case badOffsets(tensor: String, begin: Int, end: Int)
  /// A tensor's shape and type need other bytes than its offsets hold.
  case shapeMismatch(tensor: String, promisedBytes: Int, heldBytes: Int)
  /// A tensor begins before the one before it ends.
  case overlap(tensor: String, previous: String, bytes: Int)
  /// A tensor begins later than the one before it ends.
  case hole(tensor: String, bytes: Int)
  /// A tensor was given other bytes to write than its shape and type need.
  case wroteOtherBytes(tensor: String, promisedBytes: Int, writtenBytes: Int)
  /// Writing failed for the reason of an `errno`.
  case notWritable(errno: Int32)
}
