import Glibc

/// A file that exists for as long as a closure runs.
@discardableResult
func withTemporaryFile<R>(_ body: (_ path: String, _ descriptor: Int32) throws -> R) rethrows -> R {
  var template = Array("safetensors-XXXXXX".utf8CString)
  let descriptor = mkstemp(&template)
  precondition(descriptor >= 0, "no temporary file can be made in the working directory")
  let path = String(decoding: template.dropLast().map { UInt8(truncatingIfNeeded: $0) }, as: UTF8.self)
  defer {
    close(descriptor)
    unlink(path)
  }
  return try body(path, descriptor)
}

func readFile(_ path: String) -> [UInt8] {
  let descriptor = open(path, O_RDONLY)
  defer { close(descriptor) }
  var bytes = [UInt8](repeating: 0, count: Int(lseek(descriptor, 0, SEEK_END)))
  let count = bytes.withUnsafeMutableBytes { pread(descriptor, $0.baseAddress, $0.count, 0) }
  precondition(count == bytes.count, "\(path) cannot be read")
  return bytes
}

/// The path of a file of `Fixtures`.
func fixture(_ name: String, file: String = #filePath) -> String {
  file[..<(file.lastIndex(of: "/") ?? file.startIndex)] + "/Fixtures/" + name
}
