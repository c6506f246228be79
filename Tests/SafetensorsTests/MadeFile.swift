import Safetensors

/// Gives a safetensors file with that header and so many bytes of data, whether right or wrong.
func makeFile(_ header: String, data: Int, length: UInt64? = nil) -> [UInt8] {
  let length = length ?? UInt64(header.utf8.count)
  let prefix = (0..<8).map { UInt8(truncatingIfNeeded: length >> (8 * UInt64($0))) }
  return prefix + Array(header.utf8) + (0..<data).map { UInt8(truncatingIfNeeded: $0) }
}

/// Gives the member of a header that describes one tensor.
func member(_ name: String, _ element: String, _ shape: String, _ begin: String, _ end: String) -> String {
  #""\#(name)":{"dtype":"\#(element)","shape":[\#(shape)],"data_offsets":[\#(begin),\#(end)]}"#
}

func parse(_ file: [UInt8]) throws(SafetensorsError) -> SafetensorsHeader {
  try file.withUnsafeBufferPointer { (bytes) throws(SafetensorsError) in
    try SafetensorsHeader(file: UnsafeRawBufferPointer(bytes))
  }
}
