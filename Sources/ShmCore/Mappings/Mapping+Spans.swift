/// Safe access to the mapped memory. A span cannot outlive the mapping, and cannot leave the scope that borrows it.
/// Each access is checked against the bounds of the span.
///
/// Other processes may change a shared mapping at any time, also while this process reads it. Use a span only if no
/// other process writes these bytes at that time, or if a torn or stale value is acceptable. Processes can synchronize
/// with a ``SharedCounter``. If another process makes the region smaller, an access beyond the new end raises SIGBUS.
extension Mapping {
  /// The mapped bytes, for loads.
  ///
  /// ```swift
  /// let region = try Region.open(RegionReference("cache"), access: .readOnly)
  /// let mapping = try Mapping(of: region, protection: .readOnly)
  /// print(mapping.bytes.byteCount)
  /// ```
  ///
  /// - Complexity: constant. A load may fault a page in. Beyond the end of a region that was made smaller it raises
  ///   SIGBUS.
  public var bytes: RawSpan {
    @_lifetime(borrow self)
    get {
      // The pages stay mapped as long as the mapping, which the span borrows.
      let all = unsafe UnsafeRawBufferPointer(rebasing: pages.buffer[..<range.count])
      return unsafe _overrideLifetime(RawSpan(_unsafeBytes: all), borrowing: self)
    }
  }

  /// The mapped bytes, for loads and stores; nil if the mapping is read-only. The compiler forbids other access through
  /// this mapping while the span exists.
  ///
  /// ```swift
  /// let region = try Region.open(RegionReference("cache"))
  /// var mapping = try Mapping(of: region)
  /// if var bytes = mapping.mutableBytes {
  ///   bytes.storeBytes(of: 42, toByteOffset: 0, as: UInt64.self)
  /// }
  /// ```
  public var mutableBytes: MutableRawSpan? {
    @_lifetime(&self)
    mutating get {
      guard protection == .readWrite else { return nil }
      let all = unsafe UnsafeMutableRawBufferPointer(rebasing: pages.buffer[..<range.count])
      return unsafe _overrideLifetime(MutableRawSpan(_unsafeBytes: all), mutating: &self)
    }
  }

  /// Calls a closure with the mapped bytes, for loads.
  ///
  /// - Parameter body: the closure.
  /// - Returns: the result of the closure.
  /// - Throws: the error of the closure.
  public func withBytes<Result: ~Copyable, Failure: Error>(
    _ body: (RawSpan) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    try body(bytes)
  }

  /// Values of one type in the mapped memory, for loads.
  ///
  /// ```swift
  /// let region = try Region.open(RegionReference("samples"), access: .readOnly)
  /// let mapping = try Mapping(of: region, protection: .readOnly)
  /// let samples = try mapping.elements(of: Double.self, at: 64)
  /// var sum = 0.0
  /// for index in samples.indices { sum += samples[index] }
  /// print(sum)
  /// ```
  ///
  /// - Parameters:
  ///   - type: the type of the values.
  ///   - offset: the first byte in the mapping, a multiple of the alignment of the type.
  ///   - count: the number of values; nil for as many as the rest of the mapping holds.
  /// - Returns: the values in place.
  /// - Throws: `ShmError` of kind `usage` if the values are not aligned or exceed the mapping.
  @_lifetime(borrow self)
  public func elements<Element: SharedValue>(
    of type: Element.Type = Element.self, at offset: Int = 0, count: Int? = nil
  ) throws(ShmError) -> Span<Element> {
    let count = try checkedCount(of: type, at: offset, count)
    // Checked: the values lie within the pages, and are aligned.
    let start = unsafe pointer(to: type, at: offset)
    return unsafe _overrideLifetime(
      Span(_unsafeStart: UnsafePointer(start), count: count), borrowing: self)
  }

  /// Values of one type in the mapped memory, for loads and stores.
  ///
  /// ```swift
  /// let region = try Region.create(RegionReference("samples"), size: 1 << 20)
  /// var mapping = try Mapping(of: region)
  /// var samples = try mapping.mutableElements(of: Double.self, at: 64)
  /// for index in samples.indices { samples[index] = 0.5 }
  /// ```
  ///
  /// - Parameters:
  ///   - type: the type of the values.
  ///   - offset: the first byte in the mapping, a multiple of the alignment of the type.
  ///   - count: the number of values; nil for as many as the rest of the mapping holds.
  /// - Returns: the values in place.
  /// - Throws: `ShmError`: `usage` if the values are not aligned or exceed the mapping, `notPermitted` if the mapping
  ///   is read-only.
  @_lifetime(&self)
  public mutating func mutableElements<Element: SharedValue>(
    of type: Element.Type = Element.self, at offset: Int = 0, count: Int? = nil
  ) throws(ShmError) -> MutableSpan<Element> {
    try requireWritable("cannot write \(subject)")
    let count = try checkedCount(of: type, at: offset, count)
    // Checked: the values lie within the pages, and are aligned.
    let start = unsafe pointer(to: type, at: offset)
    return unsafe _overrideLifetime(
      MutableSpan(_unsafeStart: start, count: count), mutating: &self)
  }

  /// The memory at an offset that was checked.
  func pointer<Value: ~Copyable>(
    to type: Value.Type, at offset: Int
  ) -> UnsafeMutablePointer<Value> {
    unsafe pages.start.advanced(by: offset).assumingMemoryBound(to: type)
  }

  /// Throws unless stores are allowed.
  func requireWritable(_ attempt: @autoclosure () -> String) throws(ShmError) {
    guard protection == .readWrite else {
      throw ShmError(.notPermitted, attempt(), "the mapping is read-only")
    }
  }

  /// The number of values from an offset on, within the mapping and aligned.
  func checkedCount<Value>(
    of type: Value.Type, at offset: Int, _ wanted: Int?
  ) throws(ShmError) -> Int {
    let (size, alignment) = (MemoryLayout<Value>.stride, MemoryLayout<Value>.alignment)
    func refusal(_ reason: String) -> ShmError {
      ShmError(.usage, "cannot access values of \(size) bytes in \(subject)", reason)
    }
    guard offset >= 0, offset <= count else {
      throw refusal("offset \(offset) is not within the \(count) bytes of the mapping")
    }
    // The pages are aligned to more than any type.
    guard offset % alignment == 0 else {
      throw refusal("offset \(offset) is not a multiple of the alignment, \(alignment) bytes")
    }
    let room = (count - offset) / size
    guard let wanted else { return room }
    guard wanted >= 0, wanted <= room else {
      throw refusal("only \(room) values fit at offset \(offset), but \(wanted) were requested")
    }
    return wanted
  }
}
