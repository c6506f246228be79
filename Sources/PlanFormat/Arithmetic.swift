/// The smallest multiple of `step` that is not below `value`; `value` is far from the type's end.
func roundedUp(_ value: UInt64, to step: UInt64) -> UInt64 {
  (value + step - 1) / step * step
}

/// The product, or nil when it passes 2^64.
func product(_ first: UInt64, _ second: UInt64, _ third: UInt64 = 1) -> UInt64? {
  let (pair, overflow) = first.multipliedReportingOverflow(by: second)
  let (result, laterOverflow) = pair.multipliedReportingOverflow(by: third)
  return overflow || laterOverflow ? nil : result
}

/// The sum rounded up to `step`, or nil when it passes 2^64.
func sum(_ left: UInt64, _ right: UInt64, roundedUpTo step: UInt64 = 1) -> UInt64? {
  let (total, overflow) = left.addingReportingOverflow(right)
  let (padded, paddedOverflow) = total.addingReportingOverflow(step - 1)
  return overflow || paddedOverflow ? nil : padded / step * step
}
